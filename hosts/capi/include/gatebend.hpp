// Gatebend for C++17: gatebend.h with owners that free what they own, and exceptions.
//
//     gatebend::Network network("song.json");
//     gatebend::Player player(network, gatebend::Options(48000, 64));
//     player.command("set speed=-1");
//     player.render(left, right, 64); // in the audio thread: noexcept, real-time safe

#ifndef GATEBEND_HPP
#define GATEBEND_HPP

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gatebend.h"

namespace gatebend {

/// Why something was refused, in one sentence.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

namespace detail {

/// Calls a function with room for its error as the last argument, and throws it if the
/// function returns null or false.
template <typename Function, typename... Arguments>
auto call(Function function, Arguments... arguments) {
    gb_error error;
    auto result = function(arguments..., &error);
    if (!result) throw Error(error.text);
    return result;
}

template <auto Free> struct Deleter {
    template <typename T> void operator()(T *pointer) const noexcept { Free(pointer); }
};

} // namespace detail

/// Options of a player.
struct Options : gb_options {
    Options(std::uint32_t rate, std::uint32_t block, std::uint32_t nodes = 0,
            bool background = false)
        : gb_options{rate, block, nodes, background} {}
};

/// A network, which never changes.
class Network {
public:
    /// Reads a file: a network, or one that gatebend build has compiled.
    explicit Network(const std::string &path)
        : network_(detail::call(gb_network_open, path.c_str())) {}

    /// Reads the text of a network file.
    static Network parse(std::string_view text) {
        return Network(detail::call(gb_network_parse, text.data(), text.size()));
    }

    std::string name() const { return gb_network_name(get()); }
    std::uint32_t rate() const noexcept { return gb_network_rate(get()); }
    std::uint32_t period() const noexcept { return gb_network_period(get()); }
    std::uint32_t nodes() const noexcept { return gb_network_nodes(get()); }
    std::uint32_t gates() const noexcept { return gb_network_gates(get()); }
    std::uint32_t channels() const noexcept { return gb_network_channels(get()); }
    std::uint32_t sample_bits() const noexcept { return gb_network_sample_bits(get()); }
    std::uint32_t audio_inputs() const noexcept { return gb_network_audio_inputs(get()); }

    /// The names of its controls, in the order of their numbers.
    std::vector<std::string> controls() const {
        std::vector<std::string> names;
        for (std::uint32_t i = 0; i < gb_network_controls(get()); i++)
            names.emplace_back(gb_network_control_name(get(), i));
        return names;
    }

    const gb_network *get() const noexcept { return network_.get(); }

private:
    explicit Network(gb_network *network) : network_(network) {}

    std::unique_ptr<gb_network, detail::Deleter<gb_network_free>> network_;
};

/// Plays a network. See gatebend.h for the threads of its functions.
class Player {
public:
    Player(const Network &network, const Options &options)
        : player_(detail::call(gb_player_new, network.get(), &options)) {}

    /// Renders a block. Real-time.
    void render(const gb_block &block) noexcept { gb_player_render(get(), &block); }

    /// Renders a block without input. Real-time.
    void render(float *left, float *right, std::uint32_t frames) noexcept {
        gb_block block{};
        block.frames = frames;
        block.out[0] = left;
        block.out[1] = right;
        render(block);
    }

    /// Plays another network, without bends.
    void play(const Network &network) { detail::call(gb_player_play, get(), network.get()); }

    /// Applies a command in words: see gb_player_command.
    void command(const std::string &line) { detail::call(gb_player_command, get(), line.c_str()); }

    void follow_time(bool follow) { detail::call(gb_player_follow_time, get(), follow); }

    void choose_nodes(const std::vector<std::uint32_t> &nodes) {
        auto count = static_cast<std::uint32_t>(nodes.size());
        detail::call(gb_player_choose_nodes, get(), nodes.data(), count);
    }

    /// Applies what the audio thread has sent.
    void update() { detail::call(gb_player_update, get()); }

    void restart(std::uint32_t rate, std::uint32_t block) {
        detail::call(gb_player_restart, get(), rate, block);
    }

    /// For what the audio thread calls: gb_player_send_bend and its like, gb_player_time.
    gb_player *get() const noexcept { return player_.get(); }

private:
    std::unique_ptr<gb_player, detail::Deleter<gb_player_free>> player_;
};

/// Evaluates single samples, in bits or numbers.
class Evaluator {
public:
    explicit Evaluator(const Network &network)
        : evaluator_(detail::call(gb_evaluator_new, network.get())) {}

    /// Opens a library that difflogic has compiled.
    Evaluator(const std::string &path, std::uint32_t inputs, std::uint32_t outputs)
        : evaluator_(detail::call(gb_evaluator_open, path.c_str(), inputs, outputs)) {}

    void bend(std::uint32_t node, gb_bend bend) {
        detail::call(gb_evaluator_bend, evaluator_.get(), node, bend);
    }

    std::uint32_t inputs() const noexcept { return gb_evaluator_inputs(evaluator_.get()); }
    std::uint32_t outputs() const noexcept { return gb_evaluator_outputs(evaluator_.get()); }
    std::uint32_t sources() const noexcept { return gb_evaluator_sources(evaluator_.get()); }
    std::uint32_t channels() const noexcept { return gb_evaluator_channels(evaluator_.get()); }

    void bits(const std::uint8_t *in, std::uint8_t *out, std::size_t count) noexcept {
        gb_evaluator_bits(evaluator_.get(), in, out, count);
    }

    void numbers(const std::uint32_t *in, std::uint32_t *out, std::size_t count) noexcept {
        gb_evaluator_numbers(evaluator_.get(), in, out, count);
    }

    void frame(std::uint32_t time, const float *in, const double *controls, float *out) noexcept {
        gb_evaluator_frame(evaluator_.get(), time, in, controls, out);
    }

private:
    std::unique_ptr<gb_evaluator, detail::Deleter<gb_evaluator_free>> evaluator_;
};

} // namespace gatebend

#endif
