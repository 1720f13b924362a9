/* The opcodes. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "networks.h"
#include "player.h"

/* ---- Csound 6 and 7 ---- */

/* What an opcode takes part in. */
enum { INIT = 1, INIT_AND_PERF = 3 };

#if CS_VERSION >= 7
#define OPCODE(name, type, outs, ins, passes, init, perf, deinit) \
    {name, sizeof(type), 0, outs, ins, (SUBR)init, (SUBR)perf, (SUBR)deinit, NULL}
#define at_deinit(csound, p, deinit) OK
#define sample_rate(csound, h) ((h)->insdshead->esr)
#else
#define OPCODE(name, type, outs, ins, passes, init, perf, deinit) \
    {name, sizeof(type), 0, passes, outs, ins, (SUBR)init, (SUBR)perf, NULL, NULL}
#define at_deinit(csound, p, deinit) \
    (csound)->RegisterDeinitCallback(csound, p, (int (*)(CSOUND *, void *))(deinit))
#define sample_rate(csound, h) ((csound)->GetSr(csound))
#endif

/* ---- Numbers ---- */

static int whole(MYFLT value, int least, int most) {
    if (!(value > least)) /* also what is no number */
        return least;
    return value < most ? (int)floor(value + 0.5) : most;
}

static float share(MYFLT value) {
    if (!(value > 0))
        return 0;
    return value < 1 ? (float)value : 1;
}

/* ---- Finding networks and players ---- */

static const gb_network *find_network(CSOUND *csound, MYFLT number, gb_error *error) {
    networks *networks = networks_of(csound);
    const gb_network *network = networks ? networks_get(networks, number) : NULL;
    if (!network)
        snprintf(error->text, sizeof(error->text), "there is no network %g; see gatebendload", number);
    return network;
}

static player *find_player(CSOUND *csound, MYFLT number, gb_error *error) {
    player *player = player_get(csound, number);
    if (!player)
        snprintf(error->text, sizeof(error->text), "there is no player %g, or its note has ended", number);
    return player;
}

/* ---- gatebendload, gatebendloadk ---- */

typedef struct load {
    OPDS h;
    MYFLT *network;
    STRINGDAT *path;
} load;

static int add(CSOUND *csound, const char *path, gb_network *network) {
    networks *networks = networks_of(csound);
    uint32_t number = networks ? networks_add(networks, path, network) : 0;
    if (number == 0)
        gb_network_free(network);
    return (int)number;
}

/* Finds a file as other opcodes do: as it is, or in the folders of SSDIR. */
static gb_network *open_network(CSOUND *csound, const char *path, gb_error *error) {
    char *found = csound->FindInputFile(csound, path, "SSDIR");
    gb_network *network = gb_network_open(found ? found : path, error);
    csound->Free(csound, found);
    return network;
}

/* Prints what the number of a network stands for. */
static void describe(CSOUND *csound, int number, const gb_network *network) {
    csound->Message(csound, "gatebendload: %d is %s, %u Hz, %u nodes", number, gb_network_name(network),
                    gb_network_rate(network), gb_network_nodes(network));
    for (uint32_t k = 0; k < gb_network_controls(network); k++)
        csound->Message(csound, "%s %s", k == 0 ? ", controls:" : ",", gb_network_control_name(network, k));
    csound->Message(csound, "\n");
}

static int load_init(CSOUND *csound, load *p) {
    gb_error error;
    gb_network *network = open_network(csound, p->path->data, &error);
    if (!network)
        return csound->InitError(csound, "gatebendload: %s", error.text);
    int number = add(csound, p->path->data, network);
    if (number == 0)
        return csound->InitError(csound, "gatebendload: too many networks");
    *p->network = number;
    describe(csound, number, network);
    return OK;
}

typedef struct loadk {
    OPDS h;
    MYFLT *network;
    STRINGDAT *path;
    MYFLT *trigger;
    MYFLT last;
    gb_loading *loading;
    char name[1024];
} loadk;

static void end_loading(CSOUND *csound, loadk *p) {
    gb_error error;
    gb_network *network = gb_loading_end(p->loading, &error);
    p->loading = NULL;
    if (!network) {
        csound->Warning(csound, "gatebendloadk: %s", error.text);
        return;
    }
    int number = add(csound, p->name, network);
    if (number == 0)
        csound->Warning(csound, "gatebendloadk: too many networks");
    else
        *p->network = number;
}

static int loadk_deinit(CSOUND *csound, loadk *p) {
    if (p->loading)
        end_loading(csound, p);
    return OK;
}

