/* difflogic~ plays a network of logic gates in Pure Data.
 *
 * Pd runs messages and sound in one thread. Commands therefore act between two blocks, and
 * the perform routine neither allocates nor waits. Files are read in a thread of the library. */

#include <stdlib.h>

#include "gatebend.h"
#include "patch.h"

/* Milliseconds between two looks at a file that is being read. */
#define POLL 2

/* Most signals: two channels and time in; two channels and nodes out. */
#define MOST_SIGNALS (5 + GB_MAX_NODES)

/* Files that are read in the background, one after another. */
typedef struct {
    gb_loading *loading; /* the one that is being read, or NULL */
    t_symbol *next;      /* the one to read after it, or NULL */
} t_reading;

typedef struct difflogic {
    t_object object;
    t_float unused; /* where Pd keeps the number of the left inlet without a signal */
    t_canvas *canvas;
    t_outlet *info;

    /* Inlets and outlets, which never change: channels heard, channels played, nodes, and
     * whether there is an inlet for time. The left inlet has a signal even if none is heard. */
    uint32_t ins, outs, nodes;
    bool timed;

    gb_player *player;    /* NULL before the first network */
    gb_network *network;  /* the one that was opened last, or NULL */
    gb_network *prepared; /* the one that `swap` plays, or NULL */

    /* Files to prepare, and files to play. */
    t_reading readings[2];
    t_clock *clock;

    /* Rate and block of Pd, and those that the player was made for. */
    uint32_t rate, block, made_rate, made_block;
    bool sounds;

    /* The library's block, in memory of its own: Pd's inputs and outputs share theirs. */
    gb_block sound;
    float *memory;
    uint32_t *time;
    uint32_t capacity;
    float *ins_of[2];
    float *nodes_of[GB_MAX_NODES];
    t_sample *signals[MOST_SIGNALS];
} t_difflogic;

static t_class *difflogic_class;

/* ---- Answers ---- */

/* Says what is wrong on the console only, as where the graph is built. */
static void complain(t_difflogic *x, const char *reason)
{
    pd_error(x, "difflogic~: %s", reason);
}

static void refuse(t_difflogic *x, const char *reason)
{
    complain(x, reason);
    answer(x->info, "refused", reason);
}

/* Says why a call of the library was refused, if it was. */
static void check(t_difflogic *x, bool done, const gb_error *error)
{
    if (!done)
        refuse(x, error->text);
}

/* Returns whether there is a player, or refuses the message. */
static bool has_player(t_difflogic *x)
{
    if (!x->player)
        refuse(x, "no network is open; send the message 'open FILE' first");
    return x->player;
}

/* ---- Playing ---- */

static void command(t_difflogic *x, const char *line)
{
    gb_error error;
    if (has_player(x))
        check(x, gb_player_command(x->player, line, &error), &error);
}

static bool seek(t_difflogic *x, uint32_t time, gb_error *error)
{
    char line[64];
    snprintf(line, sizeof line, "seek %u", (unsigned)time);
    return gb_player_command(x->player, line, error);
}

/* Makes the player of the first network. */
static bool make_player(t_difflogic *x, const gb_network *network, gb_error *error)
{
    gb_options options = {.rate = x->rate, .block = x->block, .nodes = x->nodes};
    gb_player *player = gb_player_new(network, &options, error);
    if (!player)
        return false;
    if (x->timed && !gb_player_follow_time(player, true, error)) {
        gb_player_free(player);
        return false;
    }
    x->player = player;
    x->made_rate = x->rate;
    x->made_block = x->block;
    x->sounds = true;
    return true;
}

/* Fits the player to Pd's rate and blocks. Its time goes on. */
static bool fit_player(t_difflogic *x, gb_error *error)
{
    x->sounds = x->rate == x->made_rate && x->block <= x->made_block;
    if (x->sounds)
        return true;
    uint32_t time = gb_player_time(x->player);
    if (!gb_player_restart(x->player, x->rate, x->block, error))
        return false;
    x->made_rate = x->rate;
    x->made_block = x->block;
    x->sounds = true;
    return !time || seek(x, time, error);
}

