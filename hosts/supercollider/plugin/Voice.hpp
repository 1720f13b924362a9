// A voice: the player of one unit generator. The audio thread makes and closes it, and plays
// its player; the server's other thread makes the player, and frees it.

#pragma once

#include <atomic>

#include "SC_PlugIn.h"
#include "gatebend.h"

extern InterfaceTable* ft;

struct Voice {
    World* world;
    int synth;

    // Written before the voice is opened.
    gb_options options;
    bool follows_time;
    bool interpolates;
    uint32_t nodes[GB_MAX_NODES];

    // The player, or NULL until there is a network.
    std::atomic<gb_player*> player;
    // Number of networks that the player was given, and of controls of the newest.
    std::atomic<uint32_t> networks;
    std::atomic<uint32_t> controls;

    // For the audio thread alone: an update is requested.
    bool is_updating;

    // For the other thread alone.
    int key;
    bool fades;
    Voice* next;
};

// All of these may be called in the audio thread.

// Makes a voice, or returns NULL if real-time memory is full.
Voice* voice_new(Unit* unit);
// Opens the voice, once its settings are written.
void voice_open(Voice* voice);
// Lets the voice play the network of a key, now or once it is loaded. Returns false if
// real-time memory is full.
bool voice_choose(Voice* voice, int key, bool fades);
// Lets the other thread apply what the audio thread has sent to the player.
void voice_update(Voice* voice);
// Frees the voice and its player. Nothing may use them any more.
void voice_close(Voice* voice);