static int loadk_init(CSOUND *csound, loadk *p) {
    loadk_deinit(csound, p);
    p->last = 0;
    *p->network = 0;
    return at_deinit(csound, p, loadk_deinit);
}

static int loadk_perf(CSOUND *csound, loadk *p) {
    if (p->loading && gb_loading_is_done(p->loading))
        end_loading(csound, p);
    if (*p->trigger > 0 && p->last <= 0 && !p->loading) {
        snprintf(p->name, sizeof(p->name), "%s", p->path->data);
        p->loading = gb_network_open_later(p->name);
    }
    p->last = *p->trigger;
    return OK;
}

/* ---- gatebendplayer, gatebendplay ---- */

static player *new_player(CSOUND *csound, OPDS *h, MYFLT number, gb_error *error) {
    const gb_network *network = find_network(csound, number, error);
    gb_options options = {
        .rate = (uint32_t)(sample_rate(csound, h) + 0.5),
        .block = h->insdshead->ksmps,
    };
    return network ? player_new(csound, network, options, error) : NULL;
}

typedef struct maker {
    OPDS h;
    MYFLT *number;
    MYFLT *network;
    MYFLT *fade, *interpolation;
    player *player;
} maker;

static int maker_deinit(CSOUND *csound, maker *p) {
    player_free(csound, p->player);
    p->player = NULL;
    return OK;
}

static bool set_up(maker *p, gb_error *error) {
    gb_player *player = p->player->player;
    const char *swap = *p->fade > 0 ? "set swap=crossfade" : "set swap=instant";
    const char *between = *p->interpolation > 0 ? "set interpolation=linear" : "set interpolation=hold";
    return gb_player_command(player, swap, error) && gb_player_command(player, between, error);
}

static int maker_init(CSOUND *csound, maker *p) {
    gb_error error;
    maker_deinit(csound, p);
    p->player = new_player(csound, &p->h, *p->network, &error);
    if (!p->player || !set_up(p, &error)) {
        maker_deinit(csound, p);
        return csound->InitError(csound, "gatebendplayer: %s", error.text);
    }
    *p->number = p->player->number;
    return at_deinit(csound, p, maker_deinit);
}

typedef struct play {
    OPDS h;
    MYFLT *player, *network;
    bool warned;
} play;

/* Plays a network, or warns once if there is none. */
static void play_number(CSOUND *csound, player *player, MYFLT number, bool *warned, const char *opcode) {
    gb_error error;
    const gb_network *network = find_network(csound, number, &error);
    if (network)
        player_play(player, network);
    else if (!*warned)
        csound->Warning(csound, "%s: %s", opcode, error.text);
    *warned = !network;
}

static int play_init(CSOUND *csound, play *p) {
    gb_error error;
    p->warned = false;
    if (!find_player(csound, *p->player, &error))
        return csound->InitError(csound, "gatebendplay: %s", error.text);
    return OK;
}

static int play_perf(CSOUND *csound, play *p) {
    gb_error error;
    player *player = find_player(csound, *p->player, &error);
    if (!player)
        return csound->PerfError(csound, &p->h, "gatebendplay: %s", error.text);
    if (*p->network != 0)
        play_number(csound, player, *p->network, &p->warned, "gatebendplay");
    return OK;
}

/* ---- gatebendset ---- */

typedef struct set {
    OPDS h;
    MYFLT *player;
    STRINGDAT *line;
} set;

static int set_init(CSOUND *csound, set *p) {
    gb_error error;
    player *player = find_player(csound, *p->player, &error);
    if (!player || !gb_player_command(player->player, p->line->data, &error))
        return csound->InitError(csound, "gatebendset: %s", error.text);
    return OK;
}

/* ---- gatebendbend, gatebendtouch, gatebendcontrol, gatebendspeed, gatebendrate,
   gatebendseek: each sends when its arguments or the network have changed ---- */

typedef struct change {
    OPDS h;
    MYFLT *player;
    MYFLT *args[3];
    uint32_t networks; /* of the player when it was sent */
    bool sent;
    int numbers[2];
    float place[3];
} change;

/* A change whose first argument is a name. */
typedef struct named_change {
    OPDS h;
    MYFLT *player;
    STRINGDAT *name;
    MYFLT *position;
    uint32_t networks;
    bool sent;
    float place;
} named_change;

static const char *name_of(OPDS *h) {
    return h->optext->t.opcod;
}