/* Returns whether the inlets and outlets suffice for a network, or refuses it. */
static bool has_room(t_difflogic *x, const gb_network *network)
{
    char reason[512];
    const char *name = gb_network_name(network);
    uint32_t channels = gb_network_channels(network);
    uint32_t hears = gb_network_audio_inputs(network);
    if (channels > x->outs)
        snprintf(reason, sizeof reason,
                 "%.200s is in stereo, but this object has one outlet for sound; "
                 "create it with -out 2", name);
    else if (hears > x->ins)
        snprintf(reason, sizeof reason,
                 "%.200s hears sound, but this object has too few inlets for it; "
                 "create it with -in %u", name, hears);
    else
        return true;
    refuse(x, reason);
    return false;
}

/* Plays a network, and keeps it if it plays. */
static bool play(t_difflogic *x, gb_network *network)
{
    gb_error error = {""};
    if (!has_room(x, network))
        return false;
    bool plays = x->player ? fit_player(x, &error) && gb_player_play(x->player, network, &error)
                           : make_player(x, network, &error);
    check(x, plays, &error);
    if (!plays)
        return false;
    gb_network_free(x->network);
    x->network = network;
    answer(x->info, "opened", gb_network_name(network));
    return true;
}

/* Keeps a network for `swap`. */
static bool prepare(t_difflogic *x, gb_network *network)
{
    if (!has_room(x, network))
        return false;
    gb_network_free(x->prepared);
    x->prepared = network;
    answer(x->info, "prepared", gb_network_name(network));
    return true;
}

/* ---- Files ---- */

/* Plays or prepares what was read; NULL is refused. */
static void take(t_difflogic *x, gb_network *network, bool plays, const gb_error *error)
{
    if (!network)
        refuse(x, error->text);
    else if (!(plays ? play(x, network) : prepare(x, network)))
        gb_network_free(network);
}

/* Begins to read a file, after the one that is being read. Of those that wait, the newest one
 * counts. */
static void read_later(t_difflogic *x, t_symbol *path, bool plays)
{
    t_reading *reading = &x->readings[plays];
    if (reading->loading) {
        reading->next = path;
        return;
    }
    reading->loading = gb_network_open_later(path->s_name);
    clock_delay(x->clock, POLL);
}

/* Takes a file if it is read, and begins to read the next one. */
static void poll_reading(t_difflogic *x, bool plays)
{
    t_reading *reading = &x->readings[plays];
    if (!reading->loading || !gb_loading_is_done(reading->loading))
        return;
    gb_error error = {""};
    gb_network *network = gb_loading_end(reading->loading, &error);
    t_symbol *next = reading->next;
    reading->loading = NULL;
    reading->next = NULL;
    if (next)
        read_later(x, next, plays);
    take(x, network, plays, &error);
}

static void poll_files(t_difflogic *x)
{
    for (int k = 0; k < 2; k++)
        poll_reading(x, k);
    if (x->readings[false].loading || x->readings[true].loading)
        clock_delay(x->clock, POLL);
}

static void read_now(t_difflogic *x, const char *path, bool plays)
{
    gb_error error = {""};
    gb_network *network = gb_network_open(path, &error);
    take(x, network, plays, &error);
}

/* Reads the file that a message names: at once, or in the background while Pd plays. */
static void read_file(t_difflogic *x, t_symbol *message, int count, t_atom *atoms)
{
    char path[MAXPDSTRING], reason[REASON_SIZE];
    bool plays = message == gensym("open");
    if (!find_named(x->canvas, message->s_name, count, atoms, path, reason))
        refuse(x, reason);
    else if (x->readings[plays].loading || pd_getdspstate())
        read_later(x, gensym(path), plays);
    else
        read_now(x, path, plays);
}

