/* Gatebend: what a compiled network exports (gatebend build).
 *
 * A compiled network is a shared library of these names. Whoever opens one finds them with
 * dlsym or GetProcAddress, and uses none but the first if that is not 1. */

#ifndef GATEBEND_COMPILED_H
#define GATEBEND_COMPILED_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of this interface: 1. */
extern const uint32_t gatebend_compiled_version;

/* The network that was compiled, as the text of a network file, ended by 0. It has the rate,
 * the sources, the encoding of samples and the gates. */
extern const char gatebend_compiled_network[];

/* Number of input bits: those of t, then those of the other sources in their order. */
extern const uint32_t gatebend_compiled_inputs;
/* Number of output bits, in the order of the network's outputs. */
extern const uint32_t gatebend_compiled_outputs;

/* Evaluates groups of 64 samples. Bit k of each word belongs to sample k of its group. A group
 * has one word for each input bit in `in`, the least significant bit of each source first, and
 * one word for each output bit in `out`. Neither allocates nor waits. */
void gatebend_compiled_evaluate(const uint64_t *in, uint64_t *out, size_t groups);

#ifdef __cplusplus
}
#endif

#endif
