// A library with the interface of difflogic's: eight samples a call, two inputs, three outputs.

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

enum { SAMPLES = 8, INPUTS = 2, OUTPUTS = 3 };

void apply_logic_gate_net(bool const *in, int *out, size_t len) {
    int *sums = malloc(OUTPUTS * sizeof *sums);
    for (size_t i = 0; i < len * SAMPLES; i++) {
        bool a = in[i * INPUTS], b = in[i * INPUTS + 1];
        sums[0] = a + b;
        sums[1] = a ^ b;
        sums[2] = 2 * (a & b);
        for (int k = 0; k < OUTPUTS; k++) out[i * OUTPUTS + k] = sums[k];
    }
    free(sums);
}