/* Plays what was prepared, and keeps it if it is refused. */
static void swap(t_difflogic *x)
{
    gb_network *network = x->prepared;
    if (!network) {
        refuse(x, x->readings[false].loading
                      ? "the file is still being read; swap after the message 'prepared'"
                      : "nothing is prepared; send the message 'prepare FILE' first");
        return;
    }
    x->prepared = NULL;
    if (play(x, network))
        return;
    /* Who hears the answer may have prepared another one. */
    if (x->prepared)
        gb_network_free(network);
    else
        x->prepared = network;
}

/* ---- Messages ---- */

static void choose_nodes(t_difflogic *x, t_symbol *message, int count, t_atom *atoms)
{
    (void)message;
    uint32_t nodes[GB_MAX_NODES];
    char reason[128];
    gb_error error;
    if (!has_player(x))
        return;
    if ((uint32_t)count > x->nodes) {
        snprintf(reason, sizeof reason, "there are more nodes (%d) than node outlets (%u); "
                 "choose fewer, or create this object with a larger -nodes, at most %d",
                 count, x->nodes, GB_MAX_NODES);
        refuse(x, reason);
        return;
    }
    for (int k = 0; k < count; k++) {
        if (!read_whole(&atoms[k], UINT32_MAX, &nodes[k])) {
            refuse(x, "nodes are whole numbers from 0");
            return;
        }
    }
    check(x, gb_player_choose_nodes(x->player, nodes, (uint32_t)count, &error), &error);
}

static void play_note(t_difflogic *x, t_floatarg pitch, t_floatarg velocity, t_floatarg channel)
{
    char line[64];
    if (!(channel >= 1))
        channel = 1;
    if (!(pitch >= 0 && pitch < 128 && velocity >= 0 && velocity < 128 && channel < 17)) {
        refuse(x, "note needs a pitch and a velocity from 0 to 127, "
                  "and may have a channel from 1 to 16");
        return;
    }
    snprintf(line, sizeof line, "midi %x %x %x", 0x90 + (unsigned)channel - 1,
             (unsigned)pitch, (unsigned)velocity);
    command(x, line);
}

static void follow(t_difflogic *x, t_floatarg on)
{
    gb_error error;
    if (!x->timed)
        refuse(x, "there is no inlet for time; create this object with -time");
    else if (has_player(x))
        check(x, gb_player_follow_time(x->player, on != 0, &error), &error);
}

static void tell_time(t_difflogic *x)
{
    if (has_player(x))
        answer_number(x->info, "time", gb_player_time(x->player));
}

static void tell_controls(t_difflogic *x)
{
    t_atom atoms[2];
    for (uint32_t k = 0; k < gb_network_controls(x->network); k++) {
        SETSYMBOL(&atoms[0], gensym(gb_network_control_name(x->network, k)));
        SETFLOAT(&atoms[1], (t_float)gb_network_control_default(x->network, k));
        outlet_anything(x->info, gensym("control"), 2, atoms);
    }
}

static void tell(t_difflogic *x)
{
    if (!has_player(x))
        return;
    answer(x->info, "network", gb_network_name(x->network));
    answer_number(x->info, "rate", gb_network_rate(x->network));
    answer_number(x->info, "nodes", gb_network_nodes(x->network));
    answer_number(x->info, "gates", gb_network_gates(x->network));
    answer_number(x->info, "channels", gb_network_channels(x->network));
    answer_number(x->info, "hears", gb_network_audio_inputs(x->network));
    tell_controls(x);
    tell_time(x);
}

static void seek_number(t_difflogic *x, t_floatarg time)
{
    gb_error error;
    if (has_player(x))
        check(x, seek(x, gb_time(time), &error), &error);
}

static void restart(t_difflogic *x)
{
    seek_number(x, 0);
}

/* Every other message is a command of the instrument. */
static void any_command(t_difflogic *x, t_symbol *message, int count, t_atom *atoms)
{
    char line[LINE_SIZE] = "";
    if (add_word(line, sizeof line, message->s_name) &&
        add_atoms(line, sizeof line, count, atoms))
        command(x, line);
    else
        refuse(x, "this message is too long");
}

/* ---- Sound ---- */

static uint32_t sound_inlets(const t_difflogic *x)
{
    return x->ins > 1 ? x->ins : 1;
}

