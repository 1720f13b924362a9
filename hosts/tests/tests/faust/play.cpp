// Plays a Faust program: RATE [NAME=VALUE]... moves its sliders; frames of two 32-bit floats
// are read from standard input, and as many written to standard output. FRAME@PATH opens a
// network as number 0 before the block of 100 frames that begins there.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "faust/dsp/dsp.h"
#include "faust/gui/MapUI.h"
#include "faust/gui/meta.h"
#include "gatebend_faust.h"

<<includeIntrinsic>>

<<includeclass>>

int main(int count, char **arguments)
{
    mydsp program;
    MapUI sliders;
    program.init(std::atoi(arguments[1]));
    program.buildUserInterface(&sliders);
    size_t frame = 0, change = SIZE_MAX;
    std::string path;
    for (int i = 2; i < count; i++) {
        std::string text = arguments[i];
        size_t end = text.find('='), at = text.find('@');
        if (at != text.npos) {
            change = std::stoul(text);
            path = text.substr(at + 1);
            continue;
        }
        sliders.setParamValue(text.substr(0, end), std::strtof(text.c_str() + end + 1, nullptr));
    }
    const size_t block = 100;
    std::vector<float> in(block), in2(block), out(block), out2(block), frames(2 * block);
    float *ins[] = {in.data(), in2.data()}, *outs[] = {out.data(), out2.data()};
    bool stereo = program.getNumOutputs() == 2;
    while (size_t n = std::fread(frames.data(), 2 * sizeof(float), block, stdin)) {
        if (frame == change && !gatebend_faust_open(0, path.c_str(), nullptr)) return 1;
        frame += n;
        for (size_t i = 0; i < n; i++) in[i] = frames[2 * i], in2[i] = frames[2 * i + 1];
        program.compute(int(n), ins, outs);
        for (size_t i = 0; i < n; i++)
            frames[2 * i] = out[i], frames[2 * i + 1] = stereo ? out2[i] : out[i];
        std::fwrite(frames.data(), 2 * sizeof(float), n, stdout);
    }
    return 0;
}
