// A player whose changes a thread of the library applies, while another thread gives commands
// and this one renders: usage: threads NETWORK OTHER.
//
// Ends once everything that was sent has been applied and heard; nothing waits for a clock.

#include <gatebend.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64, COMMANDS = 300 };

static gb_network *other;

static void stop(const char *text) {
    fprintf(stderr, "%s\n", text);
    exit(1);
}

static void *command(void *player) {
    gb_error error;
    for (int i = 0; i < COMMANDS; i++) {
        const char *line = i % 2 ? "bend 20 21 1" : "clear";
        if (!gb_player_command(player, line, &error)) stop(error.text);
        if (i % 50 == 0 && !gb_player_play(player, other, &error)) stop(error.text);
    }
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    gb_error error;
    gb_network *network = gb_network_open(arguments[1], &error);
    gb_loading *loading = gb_network_open_later(arguments[2]);
    gb_options options = {.rate = 48000, .block = BLOCK, .nodes = 1, .background = true};
    gb_player *player = network ? gb_player_new(network, &options, &error) : NULL;
    if (!player) stop(error.text);

    float sound[BLOCK], node[BLOCK];
    float *const nodes[1] = {node};
    gb_block block = {.frames = BLOCK, .out = {sound, NULL}, .nodes = nodes};
    while (!gb_loading_is_done(loading)) gb_player_render(player, &block);
    other = gb_loading_end(loading, &error);
    if (!other) stop(error.text);

    pthread_t commands;
    pthread_create(&commands, NULL, command, player);
    for (uint32_t i = 0; i < 1000; i++) {
        gb_player_send_control(player, 0, (float)(i % 8) / 8);
        gb_player_send_bend(player, i % 100, i % 4);
        gb_player_render(player, &block);
    }
    pthread_join(commands, NULL);
    while (gb_player_is_waiting(player)) gb_player_render(player, &block);
    // Networks without controls have refused to move one.
    if (gb_player_update(player, &error)) stop("nothing was refused");
    if (strncmp(error.text, "no control 0", 12) != 0) stop(error.text);
    gb_player_send_network(player, network);
    while (gb_player_is_waiting(player)) gb_player_render(player, &block);
    char name[64];
    gb_player_network_name(player, name, sizeof name);
    if (strcmp(name, gb_network_name(network)) != 0) stop(name);
    gb_player_free(player);
    gb_network_free(network);
    gb_network_free(other);
    return 0;
}
