// Evaluates samples: usage: evaluate COUNT FILE [INPUTS OUTPUTS].
//
// Prints the samples of a network at the times from 0 on, one a line: of all of its numbers as
// one, if it has several. Its bits must say the same. With INPUTS and OUTPUTS, FILE is a library
// of difflogic's, and the inputs are the bits of a counter.
//
// Evaluating must not touch the heap, unless it is difflogic's: linked with --wrap.

#include <gatebend.h>
#include <stdio.h>
#include <stdlib.h>

static int guarded;

void *__real_malloc(size_t size);

void *__wrap_malloc(size_t size) {
    if (guarded) abort();
    return __real_malloc(size);
}

enum { MOST = 1 << 18 };

static uint32_t numbers[MOST], samples[MOST];
static uint8_t bits[MOST], answers[MOST];

static void numbers_of(gb_evaluator *evaluator, size_t count) {
    size_t inputs = gb_evaluator_inputs(evaluator), outputs = gb_evaluator_outputs(evaluator);
    for (uint32_t t = 0; t < count; t++) {
        numbers[t] = t;
        for (size_t bit = 0; bit < inputs; bit++) bits[t * inputs + bit] = t >> bit & 1;
    }
    guarded = 1;
    gb_evaluator_numbers(evaluator, numbers, samples, count);
    gb_evaluator_bits(evaluator, bits, answers, count);
    guarded = 0;
    for (uint32_t t = 0; t < count; t++) {
        uint32_t sample = 0;
        float frame[2];
        for (size_t bit = 0; bit < outputs; bit++) sample |= answers[t * outputs + bit] << bit;
        guarded = 1;
        gb_evaluator_frame(evaluator, t, NULL, NULL, frame);
        guarded = 0;
        if (sample != samples[t] || frame[0] != ((float)sample - 128) / 128) abort();
        printf("%u\n", sample);
    }
}

static void sums_of(gb_evaluator *evaluator, size_t count) {
    size_t inputs = gb_evaluator_inputs(evaluator), outputs = gb_evaluator_outputs(evaluator);
    for (uint32_t t = 0; t < count; t++) {
        for (size_t bit = 0; bit < inputs; bit++) numbers[t * inputs + bit] = t >> bit & 1;
    }
    gb_evaluator_numbers(evaluator, numbers, samples, count);
    for (uint32_t t = 0; t < count; t++) {
        for (size_t k = 0; k < outputs; k++) printf("%u ", samples[t * outputs + k]);
        printf("\n");
    }
}

int main(int count, char **arguments) {
    if (count != 3 && count != 5) return 2;
    gb_error error;
    size_t samples_of = (size_t)atoi(arguments[1]);
    gb_network *network = NULL;
    gb_evaluator *evaluator = NULL;
    if (count == 5) {
        uint32_t inputs = (uint32_t)atoi(arguments[3]), outputs = (uint32_t)atoi(arguments[4]);
        evaluator = gb_evaluator_open(arguments[2], inputs, outputs, &error);
    } else if ((network = gb_network_open(arguments[2], &error))) {
        evaluator = gb_evaluator_new(network, &error);
    }
    if (!evaluator) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    if (network) {
        numbers_of(evaluator, samples_of);
    } else {
        sums_of(evaluator, samples_of);
        if (gb_evaluator_bend(evaluator, 0, GB_BEND_ONE, &error)) return 1;
        fprintf(stderr, "%s\n", error.text);
    }
    gb_evaluator_free(evaluator);
    gb_network_free(network);
    return 0;
}
