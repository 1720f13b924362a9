// The peer in Csound: `aout compiled Slibrary` plays a network that was compiled to a library.
#include <csdl.h>

#include "compiled.h"

typedef struct {
    OPDS h;
    MYFLT *out;
    STRINGDAT *path;
    compiled network;
} opcode;

static int init(CSOUND *csound, opcode *p)
{
    if (!compiled_open(&p->network, p->path->data))
        return csound->InitError(csound, "compiled: %s", dlerror());
    return OK;
}

static int perform(CSOUND *csound, opcode *p)
{
    float samples[1024];
    uint32_t frames = p->h.insdshead->ksmps;
    compiled_render(&p->network, samples, frames, (uint32_t)csound->GetSr(csound));
    for (uint32_t i = 0; i < frames; i++) p->out[i] = samples[i];
    return OK;
}

static OENTRY localops[] = {
    {"compiled", sizeof(opcode), 0, 3, "a", "S", (SUBR)init, (SUBR)perform, NULL, NULL},
};

LINKAGE
