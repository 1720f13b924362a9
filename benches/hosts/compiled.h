// Plays a network that was compiled to a library: the peer that hosts are measured against.
// 64 samples are evaluated at a time, and held at the rate of the host.
#ifndef COMPILED_H
#define COMPILED_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct compiled {
    void *library;
    void (*evaluate)(const uint64_t *, uint64_t *);
    uint32_t bits, rate;
    uint32_t t, fraction;  // the next sample, and the part of it that has passed
    uint32_t group;        // the number of the group in `samples`
    float samples[64];
    uint64_t spread[256];  // the bits of a byte as the bytes of a word
} compiled;

static inline bool compiled_open(compiled *c, const char *path)
{
    memset(c, 0, sizeof *c);
    c->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!c->library) return false;
    void *evaluate = dlsym(c->library, "evaluate");
    memcpy(&c->evaluate, &evaluate, sizeof evaluate);
    c->bits = *(const uint32_t *)dlsym(c->library, "bits");
    c->rate = *(const uint32_t *)dlsym(c->library, "rate");
    c->group = UINT32_MAX;
    for (int byte = 0; byte < 256; byte++)
        for (int bit = 0; bit < 8; bit++)
            c->spread[byte] |= (uint64_t)(byte >> bit & 1) << (8 * bit);
    return true;
}

static inline void compiled_close(compiled *c)
{
    if (c->library) dlclose(c->library);
}

static inline void compiled_group(compiled *c, uint32_t group)
{
    static const uint64_t low[6] = {0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc, 0xf0f0f0f0f0f0f0f0,
                                    0xff00ff00ff00ff00, 0xffff0000ffff0000, 0xffffffff00000000};
    uint64_t planes[32], out[8];
    for (uint32_t i = 0; i < c->bits; i++)
        planes[i] = i < 6 ? low[i] : (uint64_t)0 - (group >> (i - 6) & 1);
    c->evaluate(planes, out);
    for (int j = 0; j < 8; j++) {
        uint64_t bytes = 0;
        for (int bit = 0; bit < 8; bit++) bytes |= c->spread[out[bit] >> (8 * j) & 255] << bit;
        for (int k = 0; k < 8; k++)
            c->samples[8 * j + k] = ((int)(bytes >> (8 * k) & 255) - 128) / 128.0f;
    }
    c->group = group;
}

static inline void compiled_render(compiled *c, float *out, uint32_t frames, uint32_t host_rate)
{
    for (uint32_t i = 0; i < frames; i++) {
        if (c->t / 64 != c->group) compiled_group(c, c->t / 64);
        out[i] = c->samples[c->t % 64];
        c->fraction += c->rate;
        while (c->fraction >= host_rate) {
            c->fraction -= host_rate;
            c->t++;
        }
    }
}

#endif  // COMPILED_H
