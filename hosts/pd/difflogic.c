/* difflogic evaluates a network of logic gates in Pure Data's messages: lists of bits, or of
 * numbers. */

#include <stdlib.h>

#include "gatebend.h"
#include "patch.h"

typedef struct difflogic {
    t_object object;
    t_canvas *canvas;
    t_outlet *out, *info;
    gb_evaluator *evaluator; /* NULL before the first file */
    gb_network *network;     /* NULL of a library that difflogic compiled */
} t_difflogic;

static t_class *difflogic_class;

/* ---- Answers ---- */

static void refuse(t_difflogic *x, const char *reason)
{
    pd_error(x, "difflogic: %s", reason);
    answer(x->info, "refused", reason);
}

/* Returns whether a file is open, or refuses the message. */
static bool is_open(t_difflogic *x)
{
    if (!x->evaluator)
        refuse(x, "no network is open; send the message 'open FILE' first");
    return x->evaluator;
}

/* ---- Files ---- */

/* Keeps a network and its evaluator in place of the old ones. */
static void keep(t_difflogic *x, gb_network *network, gb_evaluator *evaluator)
{
    gb_evaluator_free(x->evaluator);
    gb_network_free(x->network);
    x->evaluator = evaluator;
    x->network = network;
}

/* Writes the path of the file that words name, or refuses it. */
static bool find(t_difflogic *x, const char *message, int count, const t_atom *atoms,
                 char path[MAXPDSTRING])
{
    char reason[REASON_SIZE];
    if (find_named(x->canvas, message, count, atoms, path, reason))
        return true;
    refuse(x, reason);
    return false;
}

static void open_network(t_difflogic *x, t_symbol *message, int count, t_atom *atoms)
{
    (void)message;
    char path[MAXPDSTRING];
    gb_error error;
    if (!find(x, "open", count, atoms, path))
        return;
    gb_network *network = gb_network_open(path, &error);
    gb_evaluator *evaluator = network ? gb_evaluator_new(network, &error) : NULL;
    if (!evaluator) {
        gb_network_free(network);
        refuse(x, error.text);
        return;
    }
    keep(x, network, evaluator);
    answer(x->info, "opened", gb_network_name(network));
}

static void open_library(t_difflogic *x, t_symbol *message, int count, t_atom *atoms)
{
    (void)message;
    char path[MAXPDSTRING];
    uint32_t inputs, outputs;
    gb_error error;
    int words = count - 2; /* of the file's name */
    if (words < 1 || !read_whole(&atoms[words], UINT32_MAX, &inputs) ||
        !read_whole(&atoms[words + 1], UINT32_MAX, &outputs)) {
        refuse(x, "lib needs a file and its numbers of inputs and outputs");
        return;
    }
    if (!find(x, "lib", words, atoms, path))
        return;
    gb_evaluator *evaluator = gb_evaluator_open(path, inputs, outputs, &error);
    if (!evaluator) {
        refuse(x, error.text);
        return;
    }
    keep(x, NULL, evaluator);
    answer(x->info, "opened", strrchr(path, '/') + 1);
}

/* ---- Evaluation ---- */

/* Returns how many samples a list has, or refuses it and returns 0. */
static uint32_t samples_of(t_difflogic *x, int count, uint32_t size, const char *values)
{
    char reason[128];
    if (count > 0 && size && (uint32_t)count % size == 0)
        return (uint32_t)count / size;
    snprintf(reason, sizeof reason, "each sample needs %u of the %s, and this list has %d", size,
             values, count);
    refuse(x, reason);
    return 0;
}

/* Evaluates samples of bits into atoms. Returns false if a value is not a bit. */
static bool evaluate_bits(t_difflogic *x, const t_atom *atoms, uint32_t samples, uint8_t *in,
                          uint8_t *out, t_atom *results)
{
    uint32_t bits;
    uint32_t ins = samples * gb_evaluator_inputs(x->evaluator);
    uint32_t outs = samples * gb_evaluator_outputs(x->evaluator);
    for (uint32_t k = 0; k < ins; k++) {
        if (!read_whole(&atoms[k], 1, &bits))
            return false;
        in[k] = (uint8_t)bits;
    }
    gb_evaluator_bits(x->evaluator, in, out, samples);
    for (uint32_t k = 0; k < outs; k++)
        SETFLOAT(&results[k], out[k]);
    return true;
}

