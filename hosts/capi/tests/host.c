// A host that follows a script: usage: host RATE BLOCK NETWORK OUT.f32 <script
//
// A line is one of
//   render N      renders N blocks and writes left and right as floats
//   play FILE     plays another network; prepare FILE reads one in the background, and swap
//                 plays it
//   send ...      a request of the audio thread: bend NODE HOW, control N X, speed N, seek T,
//                 touch X Y SIZE, rate N, midi (a key of the keyboard), network (that of the start)
//   time N        N blocks that step through time by 3 frames at a time, from 0
//   node N NODE   N blocks whose output is the second node output, of NODE
//   restart RATE BLOCK
//   keep FILE     opens a network and frees it at the end; move OLD NEW renames a file
// or a command of gb_player_command. What is refused goes to standard error.
//
// Rendering and sending must not touch the heap: linked with --wrap, malloc and its like abort
// while they run.

#include <gatebend.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int guarded;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *old);
int __real_posix_memalign(void **place, size_t align, size_t size);

static void check(void) {
    if (guarded) abort();
}

void *__wrap_malloc(size_t size) {
    check();
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    check();
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    check();
    return __real_realloc(old, size);
}

void __wrap_free(void *old) {
    check();
    __real_free(old);
}

int __wrap_posix_memalign(void **place, size_t align, size_t size) {
    check();
    return __real_posix_memalign(place, align, size);
}

// What the interface promises to programs that were built for it. These are the sizes of
// 64-bit machines.
_Static_assert(GB_ABI_VERSION == 1, "the tests are for version 1");
_Static_assert(sizeof(gb_error) == 512, "gb_error");
_Static_assert(sizeof(gb_options) == 16, "gb_options");
_Static_assert(sizeof(gb_block) == 56, "gb_block");
_Static_assert(offsetof(gb_block, in) == 8 && offsetof(gb_block, time) == 24, "gb_block");
_Static_assert(offsetof(gb_block, out) == 32 && offsetof(gb_block, nodes) == 48, "gb_block");

enum { MOST = 4096 };

static float left[MOST], right[MOST], heard[2][MOST], unused[MOST];
static uint32_t times[MOST];
static uint32_t block_frames, rendered;
static FILE *out;

static void report(const gb_error *error) { fprintf(stderr, "refused: %s\n", error->text); }

// The signal of the tests for networks that hear.
static void fill_input(void) {
    for (uint32_t k = 0; k < block_frames; k++) {
        float value = (float)((rendered + k) * 40503u & 0xffff) / 32768.0f - 1.0f;
        heard[0][k] = value;
        heard[1][k] = -value;
    }
}

enum mode { OWN_TIME, GIVEN_TIME, NODE };

static void render(gb_player *player, unsigned blocks, enum mode mode) {
    gb_error error;
    float *const nodes[2] = {NULL, mode == NODE ? left : unused};
    for (unsigned i = 0; i < blocks; i++) {
        fill_input();
        for (uint32_t k = 0; k < block_frames; k++) times[k] = 3 * (i * block_frames + k);
        gb_block block = {
            .frames = block_frames,
            .in = {heard[0], heard[1]},
            .time = mode == GIVEN_TIME ? times : NULL,
            .out = {mode == NODE ? NULL : left, right},
            .nodes = nodes,
        };
        guarded = 1;
        gb_player_render(player, &block);
        if (gb_player_is_waiting(player) || gb_player_time(player) == UINT32_MAX) abort();
        guarded = 0;
        if (mode == NODE) memcpy(right, left, sizeof right);
        if (!gb_player_update(player, &error)) report(&error);
        for (uint32_t k = 0; k < block_frames; k++) {
            fwrite(&left[k], sizeof(float), 1, out);
            fwrite(&right[k], sizeof(float), 1, out);
        }
        rendered += block_frames;
    }
}

