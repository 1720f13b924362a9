#include "Networks.hpp"

#include <pthread.h>
#include <stdlib.h>

#include "Voice.hpp"

namespace {

struct Entry {
    World* world;
    int key;
    gb_network* network;
    Entry* next;
};

Entry* entries;
Voice* voices;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

struct Locked {
    Locked() { pthread_mutex_lock(&mutex); }
    ~Locked() { pthread_mutex_unlock(&mutex); }
};

// Returns the link to the entry of a key, or to the end of the list.
Entry** find(const World* world, int key) {
    Entry** link = &entries;
    while (*link && ((*link)->world != world || (*link)->key != key))
        link = &(*link)->next;
    return link;
}

void describe(int key, const gb_network* network) {
    Print("Gatebend: %d is now %s, %u Hz, %u nodes", key, gb_network_name(network),
          gb_network_rate(network), gb_network_nodes(network));
    uint32_t controls = gb_network_controls(network);
    for (uint32_t k = 0; k < controls; k++)
        Print("%s %s", k == 0 ? ", controls:" : ",", gb_network_control_name(network, k));
    Print("\n");
}

void complain(const Voice* voice, const gb_error& error) {
    Print("ERROR: Gatebend: synth %d, key %d: %s\n", voice->synth, voice->key, error.text);
}

bool command(const Voice* voice, gb_player* player, const char* line) {
    gb_error error;
    if (gb_player_command(player, line, &error))
        return true;
    complain(voice, error);
    return false;
}

// The player keeps its nodes when its network changes.
void choose_nodes(const Voice* voice, gb_player* player) {
    gb_error error;
    uint32_t count = voice->options.nodes;
    if (count > 0 && !gb_player_choose_nodes(player, voice->nodes, count, &error))
        complain(voice, error);
}

gb_player* new_player(const Voice* voice, const gb_network* network) {
    gb_error error;
    gb_player* player = gb_player_new(network, &voice->options, &error);
    if (!player || (voice->follows_time && !gb_player_follow_time(player, true, &error))) {
        complain(voice, error);
        gb_player_free(player);
        return nullptr;
    }
    if (voice->interpolates)
        command(voice, player, "set interpolation=linear");
    choose_nodes(voice, player);
    return player;
}

bool play_next(const Voice* voice, gb_player* player, const gb_network* network) {
    gb_error error;
    command(voice, player, voice->fades ? "set swap=crossfade" : "set swap=instant");
    bool plays = gb_player_play(player, network, &error);
    if (!plays)
        complain(voice, error);
    return plays;
}

bool play_first(Voice* voice, const gb_network* network) {
    gb_player* player = new_player(voice, network);
    voice->player.store(player, std::memory_order_release);
    return player != nullptr;
}

void play(Voice* voice, const gb_network* network) {
    gb_player* player = voice->player.load(std::memory_order_relaxed);
    if (!(player ? play_next(voice, player, network) : play_first(voice, network)))
        return;
    voice->controls.store(gb_network_controls(network), std::memory_order_relaxed);
    voice->networks.fetch_add(1, std::memory_order_release);
}

void set(World* world, int key, gb_network* network) {
    Entry** link = find(world, key);
    if (!*link)
        *link = static_cast<Entry*>(calloc(1, sizeof(Entry)));
    Entry* entry = *link;
    gb_network_free(entry->network);
    entry->world = world;
    entry->key = key;
    entry->network = network;
}

} // namespace

bool networks_load(World* world, int key, const char* path) {
    gb_error error;
    gb_network* network = gb_network_open(path, &error);
    if (!network) {
        Print("ERROR: Gatebend: key %d: %s\n", key, error.text);
        return false;
    }
    Locked locked;
    set(world, key, network);
    describe(key, network);
    for (Voice* voice = voices; voice; voice = voice->next) {
        if (voice->world == world && voice->key == key)
            play(voice, network);
    }
    return true;
}

bool networks_free(World* world, int key) {
    Locked locked;
    Entry** link = find(world, key);
    Entry* entry = *link;
    if (!entry) {
        Print("ERROR: Gatebend: no network is loaded under the key %d\n", key);
        return false;
    }
    *link = entry->next;
    gb_network_free(entry->network);
    free(entry);
    return true;
}

bool networks_command(World* world, int key, const char* line) {
    Locked locked;
    bool found = false, done = true;
    for (Voice* voice = voices; voice; voice = voice->next) {
        gb_player* player = voice->player.load(std::memory_order_relaxed);
        if (voice->world != world || voice->key != key || !player)
            continue;
        found = true;
        if (!command(voice, player, line))
            done = false;
    }
    if (!found)
        Print("ERROR: Gatebend: no synth plays the key %d\n", key);
    return found && done;
}

void networks_add(Voice* voice) {
    Locked locked;
    voice->next = voices;
    voices = voice;
}

void networks_choose(Voice* voice, int key, bool fades) {
    Locked locked;
    voice->key = key;
    voice->fades = fades;
    const Entry* entry = *find(voice->world, key);
    if (entry)
        play(voice, entry->network);
    else
        Print("ERROR: Gatebend: synth %d: no network is loaded under the key %d\n", voice->synth, key);
}

void networks_update(Voice* voice) {
    Locked locked;
    gb_error error;
    gb_player* player = voice->player.load(std::memory_order_relaxed);
    if (!gb_player_update(player, &error))
        complain(voice, error);
}

void networks_remove(Voice* voice) {
    Locked locked;
    Voice** link = &voices;
    while (*link != voice)
        link = &(*link)->next;
    *link = voice->next;
    gb_player_free(voice->player.load(std::memory_order_relaxed));
}
