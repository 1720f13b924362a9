/* Networks for Faust programs, by number. */

#include "gatebend_faust.h"

#include <stdio.h>
#include <stdlib.h>

#define NETWORKS 64
#define CONTROLS 4

/* A network that is open; all 0 without one. */
typedef struct {
    gb_evaluator *evaluator;
    uint32_t rate;
    uint32_t controls;
    double positions[64]; /* a network has at most 64 controls */
} open_network;

static open_network networks[NETWORKS];

static open_network *find(int number)
{
    if (number < 0 || number >= NETWORKS || !networks[number].evaluator) return NULL;
    return &networks[number];
}

bool gatebend_faust_open(int number, const char *path, gb_error *error)
{
    if (number < 0 || number >= NETWORKS) {
        if (error) snprintf(error->text, sizeof error->text, "networks have numbers 0 to 63");
        return false;
    }
    gb_network *network = gb_network_open(path, error);
    if (!network) return false;
    open_network opened = {gb_evaluator_new(network, error), gb_network_rate(network),
                           gb_network_controls(network), {0}};
    for (uint32_t i = 0; i < opened.controls && i < 64; i++)
        opened.positions[i] = gb_network_control_default(network, i);
    gb_network_free(network);
    if (!opened.evaluator) return false;
    gb_evaluator_free(networks[number].evaluator);
    networks[number] = opened;
    return true;
}

int gatebend_faust_network(int number)
{
    char name[40];
    gb_error error = {"it names no network file"};
    if (find(number)) return number;
    snprintf(name, sizeof name, "GATEBEND_NETWORK_%d", number);
    const char *path = getenv(name);
    if (!path || !gatebend_faust_open(number, path, &error))
        fprintf(stderr, "gatebend: %s: %s\n", name, error.text);
    return number;
}

int gatebend_faust_rate(int network)
{
    const open_network *found = find(network);
    return found ? (int)found->rate : 0;
}

float gatebend_faust_level(int network, int channel, int t, float left, float right, float a,
                           float b, float c, float d)
{
    open_network *found = find(network);
    if (!found) return 0;
    const float in[2] = {left, right};
    const float positions[CONTROLS] = {a, b, c, d};
    float out[2];
    for (uint32_t i = 0; i < CONTROLS && i < found->controls; i++)
        found->positions[i] = positions[i];
    gb_evaluator_frame(found->evaluator, (uint32_t)t, in, found->positions, out);
    return out[channel & 1];
}
