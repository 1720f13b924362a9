#include "Voice.hpp"

#include <new>

#include "Networks.hpp"

// The server's other thread serves requests one after another, in their order. So a voice is
// added before it is told what to play, and is removed last. The audio thread frees the memory
// of a request that is served; it has no other stages, so each returns false.

namespace {

struct Choice {
    Voice* voice;
    int key;
    bool fades;
};

bool serve_add(World*, void* data) {
    networks_add(static_cast<Voice*>(data));
    return false;
}

bool serve_choice(World*, void* data) {
    const Choice* choice = static_cast<Choice*>(data);
    networks_choose(choice->voice, choice->key, choice->fades);
    return false;
}

bool serve_update(World*, void* data) {
    networks_update(static_cast<Voice*>(data));
    return false;
}

void updated(World*, void* data) {
    static_cast<Voice*>(data)->is_updating = false;
}

bool serve_removal(World*, void* data) {
    networks_remove(static_cast<Voice*>(data));
    return false;
}

void keep(World*, void*) {}

void release(World* world, void* data) {
    RTFree(world, data);
}

void request(World* world, AsyncStageFn serve, void* data, AsyncFreeFn then) {
    DoAsynchronousCommand(world, nullptr, "", data, serve, nullptr, nullptr, then, 0, nullptr);
}

} // namespace

Voice* voice_new(Unit* unit) {
    World* world = unit->mWorld;
    void* memory = RTAlloc(world, sizeof(Voice));
    if (!memory)
        return nullptr;
    Voice* voice = new (memory) Voice();
    voice->world = world;
    voice->synth = unit->mParent->mNode.mID;
    voice->options.rate = static_cast<uint32_t>(FULLRATE + 0.5);
    voice->options.block = FULLBUFLENGTH;
    return voice;
}

void voice_open(Voice* voice) {
    request(voice->world, serve_add, voice, keep);
}

bool voice_choose(Voice* voice, int key, bool fades) {
    void* memory = RTAlloc(voice->world, sizeof(Choice));
    if (!memory)
        return false;
    request(voice->world, serve_choice, new (memory) Choice{voice, key, fades}, release);
    return true;
}

void voice_update(Voice* voice) {
    if (voice->is_updating)
        return;
    voice->is_updating = true;
    request(voice->world, serve_update, voice, updated);
}

void voice_close(Voice* voice) {
    request(voice->world, serve_removal, voice, release);
}
