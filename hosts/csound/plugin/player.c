#include "player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct players {
    uint32_t last;
    player *players[MOST_PLAYERS];
} players;

static const char *const VARIABLE = "gatebend_players";

static players *players_of(CSOUND *csound) {
    players *players = csound->QueryGlobalVariable(csound, VARIABLE);
    if (!players && csound->CreateGlobalVariable(csound, VARIABLE, sizeof(*players)) == 0)
        players = csound->QueryGlobalVariable(csound, VARIABLE);
    return players;
}

/* Gives a player a number that no player had for long. */
static bool number_player(CSOUND *csound, player *player) {
    players *players = players_of(csound);
    for (uint32_t k = 0; players && k < MOST_PLAYERS; k++) {
        uint32_t number = ++players->last & 0xffffff; /* exact in any MYFLT */
        if (number != 0 && !players->players[number % MOST_PLAYERS]) {
            player->number = number;
            players->players[number % MOST_PLAYERS] = player;
            return true;
        }
    }
    return false;
}

player *player_get(CSOUND *csound, MYFLT number) {
    players *players = players_of(csound);
    if (!players || !(number >= 1 && number <= 0xffffff))
        return NULL;
    player *player = players->players[(uint32_t)number % MOST_PLAYERS];
    return player && player->number == (uint32_t)number ? player : NULL;
}

/* Returns whether Csound writes a file, or nothing: then nobody waits for a block. */
static bool is_offline(CSOUND *csound) {
#if CS_VERSION >= 7
    const OPARMS *options = csound->GetOParms(csound);
#else
    OPARMS copy, *options = &copy;
    csound->GetOParms(csound, &copy);
#endif
    const char *name = options->outfilename;
    if (!options->sfwrite || !name)
        return !options->RTevents;
    return strncmp(name, "dac", 3) != 0 && strncmp(name, "devaudio", 8) != 0;
}

static bool allocate(player *player, uint32_t block) {
    float *memory = calloc(5 * (size_t)block, sizeof(float));
    if (!memory)
        return false;
    player->in[0] = memory;
    player->in[1] = memory + block;
    player->out[0] = memory + 2 * block;
    player->out[1] = memory + 3 * block;
    player->time = (uint32_t *)(memory + 4 * block);
    return true;
}

static player *fail(player *player, gb_error *error, const char *reason) {
    if (reason)
        snprintf(error->text, sizeof(error->text), "%s", reason);
    if (player) {
        gb_player_free(player->player);
        free(player->in[0]);
        free(player);
    }
    return NULL;
}

player *player_new(CSOUND *csound, const gb_network *network, gb_options options, gb_error *error) {
    player *player = calloc(1, sizeof(*player));
    if (!player || !allocate(player, options.block))
        return fail(player, error, "memory is full");
    player->offline = is_offline(csound);
    player->network = network;
    options.nodes = GB_MAX_NODES;
    options.background = !player->offline;
    player->player = gb_player_new(network, &options, error);
    if (!player->player)
        return fail(player, error, NULL);
    if (!number_player(csound, player))
        return fail(player, error, "too many players");
    return player;
}

void player_free(CSOUND *csound, player *player) {
    if (!player)
        return;
    players_of(csound)->players[player->number % MOST_PLAYERS] = NULL;
    gb_player_free(player->player);
    free(player->node_outputs[0]);
    free(player->in[0]);
    free(player);
}

void player_play(player *player, const gb_network *network) {
    if (network == player->network || !gb_player_send_network(player->player, network))
        return;
    player->network = network;
    player->networks++;
}

static bool allocate_nodes(player *player) {
    uint32_t block = player->in[1] - player->in[0];
    float *memory = calloc(GB_MAX_NODES * (size_t)block, sizeof(float));
    for (uint32_t k = 0; memory && k < GB_MAX_NODES; k++)
        player->node_outputs[k] = memory + k * block;
    return memory != NULL;
}

int player_add_node(player *player, uint32_t node, gb_error *error) {
    uint32_t count = player->node_count;
    if (count == GB_MAX_NODES || (count == 0 && !player->node_outputs[0] && !allocate_nodes(player))) {
        snprintf(error->text, sizeof(error->text), "a player has at most %d node outputs", GB_MAX_NODES);
        return -1;
    }
    player->nodes[count] = node;
    if (!gb_player_choose_nodes(player->player, player->nodes, count + 1, error))
        return -1;
    player->node_count = count + 1;
    return (int)count;
}

static void silence(player *player, uint32_t frames) {
    size_t size = frames * sizeof(float);
    memset(player->out[0], 0, size);
    memset(player->out[1], 0, size);
    for (uint32_t k = 0; k < player->node_count; k++)
        memset(player->node_outputs[k], 0, size);
}

bool player_render(player *player, uint32_t frames, uint32_t audio, gb_error *error) {
    bool done = !player->offline || gb_player_update(player->player, error);
    if (!player->started && gb_player_is_waiting(player->player)) {
        silence(player, frames);
        return done;
    }
    player->started = true;
    gb_block block = {
        .frames = frames,
        .in = {audio > 0 ? player->in[0] : NULL, audio > 1 ? player->in[1] : NULL},
        .time = player->timed ? player->time : NULL,
        .out = {player->out[0], player->out[1]},
        .nodes = player->node_count > 0 ? player->node_outputs : NULL,
    };
    if (frames > 0)
        gb_player_render(player->player, &block);
    return done;
}
