// Prints the first samples of a network as the numbers that they are, without and with a
// bent gate.
//
//     c++ -std=c++17 bits.cpp $(pkg-config --cflags --libs gatebend) -o bits
//     ./bits ../../../assets/networks/forty-two.json

#include <array>
#include <gatebend.hpp>
#include <iostream>

static void print(gatebend::Evaluator &evaluator) {
    // A network that reads t alone: one number in, one sample out.
    std::array<std::uint32_t, 16> times{}, samples{};
    for (std::uint32_t t = 0; t < times.size(); t++) times[t] = 1000 + t;
    evaluator.numbers(times.data(), samples.data(), times.size());
    for (std::uint32_t sample : samples) std::cout << sample << ' ';
    std::cout << '\n';
}

int main(int count, char **arguments) {
    if (count != 2) {
        std::cerr << "usage: bits NETWORK.json\n";
        return 2;
    }
    try {
        gatebend::Network network(arguments[1]);
        gatebend::Evaluator evaluator(network);
        if (evaluator.sources() != 1 || evaluator.channels() != 1) {
            std::cerr << network.name() << " reads more than t, or has two channels\n";
            return 1;
        }
        print(evaluator);
        evaluator.bend(network.nodes() - 1, GB_BEND_INVERT);
        print(evaluator);
    } catch (const gatebend::Error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