static void take_signals(t_difflogic *x, int frames)
{
    for (uint32_t c = 0; c < x->ins; c++) {
        for (int k = 0; k < frames; k++)
            x->ins_of[c][k] = (float)x->signals[c][k];
    }
    const t_sample *time = x->signals[sound_inlets(x)];
    for (int k = 0; x->timed && k < frames; k++)
        x->time[k] = gb_time(time[k]);
}

static void give_signal(const t_difflogic *x, const float *from, t_sample *to, int frames)
{
    for (int k = 0; k < frames; k++)
        to[k] = x->sounds ? from[k] : 0;
}

static t_int *perform(t_int *w)
{
    t_difflogic *x = (t_difflogic *)w[1];
    int frames = (int)w[2];
    t_sample **out = x->signals + sound_inlets(x) + x->timed;

    take_signals(x, frames);
    x->sound.frames = (uint32_t)frames;
    if (x->sounds)
        gb_player_render(x->player, &x->sound);
    for (uint32_t c = 0; c < x->outs; c++)
        give_signal(x, x->sound.out[c], *out++, frames);
    for (uint32_t c = 0; c < x->nodes; c++)
        give_signal(x, x->nodes_of[c], *out++, frames);
    return w + 3;
}

/* Makes room for blocks of a size. */
static bool make_room(t_difflogic *x, uint32_t block)
{
    if (block <= x->capacity)
        return true;
    float *memory = calloc((size_t)block * (x->ins + x->outs + x->nodes), sizeof *memory);
    uint32_t *time = calloc(block, sizeof *time);
    free(x->memory);
    free(x->time);
    x->memory = memory;
    x->time = time;
    x->capacity = memory && time ? block : 0;
    x->sound.time = x->timed ? time : NULL;
    for (uint32_t c = 0; c < x->ins; c++, memory += block)
        x->sound.in[c] = x->ins_of[c] = memory;
    for (uint32_t c = 0; c < x->outs; c++, memory += block)
        x->sound.out[c] = memory;
    for (uint32_t c = 0; c < x->nodes; c++, memory += block)
        x->nodes_of[c] = memory;
    x->sound.nodes = x->nodes ? x->nodes_of : NULL;
    return x->capacity;
}

static void add_to_dsp(t_difflogic *x, t_signal **signals)
{
    uint32_t count = sound_inlets(x) + x->timed + x->outs + x->nodes;
    for (uint32_t k = 0; k < count; k++)
        x->signals[k] = signals[k]->s_vec;
    x->rate = (uint32_t)(signals[0]->s_sr + 0.5);
    x->block = (uint32_t)signals[0]->s_n;
    if (!make_room(x, x->block)) {
        pd_error(x, "difflogic~: there is not enough memory for blocks of %u frames", x->block);
        return;
    }
    gb_error error;
    if (x->player && !fit_player(x, &error))
        complain(x, error.text);
    dsp_add(perform, 2, x, (t_int)x->block);
}

/* ---- Making and freeing ---- */

/* Reads the number of an option. Returns false if it is wrong. */
static bool read_number(t_difflogic *x, const char *option, int count, const t_atom *atom)
{
    uint32_t *number = !strcmp(option, "-in") ? &x->ins
        : !strcmp(option, "-out")             ? &x->outs
                                              : &x->nodes;
    uint32_t least = number == &x->outs, most = number == &x->nodes ? GB_MAX_NODES : 2;
    if (count && read_whole(atom, most, number) && *number >= least)
        return true;
    pd_error(x, "difflogic~: %s needs a whole number from %u to %u", option, least, most);
    return false;
}

/* Reads an option. Returns how many atoms it has, or 0 if it is wrong. */
static int read_option(t_difflogic *x, int count, const t_atom *atoms)
{
    const char *option = atoms->a_w.w_symbol->s_name;
    if (!strcmp(option, "-time")) {
        x->timed = true;
        return 1;
    }
    if (!strcmp(option, "-in") || !strcmp(option, "-out") || !strcmp(option, "-nodes"))
        return read_number(x, option, count - 1, atoms + 1) ? 2 : 0;
    pd_error(x, "difflogic~: %s is not an option; they are -in, -out, -nodes and -time", option);
    return 0;
}