/* Evaluates samples of numbers into atoms. Returns false if a value is not one. */
static bool evaluate_numbers(t_difflogic *x, const t_atom *atoms, uint32_t samples, uint32_t *in,
                             uint32_t *out, t_atom *results)
{
    uint32_t ins = samples * gb_evaluator_sources(x->evaluator);
    uint32_t outs = samples * gb_evaluator_channels(x->evaluator);
    for (uint32_t k = 0; k < ins; k++) {
        if (!read_whole(&atoms[k], UINT32_MAX, &in[k]))
            return false;
    }
    gb_evaluator_numbers(x->evaluator, in, out, samples);
    for (uint32_t k = 0; k < outs; k++)
        SETFLOAT(&results[k], (t_float)out[k]);
    return true;
}

static void numbers(t_difflogic *x, t_symbol *message, int count, t_atom *atoms)
{
    (void)message;
    uint32_t samples = 0;
    if (is_open(x))
        samples = samples_of(x, count, gb_evaluator_sources(x->evaluator), "numbers");
    if (!samples)
        return;
    size_t outs = (size_t)samples * gb_evaluator_channels(x->evaluator);
    uint32_t *in = malloc((size_t)count * sizeof *in), *out = malloc(outs * sizeof *out);
    t_atom *results = malloc(outs * sizeof *results);
    if (!in || !out || !results)
        refuse(x, "there is not enough memory for this list");
    else if (!evaluate_numbers(x, atoms, samples, in, out, results))
        refuse(x, "numbers are whole, from 0 to 4294967295");
    else
        outlet_list(x->out, &s_list, (int)outs, results);
    free(in);
    free(out);
    free(results);
}

static void bits(t_difflogic *x, t_symbol *message, int count, t_atom *atoms)
{
    uint32_t samples = 0;
    if (x->evaluator && !x->network) {
        /* The results of difflogic's libraries are sums of bits. */
        numbers(x, message, count, atoms);
        return;
    }
    if (is_open(x))
        samples = samples_of(x, count, gb_evaluator_inputs(x->evaluator), "bits");
    if (!samples)
        return;
    size_t outs = (size_t)samples * gb_evaluator_outputs(x->evaluator);
    uint8_t *in = malloc((size_t)count), *out = malloc(outs);
    t_atom *results = malloc(outs * sizeof *results);
    if (!in || !out || !results)
        refuse(x, "there is not enough memory for this list");
    else if (!evaluate_bits(x, atoms, samples, in, out, results))
        refuse(x, "bits are 0 or 1");
    else
        outlet_list(x->out, &s_list, (int)outs, results);
    free(in);
    free(out);
    free(results);
}

/* ---- Bends ---- */

/* Reads what a bend does: 0, 1, invert or off. */
static bool read_bend(const t_atom *atom, gb_bend *bend)
{
    uint32_t value;
    if (read_whole(atom, 1, &value)) {
        *bend = value ? GB_BEND_ONE : GB_BEND_ZERO;
        return true;
    }
    *bend = atom->a_type == A_SYMBOL && atom->a_w.w_symbol == gensym("invert") ? GB_BEND_INVERT
                                                                               : GB_BEND_OFF;
    return *bend == GB_BEND_INVERT ||
           (atom->a_type == A_SYMBOL && atom->a_w.w_symbol == gensym("off"));
}

/* Returns whether all atoms are nodes, or refuses them. */
static bool nodes_exist(t_difflogic *x, int count, const t_atom *atoms)
{
    uint32_t node, nodes = x->network ? gb_network_nodes(x->network) : 0;
    char reason[128];
    for (int k = 0; k < count; k++) {
        if (read_whole(&atoms[k], UINT32_MAX, &node) && (!x->network || node < nodes))
            continue;
        snprintf(reason, sizeof reason, "nodes are whole numbers from 0, and less than %u here",
                 nodes);
        refuse(x, x->network ? reason : "nodes are whole numbers from 0");
        return false;
    }
    return true;
}

