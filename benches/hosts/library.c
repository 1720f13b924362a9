// Measures the cost of a sample in libgatebend, beside the same network as compiled C.
// Usage: library NETWORK.json NETWORK.so RATE...
// Prints the time that opening and playing the network takes, and for each rate and size of
// block nanoseconds a sample of both and their ratio.
#define _POSIX_C_SOURCE 200809L
#include <gatebend.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "compiled.h"

enum { BLOCK = 1024, BURST = 4096, ROUNDS = 301 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

static void fail(const char *message)
{
    fprintf(stderr, "%s\n", message);
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_value);
    return values[ROUNDS / 2];
}

static void render(gb_player *player, float *out, uint32_t frames)
{
    gb_block block = {.frames = frames, .out = {out, NULL}};
    gb_player_render(player, &block);
}

// Fails unless both play the same.
static void compare(gb_player *player, compiled *peer, uint32_t frames, uint32_t rate)
{
    float ours[BLOCK], theirs[BLOCK];
    for (uint32_t at = 0; at < 1 << 17; at += frames) {
        render(player, ours, frames);
        compiled_render(peer, theirs, frames, rate);
        if (memcmp(ours, theirs, frames * sizeof *ours) != 0) fail("the sounds differ");
    }
}

static void measure(const gb_network *network, const char *library, uint32_t rate, uint32_t frames)
{
    static double ours[ROUNDS], theirs[ROUNDS];
    static compiled peer;
    float out[BLOCK];
    gb_error error;
    gb_options options = {.rate = rate, .block = frames};
    gb_player *player = gb_player_new(network, &options, &error);
    if (!player) fail(error.text);
    if (!compiled_open(&peer, library)) fail(dlerror());
    compare(player, &peer, frames, rate);
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (uint32_t at = 0; at < BURST; at += frames) render(player, out, frames);
        double middle = now();
        for (uint32_t at = 0; at < BURST; at += frames) compiled_render(&peer, out, frames, rate);
        ours[round] = (middle - start) / BURST;
        theirs[round] = (now() - middle) / BURST;
    }
    double own = median(ours), peers = median(theirs);
    printf("%8u %6u %10.2f %10.2f %8.2f\n", rate, frames, own, peers, own / peers);
    compiled_close(&peer);
    gb_player_free(player);
}

// Returns the milliseconds from the file to a network that is heard in the next block.
static double load(const char *path, gb_player *player)
{
    static double times[ROUNDS];
    gb_error error;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        gb_network *network = gb_network_open(path, &error);
        if (!network || !gb_player_play(player, network, &error)) fail(error.text);
        times[round] = (now() - start) / 1e6;
        gb_network_free(network);
    }
    return median(times);
}

int main(int count, char **arguments)
{
    if (count < 4) fail("usage: library NETWORK.json NETWORK.so RATE...");
    gb_error error;
    gb_network *network = gb_network_open(arguments[1], &error);
    if (!network) fail(error.text);
    gb_options options = {.rate = 48000, .block = 64};
    gb_player *player = gb_player_new(network, &options, &error);
    if (!player) fail(error.text);
    printf("%u gates opened and played in %.2f ms\n", gb_network_gates(network),
           load(arguments[1], player));
    gb_player_free(player);
    printf("    rate  block       ours   compiled    ratio\n");
    for (int i = 3; i < count; i++)
        for (uint32_t frames = 16; frames <= BLOCK; frames *= 4)
            measure(network, arguments[2], (uint32_t)atoi(arguments[i]), frames);
    gb_network_free(network);
    return 0;
}
