// A network as straight-line C, compiled to a library that compiled.h opens.
// NETWORK is the header that `gatebend export --to c -o network.h` writes.
#include NETWORK

const uint32_t bits = NETWORK_COUNTER_BITS;
const uint32_t rate = NETWORK_SAMPLE_RATE;

void evaluate(const uint64_t *t, uint64_t *out);

void evaluate(const uint64_t *t, uint64_t *out)
{
    network_evaluate(t, out);
}