static int change_init(CSOUND *csound, change *p) {
    gb_error error;
    p->sent = false;
    if (!find_player(csound, *p->player, &error))
        return csound->InitError(csound, "%s: %s", name_of(&p->h), error.text);
    return OK;
}

static int refuse(CSOUND *csound, OPDS *h, const gb_error *error) {
    return csound->PerfError(csound, h, "%s: %s", name_of(h), error->text);
}

static bool has_node(const player *player, int node) {
    return node >= 0 && (uint32_t)node < gb_network_nodes(player->network);
}

static int bend_perf(CSOUND *csound, change *p) {
    gb_error error;
    player *player = find_player(csound, *p->player, &error);
    if (!player)
        return refuse(csound, &p->h, &error);
    int node = whole(*p->args[0], -1, INT32_MAX);
    int kind = whole(*p->args[1], GB_BEND_OFF, GB_BEND_INVERT);
    bool is_new = p->networks != player->networks || !p->sent;
    if (is_new)
        p->numbers[1] = GB_BEND_OFF; /* nothing is bent */
    if (is_new || node != p->numbers[0]) {
        if (p->numbers[1] != GB_BEND_OFF
            && !gb_player_send_bend(player->player, p->numbers[0], GB_BEND_OFF))
            return OK;
        p->numbers[0] = node;
        p->numbers[1] = GB_BEND_OFF;
        if (node >= 0 && !has_node(player, node))
            csound->Warning(csound, "gatebendbend: no node %d; %s has %u", node,
                            gb_network_name(player->network), gb_network_nodes(player->network));
    }
    if (has_node(player, node) && kind != p->numbers[1]
        && gb_player_send_bend(player->player, node, kind))
        p->numbers[1] = kind;
    p->networks = player->networks;
    p->sent = true;
    return OK;
}

static int touch_perf(CSOUND *csound, change *p) {
    gb_error error;
    player *player = find_player(csound, *p->player, &error);
    if (!player)
        return refuse(csound, &p->h, &error);
    float place[3] = {share(*p->args[0]), share(*p->args[1]), share(*p->args[2])};
    bool lifted = place[2] <= 0, was_lifted = !p->sent || p->place[2] <= 0;
    bool same = p->sent && memcmp(place, p->place, sizeof(place)) == 0;
    if ((lifted && was_lifted) || (same && p->networks == player->networks))
        return OK;
    p->sent = gb_player_send_touch(player->player, place[0], place[1], lifted ? -1 : place[2]);
    memcpy(p->place, place, sizeof(place));
    p->networks = player->networks;
    return OK;
}

/* Sends a number, if it is not what was sent before. */
static int number_perf(CSOUND *csound, change *p, int number, bool (*send)(gb_player *, int)) {
    gb_error error;
    player *player = find_player(csound, *p->player, &error);
    if (!player)
        return refuse(csound, &p->h, &error);
    if (p->sent && number == p->numbers[0])
        return OK;
    p->sent = send(player->player, number);
    p->numbers[0] = number;
    return OK;
}

static bool send_speed(gb_player *player, int speed) {
    return gb_player_send_speed(player, speed);
}

static bool send_rate(gb_player *player, int rate) {
    return gb_player_send_rate(player, rate);
}

static int speed_perf(CSOUND *csound, change *p) {
    return number_perf(csound, p, whole(*p->args[0] * 100, -400, 400), send_speed);
}

static int rate_perf(CSOUND *csound, change *p) {
    return number_perf(csound, p, whole(*p->args[0], 0, 96000), send_rate);
}

static int seek_perf(CSOUND *csound, change *p) {
    gb_error error;
    player *player = find_player(csound, *p->player, &error);
    if (!player)
        return refuse(csound, &p->h, &error);
    bool trigger = *p->args[1] > 0;
    if (trigger && !p->sent)
        p->sent = gb_player_send_seek(player->player, gb_time(*p->args[0]));
    else
        p->sent = trigger;
    return OK;
}

static int control_of(const gb_network *network, const char *name) {
    for (uint32_t k = 0; k < gb_network_controls(network); k++) {
        if (strcmp(gb_network_control_name(network, k), name) == 0)
            return (int)k;
    }
    return -1;
}

static int control_init(CSOUND *csound, named_change *p) {
    gb_error error;
    p->sent = false;
    player *player = find_player(csound, *p->player, &error);
    if (!player)
        return csound->InitError(csound, "gatebendcontrol: %s", error.text);
    if (control_of(player->network, p->name->data) < 0)
        csound->Warning(csound, "gatebendcontrol: the network %s has no control %s",
                        gb_network_name(player->network), p->name->data);
    return OK;
}

