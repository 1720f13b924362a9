// The peer in SuperCollider: Compiled.ar plays the network that was compiled to the library
// COMPILED, a variable of the environment.
#include <SC_PlugIn.h>
#include <cstdlib>

#include "compiled.h"

static InterfaceTable* ft;

struct Compiled : Unit {
    compiled network;
};

static void next(Compiled* unit, int frames) {
    compiled_render(&unit->network, OUT(0), frames, static_cast<uint32_t>(SAMPLERATE));
}

void Compiled_Ctor(Compiled* unit) {
    SETCALC(next);
    const char* path = std::getenv("COMPILED");
    if (!path || !compiled_open(&unit->network, path)) {
        Print("Compiled: cannot open COMPILED\n");
        std::exit(1);
    }
    next(unit, 1);
}

void Compiled_Dtor(Compiled* unit) {
    compiled_close(&unit->network);
}

PluginLoad(Compiled) {
    ft = inTable;
    DefineDtorUnit(Compiled);
}
