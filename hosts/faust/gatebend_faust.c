/* Networks for Faust programs, by number. */

#include "gatebend_faust.h"

#include <stdio.h>
#include <stdlib.h>

#define NETWORKS 64
#define CONTROLS 4

/* A network that is open. */
typedef struct {
    gb_evaluator *evaluator;
    uint32_t rate;
    uint32_t controls;
    double positions[64]; /* a network has at most 64 controls */
} open_network;

/* A number. The audio thread takes `next` once `old` is empty, and puts there what it played;
 * whoever opens the next network frees it. */
typedef struct {
    open_network *playing;
    open_network *next;
    open_network *old;
} slot;

static slot slots[NETWORKS];

static slot *find(int number)
{
    return number >= 0 && number < NETWORKS ? &slots[number] : NULL;
}

static open_network *read_pointer(open_network **place)
{
    return __atomic_load_n(place, __ATOMIC_ACQUIRE);
}

static open_network *exchange(open_network **place, open_network *network)
{
    return __atomic_exchange_n(place, network, __ATOMIC_ACQ_REL);
}

static void close_network(open_network *network)
{
    if (network) gb_evaluator_free(network->evaluator);
    free(network);
}

/* Fills in a network from a file. */
static bool load(open_network *opened, const char *path, gb_error *error)
{
    gb_network *network = gb_network_open(path, error);
    if (!network) return false;
    opened->evaluator = gb_evaluator_new(network, error);
    opened->rate = gb_network_rate(network);
    opened->controls = gb_network_controls(network);
    for (uint32_t i = 0; i < opened->controls && i < 64; i++)
        opened->positions[i] = gb_network_control_default(network, i);
    gb_network_free(network);
    return opened->evaluator != NULL;
}

bool gatebend_faust_open(int number, const char *path, gb_error *error)
{
    slot *chosen = find(number);
    open_network *opened = chosen ? calloc(1, sizeof *opened) : NULL;
    if (!opened) {
        const char *problem = chosen ? "there is no memory" : "networks have numbers 0 to 63";
        if (error) snprintf(error->text, sizeof error->text, "%s", problem);
        return false;
    }
    if (!load(opened, path, error)) {
        close_network(opened);
        return false;
    }
    /* In this order, or a network might wait behind one that nobody frees. */
    close_network(exchange(&chosen->next, opened));
    close_network(exchange(&chosen->old, NULL));
    return true;
}

int gatebend_faust_network(int number)
{
    char name[40];
    gb_error error = {"it names no network file"};
    slot *chosen = find(number);
    if (chosen && (read_pointer(&chosen->next) || read_pointer(&chosen->playing))) return number;
    snprintf(name, sizeof name, "GATEBEND_NETWORK_%d", number);
    const char *path = getenv(name);
    if (!path || !gatebend_faust_open(number, path, &error))
        fprintf(stderr, "gatebend: %s: %s\n", name, error.text);
    return number;
}

int gatebend_faust_rate(int network)
{
    slot *chosen = find(network);
    if (!chosen) return 0;
    open_network *newest = read_pointer(&chosen->next);
    if (!newest) newest = read_pointer(&chosen->playing);
    return newest ? (int)newest->rate : 0;
}

/* Returns what the audio thread plays from now on. */
static open_network *take(slot *chosen)
{
    if (read_pointer(&chosen->next) && !read_pointer(&chosen->old)) {
        open_network *before = exchange(&chosen->playing, exchange(&chosen->next, NULL));
        exchange(&chosen->old, before);
    }
    return read_pointer(&chosen->playing);
}

float gatebend_faust_level(int network, int channel, int t, float left, float right, float a,
                           float b, float c, float d)
{
    slot *chosen = find(network);
    open_network *playing = chosen ? take(chosen) : NULL;
    if (!playing) return 0;
    const float in[2] = {left, right};
    const float positions[CONTROLS] = {a, b, c, d};
    float out[2];
    for (uint32_t i = 0; i < CONTROLS && i < playing->controls; i++)
        playing->positions[i] = positions[i];
    gb_evaluator_frame(playing->evaluator, (uint32_t)t, in, playing->positions, out);
    return out[channel & 1];
}
