// Plays a network for four seconds, bends a gate after two, and writes a WAV file.
//
//     cc song.c $(pkg-config --cflags --libs gatebend) -o song
//     ./song ../../../assets/networks/forty-two.json song.wav

#include <gatebend.h>
#include <stdio.h>
#include <stdlib.h>

enum { RATE = 48000, BLOCK = 64, SECONDS = 4 };

static void stop(const gb_error *error) {
    fprintf(stderr, "%s\n", error->text);
    exit(1);
}

static void write_number(FILE *file, uint32_t number, int bytes) {
    for (int i = 0; i < bytes; i++) fputc(number >> 8 * i & 255, file);
}

// Begins a WAV file of one channel of 16 bits.
static void write_header(FILE *file, uint32_t frames) {
    fputs("RIFF", file);
    write_number(file, 36 + 2 * frames, 4);
    fputs("WAVEfmt ", file);
    write_number(file, 16, 4);
    write_number(file, 1, 2);
    write_number(file, 1, 2);
    write_number(file, RATE, 4);
    write_number(file, 2 * RATE, 4);
    write_number(file, 2, 2);
    write_number(file, 16, 2);
    fputs("data", file);
    write_number(file, 2 * frames, 4);
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: song NETWORK.json OUT.wav\n");
        return 2;
    }
    gb_error error;
    gb_network *network = gb_network_open(arguments[1], &error);
    if (!network) stop(&error);
    gb_options options = {.rate = RATE, .block = BLOCK};
    gb_player *player = gb_player_new(network, &options, &error);
    if (!player) stop(&error);

    FILE *file = fopen(arguments[2], "wb");
    if (!file) {
        perror(arguments[2]);
        return 1;
    }
    uint32_t blocks = SECONDS * RATE / BLOCK;
    write_header(file, blocks * BLOCK);
    float sound[BLOCK];
    gb_block block = {.frames = BLOCK, .out = {sound, NULL}};
    for (uint32_t i = 0; i < blocks; i++) {
        if (i == blocks / 2 && !gb_player_command(player, "bend 20 1", &error)) stop(&error);
        gb_player_render(player, &block);
        for (int k = 0; k < BLOCK; k++) write_number(file, (uint32_t)(int)(sound[k] * 32767), 2);
    }
    gb_player_free(player);
    gb_network_free(network);
    return fclose(file) ? 1 : 0;
}