/* Reads the creation arguments; *file is the file, if there is one. */
static bool read_arguments(t_difflogic *x, int count, t_atom *atoms, t_atom **file)
{
    int taken;
    for (; count > 0; count -= taken, atoms += taken) {
        taken = 1;
        if (atoms->a_type == A_SYMBOL && atoms->a_w.w_symbol->s_name[0] == '-') {
            taken = read_option(x, count, atoms);
        } else if (*file || atoms->a_type != A_SYMBOL) {
            pd_error(x, "difflogic~: arguments are one file, -in, -out, -nodes and -time");
            taken = 0;
        } else {
            *file = atoms;
        }
        if (!taken)
            return false;
    }
    return true;
}

static void make_inlets(t_difflogic *x)
{
    for (uint32_t k = 1; k < sound_inlets(x) + x->timed; k++)
        signalinlet_new(&x->object, 0);
    for (uint32_t k = 0; k < x->outs + x->nodes; k++)
        outlet_new(&x->object, &s_signal);
    x->info = outlet_new(&x->object, &s_anything);
}

static void open_first(t_difflogic *x, t_atom *file)
{
    char path[MAXPDSTRING], reason[REASON_SIZE];
    if (find_file(x->canvas, file->a_w.w_symbol->s_name, path, reason))
        read_now(x, path, true);
    else
        complain(x, reason);
}

static void *new_difflogic(t_symbol *name, int count, t_atom *atoms)
{
    (void)name;
    t_difflogic *x = (t_difflogic *)pd_new(difflogic_class);
    t_atom *file = NULL;
    x->canvas = canvas_getcurrent();
    x->clock = clock_new(x, (t_method)poll_files);
    x->ins = x->outs = 1;
    x->rate = (uint32_t)sys_getsr();
    x->block = (uint32_t)sys_getblksize();
    if (!read_arguments(x, count, atoms, &file)) {
        pd_free(&x->object.ob_pd);
        return NULL;
    }
    make_inlets(x);
    if (file)
        open_first(x, file);
    return x;
}

static void free_difflogic(t_difflogic *x)
{
    clock_free(x->clock);
    for (int k = 0; k < 2; k++)
        gb_loading_free(x->readings[k].loading);
    gb_player_free(x->player);
    gb_network_free(x->network);
    gb_network_free(x->prepared);
    free(x->memory);
    free(x->time);
}

EXPORTED void difflogic_tilde_setup(void);
void difflogic_tilde_setup(void)
{
    t_class *c = class_new(gensym("difflogic~"), (t_newmethod)(t_method)new_difflogic,
                           (t_method)free_difflogic, sizeof(t_difflogic), CLASS_DEFAULT, A_GIMME,
                           A_NULL);
    CLASS_MAINSIGNALIN(c, t_difflogic, unused);
    class_addmethod(c, (t_method)add_to_dsp, gensym("dsp"), A_CANT, A_NULL);
    class_addmethod(c, (t_method)read_file, gensym("open"), A_GIMME, A_NULL);
    class_addmethod(c, (t_method)read_file, gensym("prepare"), A_GIMME, A_NULL);
    class_addmethod(c, (t_method)swap, gensym("swap"), A_NULL);
    class_addmethod(c, (t_method)choose_nodes, gensym("nodes"), A_GIMME, A_NULL);
    class_addmethod(c, (t_method)play_note, gensym("note"), A_FLOAT, A_FLOAT, A_DEFFLOAT, A_NULL);
    class_addmethod(c, (t_method)follow, gensym("follow"), A_FLOAT, A_NULL);
    class_addmethod(c, (t_method)tell_time, gensym("time"), A_NULL);
    class_addmethod(c, (t_method)tell, gensym("info"), A_NULL);
    class_addbang(c, restart);
    class_doaddfloat(c, (t_method)seek_number);
    class_addanything(c, any_command);
    difflogic_class = c;
}