static int control_perf(CSOUND *csound, named_change *p) {
    gb_error error;
    player *player = find_player(csound, *p->player, &error);
    if (!player)
        return refuse(csound, &p->h, &error);
    float position = share(*p->position);
    if (p->sent && p->networks == player->networks && position == p->place)
        return OK;
    int control = control_of(player->network, p->name->data);
    p->sent = control < 0 || gb_player_send_control(player->player, control, position);
    p->networks = player->networks;
    p->place = position;
    return OK;
}

/* ---- gatebendtime ---- */

typedef struct time_input {
    OPDS h;
    MYFLT *player, *time;
} time_input;

static int time_init(CSOUND *csound, time_input *p) {
    gb_error error;
    player *player = find_player(csound, *p->player, &error);
    if (!player || !gb_player_follow_time(player->player, true, &error))
        return csound->InitError(csound, "gatebendtime: %s", error.text);
    return OK;
}

static int time_perf(CSOUND *csound, time_input *p) {
    gb_error error;
    player *player = find_player(csound, *p->player, &error);
    if (!player)
        return refuse(csound, &p->h, &error);
    uint32_t offset = p->h.insdshead->ksmps_offset;
    for (uint32_t k = 0; k + offset < CS_KSMPS; k++)
        player->time[k] = gb_time(p->time[k + offset]);
    player->timed = true;
    return OK;
}

/* ---- gatebend, gatebendout, gatebendnode ---- */

/* Writes frames as a signal; outside of the note it is silent. */
static void write_signal(const OPDS *h, MYFLT *out, const float *samples, uint32_t frames, MYFLT full) {
    uint32_t offset = h->insdshead->ksmps_offset;
    memset(out, 0, h->insdshead->ksmps * sizeof(MYFLT));
    for (uint32_t k = 0; k < frames; k++)
        out[offset + k] = samples[k] * full;
}

static uint32_t frames_of(const OPDS *h) {
    const INSDS *note = h->insdshead;
    return note->ksmps - note->ksmps_offset - note->ksmps_no_end;
}

static void read_signal(const OPDS *h, float *samples, const MYFLT *in, uint32_t frames, MYFLT full) {
    uint32_t offset = h->insdshead->ksmps_offset;
    for (uint32_t k = 0; k < frames; k++)
        samples[k] = (float)(in[offset + k] / full);
}

/* Renders a block of a player from audio inputs to outputs. */
static void render(CSOUND *csound, OPDS *h, player *player, MYFLT **in, uint32_t audio, MYFLT **out,
                   uint32_t channels) {
    gb_error error;
    uint32_t frames = frames_of(h);
    MYFLT full = csound->Get0dBFS(csound);
    for (uint32_t k = 0; k < audio; k++)
        read_signal(h, player->in[k], in[k], frames, full);
    if (!player_render(player, frames, audio, &error))
        csound->Warning(csound, "%s: %s", name_of(h), error.text);
    for (uint32_t k = 0; k < channels; k++)
        write_signal(h, out[k], player->out[k], frames, full);
}

static int count_outputs(MYFLT **out) {
    return out[1] ? 2 : 1;
}

typedef struct output {
    OPDS h;
    MYFLT *out[2];
    MYFLT *player;
    MYFLT *in[2];
    int audio;
} output;

static int output_init(CSOUND *csound, output *p) {
    gb_error error;
    p->audio = (int)p->INOCOUNT - 1;
    if (!find_player(csound, *p->player, &error))
        return csound->InitError(csound, "gatebendout: %s", error.text);
    return OK;
}

static int output_perf(CSOUND *csound, output *p) {
    gb_error error;
    player *player = find_player(csound, *p->player, &error);
    if (!player)
        return refuse(csound, &p->h, &error);
    render(csound, &p->h, player, p->in, p->audio, p->out, count_outputs(p->out));
    return OK;
}

typedef struct whole_player {
    OPDS h;
    MYFLT *out[2];
    MYFLT *network, *speed, *rate;
    MYFLT *in[2];
    int audio;
    player *player;
    int last_speed, last_rate;
    bool warned;
} whole_player;

static int whole_player_deinit(CSOUND *csound, whole_player *p) {
    player_free(csound, p->player);
    p->player = NULL;
    return OK;
}

