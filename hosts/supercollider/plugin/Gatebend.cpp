// The unit generator Gatebend, which plays a network.

#include <math.h>

#include "Commands.hpp"
#include "Voice.hpp"

InterfaceTable* ft;

namespace {

// Inputs, in the order of Gatebend.sc. The counts are followed by as many audio inputs,
// controls, pairs of a node and its bend, and nodes for outputs.
enum Input {
    kKey,
    kSpeed,
    kRate,
    kTrigger,
    kStart,
    kX,
    kY,
    kTouch,
    kFade,
    kInterpolation,
    kFollows,
    kTime,
    kAudioCount,
    kControlCount,
    kBendCount,
    kNodeCount,
    kFirst
};

// A bend as it was last sent; a node of -1 is none.
struct Bend {
    int node;
    int kind;
};

} // namespace

struct Gatebend : Unit {
    Voice* voice;
    uint32_t networks;
    bool started, seeks;

    // Number of each kind of input, and of outputs.
    uint32_t audio, controls, bends, channels, nodes;

    // What was last sent.
    int key, speed, rate;
    float trigger, x, y, touch;
    float* sent_controls;
    Bend* sent_bends;

    // Blocks: the input, if it is not at audio rate, and time.
    float* in[2];
    uint32_t* time;
};

namespace {

int whole(float value, int least, int most) {
    if (!(value > least)) // also what is no number
        return least;
    return value < most ? static_cast<int>(lrintf(value)) : most;
}

float share(float value) {
    if (!(value > 0))
        return 0;
    return value < 1 ? value : 1;
}

// ---- Making ----

uint32_t count(const Unit* unit, int input) {
    return whole(IN0(input), 0, 1 << 16);
}

const char* count_inputs(Gatebend* unit) {
    if (unit->mNumInputs < kFirst)
        return "the SynthDef is of another version of Gatebend";
    unit->audio = count(unit, kAudioCount);
    unit->controls = count(unit, kControlCount);
    unit->bends = count(unit, kBendCount);
    unit->nodes = count(unit, kNodeCount);
    uint32_t all = kFirst + unit->audio + unit->controls + 2 * unit->bends + unit->nodes;
    if (unit->mNumInputs != all || unit->mNumOutputs < unit->nodes)
        return "the SynthDef is of another version of Gatebend";
    unit->channels = unit->mNumOutputs - unit->nodes;
    if (unit->channels < 1 || unit->channels > 2)
        return "numChannels must be 1 or 2";
    if (unit->audio > 2)
        return "in has more than 2 channels";
    if (unit->nodes > GB_MAX_NODES)
        return "nodes has more than 32 nodes";
    return nullptr;
}

uint32_t first_control(const Gatebend* unit) {
    return kFirst + unit->audio;
}

uint32_t first_bend(const Gatebend* unit) {
    return first_control(unit) + unit->controls;
}

uint32_t first_node(const Gatebend* unit) {
    return first_bend(unit) + 2 * unit->bends;
}

// Divides one allocation into the arrays of the unit.
bool allocate(Gatebend* unit) {
    size_t block = FULLBUFLENGTH;
    size_t size = unit->bends * sizeof(Bend) + unit->controls * sizeof(float)
        + unit->audio * block * sizeof(float) + block * sizeof(uint32_t);
    char* memory = static_cast<char*>(RTAlloc(unit->mWorld, size));
    if (!memory)
        return false;
    unit->sent_bends = reinterpret_cast<Bend*>(memory);
    unit->sent_controls = reinterpret_cast<float*>(unit->sent_bends + unit->bends);
    unit->in[0] = unit->sent_controls + unit->controls;
    unit->in[1] = unit->in[0] + block;
    unit->time = reinterpret_cast<uint32_t*>(unit->in[0] + unit->audio * block);
    return true;
}

bool make_voice(Gatebend* unit) {
    Voice* voice = voice_new(unit);
    unit->voice = voice;
    if (!voice)
        return false;
    voice->follows_time = IN0(kFollows) > 0;
    voice->interpolates = IN0(kInterpolation) > 0;
    voice->options.nodes = unit->nodes;
    for (uint32_t k = 0; k < unit->nodes; k++)
        voice->nodes[k] = whole(IN0(first_node(unit) + k), 0, INT32_MAX / 2);
    voice_open(voice);
    return true;
}

// ---- Sending what has changed ----

// Forgets what the next network does not take over.
void forget(Gatebend* unit) {
    unit->touch = 0;
    for (uint32_t k = 0; k < unit->controls; k++)
        unit->sent_controls[k] = -1;
    for (uint32_t k = 0; k < unit->bends; k++)
        unit->sent_bends[k] = {-1, GB_BEND_OFF};
}

void choose(Gatebend* unit) {
    int key = whole(IN0(kKey), INT32_MIN / 2, INT32_MAX / 2);
    if (key != unit->key && voice_choose(unit->voice, key, IN0(kFade) > 0))
        unit->key = key;
}

void send_seek(Gatebend* unit, gb_player* player, int frames) {
    bool full = INRATE(kTrigger) == calc_FullRate;
    for (int k = 0; k < (full ? frames : 1); k++) {
        float trigger = IN(kTrigger)[k];
        unit->seeks = unit->seeks || (trigger > 0 && unit->trigger <= 0);
        unit->trigger = trigger;
    }
    if (unit->seeks && gb_player_send_seek(player, gb_time(IN0(kStart))))
        unit->seeks = false;
}

void send_time(Gatebend* unit, gb_player* player) {
    int speed = whole(IN0(kSpeed) * 100, -400, 400);
    if (speed != unit->speed && gb_player_send_speed(player, speed))
        unit->speed = speed;
    int rate = whole(IN0(kRate), 0, 96000);
    if (rate != unit->rate && gb_player_send_rate(player, rate))
        unit->rate = rate;
}

void send_touch(Gatebend* unit, gb_player* player) {
    float x = share(IN0(kX)), y = share(IN0(kY)), touch = share(IN0(kTouch));
    bool moved = touch > 0 && (x != unit->x || y != unit->y);
    if (touch == unit->touch && !moved)
        return;
    if (!gb_player_send_touch(player, x, y, touch > 0 ? touch : -1))
        return;
    unit->x = x;
    unit->y = y;
    unit->touch = touch;
}

void send_controls(Gatebend* unit, gb_player* player) {
    uint32_t there = unit->voice->controls.load(std::memory_order_relaxed);
    for (uint32_t k = 0; k < unit->controls && k < there; k++) {
        float position = share(IN0(first_control(unit) + k));
        float* sent = &unit->sent_controls[k];
        if (position != *sent && gb_player_send_control(player, k, position))
            *sent = position;
    }
}

void send_bend(Gatebend* unit, gb_player* player, uint32_t k) {
    uint32_t input = first_bend(unit) + 2 * k;
    int node = whole(IN0(input), -1, INT32_MAX / 2);
    int kind = whole(IN0(input + 1), GB_BEND_OFF, GB_BEND_INVERT);
    Bend* sent = &unit->sent_bends[k];
    if (node != sent->node && sent->kind != GB_BEND_OFF) {
        if (!gb_player_send_bend(player, sent->node, GB_BEND_OFF))
            return;
        sent->kind = GB_BEND_OFF;
    }
    if (node >= 0 && kind != sent->kind
        && !gb_player_send_bend(player, node, static_cast<gb_bend>(kind)))
        return;
    *sent = {node, node >= 0 ? kind : GB_BEND_OFF};
}

void send_changes(Gatebend* unit, gb_player* player, int frames) {
    uint32_t networks = unit->voice->networks.load(std::memory_order_acquire);
    if (networks != unit->networks)
        forget(unit);
    unit->networks = networks;
    send_time(unit, player);
    send_seek(unit, player, frames);
    send_controls(unit, player);
    send_touch(unit, player);
    for (uint32_t k = 0; k < unit->bends; k++)
        send_bend(unit, player, k);
}

// Returns whether the first changes are applied, before which nothing sounds.
bool has_started(Gatebend* unit, const gb_player* player) {
    unit->started = unit->started || !gb_player_is_waiting(player);
    return unit->started;
}

// ---- Playing ----

// Returns an input as a block at audio rate, in the buffer if it has another rate.
const float* audio_input(Gatebend* unit, uint32_t channel, int frames) {
    uint32_t input = kFirst + channel;
    if (INRATE(input) == calc_FullRate)
        return IN(input);
    for (int k = 0; k < frames; k++)
        unit->in[channel][k] = IN0(input);
    return unit->in[channel];
}

const uint32_t* time_input(Gatebend* unit, int frames) {
    if (!unit->voice->follows_time)
        return nullptr;
    bool full = INRATE(kTime) == calc_FullRate;
    for (int k = 0; k < frames; k++)
        unit->time[k] = gb_time(IN(kTime)[full ? k : 0]);
    return unit->time;
}

void render(Gatebend* unit, gb_player* player, int frames) {
    gb_block block = {};
    block.frames = frames;
    for (uint32_t k = 0; k < unit->audio; k++)
        block.in[k] = audio_input(unit, k, frames);
    block.time = time_input(unit, frames);
    for (uint32_t k = 0; k < unit->channels; k++)
        block.out[k] = OUT(k);
    block.nodes = unit->mOutBuf + unit->channels;
    gb_player_render(player, &block);
}

void next(Gatebend* unit, int frames) {
    choose(unit);
    gb_player* player = unit->voice->player.load(std::memory_order_acquire);
    if (player) {
        send_changes(unit, player, frames);
        if (gb_player_is_waiting(player))
            voice_update(unit->voice);
    }
    if (player && has_started(unit, player))
        render(unit, player, frames);
    else
        ClearUnitOutputs(unit, frames);
}

void construct(Gatebend* unit) {
    unit->voice = nullptr;
    unit->sent_bends = nullptr;
    ClearUnitOutputs(unit, 1);
    SETCALC(*ClearUnitOutputs);
    const char* reason = count_inputs(unit);
    if (!reason && !(allocate(unit) && make_voice(unit)))
        reason = "the server's real-time memory is full; set ServerOptions.memSize higher";
    if (reason) {
        Print("ERROR: Gatebend: synth %d: %s\n", unit->mParent->mNode.mID, reason);
        return;
    }
    unit->networks = 0;
    unit->started = false;
    unit->seeks = gb_time(IN0(kStart)) != 0;
    unit->trigger = 1;
    unit->key = INT32_MIN;
    unit->speed = 100;
    unit->rate = 0;
    forget(unit);
    choose(unit);
    SETCALC(next);
}

void destruct(Gatebend* unit) {
    if (unit->voice)
        voice_close(unit->voice);
    if (unit->sent_bends)
        RTFree(unit->mWorld, unit->sent_bends);
}

} // namespace

PluginLoad(Gatebend) {
    ft = inTable;
    DefineUnit("Gatebend", sizeof(Gatebend), reinterpret_cast<UnitCtorFunc>(construct),
               reinterpret_cast<UnitDtorFunc>(destruct), kUnitDef_CantAliasInputsToOutputs);
    define_commands();
}