static void bend(t_difflogic *x, t_symbol *message, int count, t_atom *atoms)
{
    (void)message;
    gb_bend how;
    gb_error error;
    if (!is_open(x))
        return;
    if (count < 2 || !read_bend(&atoms[count - 1], &how)) {
        refuse(x, "bend needs nodes and then 0, 1, invert or off");
        return;
    }
    if (!nodes_exist(x, count - 1, atoms))
        return;
    for (int k = 0; k < count - 1; k++) {
        uint32_t node = (uint32_t)atoms[k].a_w.w_float;
        if (!gb_evaluator_bend(x->evaluator, node, how, &error)) {
            refuse(x, error.text);
            return;
        }
    }
}

/* Ends all bends except the network's own. */
static void clear(t_difflogic *x)
{
    gb_error error;
    if (!is_open(x) || !x->network)
        return;
    gb_evaluator *evaluator = gb_evaluator_new(x->network, &error);
    if (!evaluator) {
        refuse(x, error.text);
        return;
    }
    gb_evaluator_free(x->evaluator);
    x->evaluator = evaluator;
}

/* ---- The rest ---- */

static void tell(t_difflogic *x)
{
    if (!is_open(x))
        return;
    if (x->network) {
        answer(x->info, "network", gb_network_name(x->network));
        answer_number(x->info, "nodes", gb_network_nodes(x->network));
        answer_number(x->info, "gates", gb_network_gates(x->network));
    }
    answer_number(x->info, "inputs", gb_evaluator_inputs(x->evaluator));
    answer_number(x->info, "outputs", gb_evaluator_outputs(x->evaluator));
    answer_number(x->info, "sources", gb_evaluator_sources(x->evaluator));
    answer_number(x->info, "channels", gb_evaluator_channels(x->evaluator));
}

static void refuse_message(t_difflogic *x, t_symbol *message, int count, t_atom *atoms)
{
    (void)count;
    (void)atoms;
    char reason[MAXPDSTRING + 128];
    snprintf(reason, sizeof reason,
             "%s is not a message of difflogic; send a list of bits, or numbers, bend, clear, "
             "open, lib or info", message->s_name);
    refuse(x, reason);
}

static void *new_difflogic(t_symbol *name, int count, t_atom *atoms)
{
    t_difflogic *x = (t_difflogic *)pd_new(difflogic_class);
    x->canvas = canvas_getcurrent();
    x->out = outlet_new(&x->object, &s_list);
    x->info = outlet_new(&x->object, &s_anything);
    if (count && atoms[0].a_type == A_SYMBOL && atoms[0].a_w.w_symbol == gensym("-lib"))
        open_library(x, name, count - 1, atoms + 1);
    else if (count)
        open_network(x, name, count, atoms);
    return x;
}

static void free_difflogic(t_difflogic *x)
{
    keep(x, NULL, NULL);
}

EXPORTED void difflogic_setup(void);
void difflogic_setup(void)
{
    t_class *c = class_new(gensym("difflogic"), (t_newmethod)(t_method)new_difflogic,
                           (t_method)free_difflogic, sizeof(t_difflogic), CLASS_DEFAULT, A_GIMME,
                           A_NULL);
    class_addlist(c, bits);
    class_addmethod(c, (t_method)numbers, gensym("numbers"), A_GIMME, A_NULL);
    class_addmethod(c, (t_method)numbers, gensym("number"), A_GIMME, A_NULL);
    class_addmethod(c, (t_method)bend, gensym("bend"), A_GIMME, A_NULL);
    class_addmethod(c, (t_method)clear, gensym("clear"), A_NULL);
    class_addmethod(c, (t_method)open_network, gensym("open"), A_GIMME, A_NULL);
    class_addmethod(c, (t_method)open_library, gensym("lib"), A_GIMME, A_NULL);
    class_addmethod(c, (t_method)tell, gensym("info"), A_NULL);
    class_addanything(c, refuse_message);
    difflogic_class = c;
}
