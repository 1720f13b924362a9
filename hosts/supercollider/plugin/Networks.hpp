// The networks that are loaded, by key, and the voices that play them. All functions lock, so
// none may be called in the audio thread of a server in real time.

#pragma once

struct Voice;
struct World;

// Loads a network file under a key. Voices with this key play it.
bool networks_load(World* world, int key, const char* path);
// Frees the network of a key. Voices play on.
bool networks_free(World* world, int key);
// Gives a command in words to the players of all voices with this key.
bool networks_command(World* world, int key, const char* line);

// Adds a voice, which has no player yet.
void networks_add(Voice* voice);
// Lets a voice play the network of a key, now or once it is loaded.
void networks_choose(Voice* voice, int key, bool fades);
// Applies what the audio thread has sent to a voice's player.
void networks_update(Voice* voice);
// Removes a voice and frees its player.
void networks_remove(Voice* voice);
