/* The players of an orchestra: each belongs to one note, and other opcodes find it by its
 * number. */

#ifndef PLAYER_H
#define PLAYER_H

#include "csdl.h"
#include "gatebend.h"

/* Most players at once. */
#define MOST_PLAYERS 4096

typedef struct player {
    uint32_t number;
    gb_player *player;
    const gb_network *network; /* what it plays, or will play next */
    uint32_t networks;         /* how many it has been given */
    bool offline;              /* time is not real: changes apply in their block */
    bool started;
    bool timed; /* time was written for this block */
    float *in[2], *out[2];
    uint32_t *time;
    uint32_t node_count;
    uint32_t nodes[GB_MAX_NODES];
    float *node_outputs[GB_MAX_NODES];
} player;

/* Makes a player with this rate and block. Returns NULL if there are too many, or if it cannot
 * play the network. */
player *player_new(CSOUND *csound, const gb_network *network, gb_options options, gb_error *error);
/* Frees a player; it may be NULL. */
void player_free(CSOUND *csound, player *player);
/* Returns the player of a number, or NULL if there is none or its note has ended. */
player *player_get(CSOUND *csound, MYFLT number);

/* Plays another network, if it is another. */
void player_play(player *player, const gb_network *network);
/* Adds a node output, and returns its place. Returns -1 if this is refused. */
int player_add_node(player *player, uint32_t node, gb_error *error);
/* Renders frames into out and node_outputs, in silence until the first changes are applied.
 * Returns false if a change was refused, with the reason. */
bool player_render(player *player, uint32_t frames, uint32_t audio, gb_error *error);

#endif