static int whole_player_init(CSOUND *csound, whole_player *p) {
    gb_error error;
    int audio = (int)p->INOCOUNT - 3;
    p->audio = audio > 0 ? audio : 0;
    whole_player_deinit(csound, p);
    p->player = new_player(csound, &p->h, *p->network, &error);
    if (!p->player)
        return csound->InitError(csound, "gatebend: %s", error.text);
    p->last_speed = 100;
    p->last_rate = 0;
    p->warned = false;
    return at_deinit(csound, p, whole_player_deinit);
}

static int whole_player_perf(CSOUND *csound, whole_player *p) {
    int speed = whole(*p->speed * 100, -400, 400);
    int rate = whole(*p->rate, 0, 96000);
    if (!p->player)
        return csound->PerfError(csound, &p->h, "gatebend: not initialised");
    play_number(csound, p->player, *p->network, &p->warned, "gatebend");
    if (speed != p->last_speed && gb_player_send_speed(p->player->player, speed))
        p->last_speed = speed;
    if (rate != p->last_rate && gb_player_send_rate(p->player->player, rate))
        p->last_rate = rate;
    render(csound, &p->h, p->player, p->in, p->audio, p->out, count_outputs(p->out));
    return OK;
}

typedef struct node {
    OPDS h;
    MYFLT *out;
    MYFLT *player, *node;
    int place;
} node;

static int node_init(CSOUND *csound, node *p) {
    gb_error error;
    player *player = find_player(csound, *p->player, &error);
    p->place = player ? player_add_node(player, whole(*p->node, 0, INT32_MAX), &error) : -1;
    if (p->place < 0)
        return csound->InitError(csound, "gatebendnode: %s", error.text);
    return OK;
}

static int node_perf(CSOUND *csound, node *p) {
    gb_error error;
    player *player = find_player(csound, *p->player, &error);
    if (!player)
        return refuse(csound, &p->h, &error);
    write_signal(&p->h, p->out, player->node_outputs[p->place], frames_of(&p->h), 1);
    return OK;
}

/* ---- The table ---- */

/* Opcodes of the same name have a part after the point. */
static OENTRY localops[] = {
    OPCODE("gatebendload", load, "i", "S", INIT, load_init, NULL, NULL),
    OPCODE("gatebendloadk", loadk, "k", "Sk", INIT_AND_PERF, loadk_init, loadk_perf, loadk_deinit),
    OPCODE("gatebend", whole_player, "mm", "kPO", INIT_AND_PERF, whole_player_init, whole_player_perf,
           whole_player_deinit),
    OPCODE("gatebend.a", whole_player, "mm", "kkka", INIT_AND_PERF, whole_player_init, whole_player_perf,
           whole_player_deinit),
    OPCODE("gatebend.aa", whole_player, "mm", "kkkaa", INIT_AND_PERF, whole_player_init, whole_player_perf,
           whole_player_deinit),
    OPCODE("gatebendplayer", maker, "i", "ipo", INIT, maker_init, NULL, maker_deinit),
    OPCODE("gatebendplay", play, "", "ik", INIT_AND_PERF, play_init, play_perf, NULL),
    OPCODE("gatebendset", set, "", "iS", INIT, set_init, NULL, NULL),
    OPCODE("gatebendbend", change, "", "ikk", INIT_AND_PERF, change_init, bend_perf, NULL),
    OPCODE("gatebendtouch", change, "", "ikkk", INIT_AND_PERF, change_init, touch_perf, NULL),
    OPCODE("gatebendcontrol", named_change, "", "iSk", INIT_AND_PERF, control_init, control_perf, NULL),
    OPCODE("gatebendspeed", change, "", "ik", INIT_AND_PERF, change_init, speed_perf, NULL),
    OPCODE("gatebendrate", change, "", "ik", INIT_AND_PERF, change_init, rate_perf, NULL),
    OPCODE("gatebendseek", change, "", "ikk", INIT_AND_PERF, change_init, seek_perf, NULL),
    OPCODE("gatebendtime", time_input, "", "ia", INIT_AND_PERF, time_init, time_perf, NULL),
    OPCODE("gatebendout", output, "mm", "i", INIT_AND_PERF, output_init, output_perf, NULL),
    OPCODE("gatebendout.a", output, "mm", "ia", INIT_AND_PERF, output_init, output_perf, NULL),
    OPCODE("gatebendout.aa", output, "mm", "iaa", INIT_AND_PERF, output_init, output_perf, NULL),
    OPCODE("gatebendnode", node, "a", "ii", INIT_AND_PERF, node_init, node_perf, NULL),
};

LINKAGE