static void send(gb_player *player, const gb_network *first, const char *line) {
    unsigned n = 0, how = 0;
    int speed = 0;
    float x = 0, y = 0, size = 0;
    gb_error error;
    bool sent = false;
    guarded = 1;
    if (sscanf(line, "bend %u %u", &n, &how) == 2) {
        sent = gb_player_send_bend(player, n, how);
    } else if (sscanf(line, "control %u %f", &n, &x) == 2) {
        sent = gb_player_send_control(player, n, x);
    } else if (sscanf(line, "speed %d", &speed) == 1) {
        sent = gb_player_send_speed(player, speed);
    } else if (sscanf(line, "seek %u", &n) == 1) {
        sent = gb_player_send_seek(player, n);
    } else if (sscanf(line, "touch %f %f %f", &x, &y, &size) == 3) {
        sent = gb_player_send_touch(player, x, y, size);
    } else if (sscanf(line, "rate %u", &n) == 1) {
        sent = gb_player_send_rate(player, n);
    } else if (strcmp(line, "midi") == 0) {
        sent = gb_player_send_midi(player, (const uint8_t[]){0x90, 60, 100}, 3);
    } else if (strcmp(line, "network") == 0) {
        sent = gb_player_send_network(player, first);
    }
    guarded = 0;
    if (!sent) fprintf(stderr, "not sent: %s\n", line);
    if (!gb_player_update(player, &error)) report(&error);
}

int main(int count, char **arguments) {
    if (count != 5) return 2;
    gb_error error;
    gb_options options = {
        .rate = (uint32_t)atoi(arguments[1]),
        .block = (uint32_t)atoi(arguments[2]),
        .nodes = 2,
    };
    block_frames = options.block;
    if (block_frames > MOST) return 2;
    gb_network *first = gb_network_open(arguments[3], &error);
    gb_player *player = first ? gb_player_new(first, &options, &error) : NULL;
    out = fopen(arguments[4], "wb");
    if (!player) report(&error);
    if (!player || !out) return 1;
    gb_loading *loading = NULL;
    gb_network *kept[8] = {NULL};
    int keeps = 0;
    char line[4096], from[2048], to[2048];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        unsigned blocks = 0, rate = 0;
        uint32_t nodes[2] = {0, 0};
        if (sscanf(line, "render %u", &blocks) == 1) {
            render(player, blocks, OWN_TIME);
        } else if (sscanf(line, "time %u", &blocks) == 1) {
            if (!gb_player_follow_time(player, true, &error)) report(&error);
            render(player, blocks, GIVEN_TIME);
            if (!gb_player_follow_time(player, false, &error)) report(&error);
        } else if (sscanf(line, "node %u %u", &blocks, &nodes[1]) == 2) {
            if (!gb_player_choose_nodes(player, nodes, 2, &error)) report(&error);
            render(player, blocks, NODE);
        } else if (sscanf(line, "restart %u %u", &rate, &blocks) == 2) {
            if (gb_player_restart(player, rate, blocks, &error)) {
                block_frames = blocks;
            } else {
                report(&error);
            }
        } else if (strncmp(line, "keep ", 5) == 0 && keeps < 8) {
            kept[keeps] = gb_network_open(line + 5, &error);
            if (!kept[keeps++]) report(&error);
        } else if (sscanf(line, "move %2047s %2047s", from, to) == 2) {
            if (rename(from, to) != 0) perror(to);
        } else if (strncmp(line, "send ", 5) == 0) {
            send(player, first, line + 5);
        } else if (strncmp(line, "prepare ", 8) == 0) {
            gb_loading_free(loading);
            loading = gb_network_open_later(line + 8);
        } else if (strncmp(line, "play ", 5) == 0 || strcmp(line, "swap") == 0) {
            gb_network *next = strcmp(line, "swap") == 0 && loading
                                   ? gb_loading_end(loading, &error)
                                   : gb_network_open(line + 5, &error);
            if (strcmp(line, "swap") == 0) loading = NULL;
            if (!next || !gb_player_play(player, next, &error)) report(&error);
            gb_network_free(next);
        } else if (!gb_player_command(player, line, &error)) {
            report(&error);
        }
    }
    for (int i = 0; i < keeps; i++) gb_network_free(kept[i]);
    gb_loading_free(loading);
    gb_player_free(player);
    gb_network_free(first);
    return fclose(out) ? 1 : 0;
}
