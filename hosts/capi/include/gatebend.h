// Gatebend: networks of logic gates as sound, for C and C++.
//
// A network (gb_network) is read from a file and never changes. A player (gb_player) plays
// one: it has the state of the instrument, and renders blocks of frames. An evaluator
// (gb_evaluator) answers for single samples, in bits or numbers.
//
// Threads. A function that is marked "Real-time" neither allocates, locks, waits nor calls
// the system; those of a player are called from one thread, the audio thread. All other
// functions of a player, except gb_player_free and gb_player_restart, may be called from any
// thread, also while it renders, but not from the audio thread if that must not wait. An evaluator is used by one thread at a time.
//
// Errors. A function that can fail takes a gb_error, which may be NULL, writes one sentence
// to it, and returns NULL or false; nothing has changed then. Other pointers must be valid
// unless their function says that they may be NULL; freeing NULL is allowed. Texts are UTF-8
// and end with 0.

#ifndef GATEBEND_H
#define GATEBEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Version of this interface. Programs built for one version work with libraries of the same
// version: functions may be added, and nothing else changes.
#define GB_ABI_VERSION 1

// Most node outputs of a player.
#define GB_MAX_NODES 32

// No longer bent.
#define GB_BEND_OFF 0

// Constant 0.
#define GB_BEND_ZERO 1

// Constant 1.
#define GB_BEND_ONE 2

// The opposite of its own value.
#define GB_BEND_INVERT 3

// Evaluates single samples of a network.
typedef struct gb_evaluator gb_evaluator;

// A network that is being read.
typedef struct gb_loading gb_loading;

// A network, which never changes.
typedef struct gb_network gb_network;

// Plays a network.
typedef struct gb_player gb_player;

// One sentence in UTF-8, cut to fit and ended by 0.
typedef struct {
  char text[512];
} gb_error;

// Options of a player. Set to 0 what you do not need.
typedef struct {
  // Frames a second, 1 to 192,000.
  uint32_t rate;
  // Most frames of a call of gb_player_render, 1 to 65,536.
  uint32_t block;
  // Number of node outputs, 0 to GB_MAX_NODES.
  uint32_t nodes;
  // A thread of the library calls gb_player_update each millisecond.
  bool background;
} gb_options;

// A block of sound.
typedef struct {
  // Number of frames, 1 to gb_options.block.
  uint32_t frames;
  // Audio input, left and right, in -1..1; NULL is silence.
  const float *in[2];
  // Network time of each frame, or NULL for the player's own counter. Read only while the
  // player follows it (gb_player_follow_time).
  const uint32_t *time;
  // Output, left and right. May be the input; NULL if not needed.
  float *out[2];
  // gb_options.nodes outputs, each 0 or 1; NULL if not needed.
  float *const *nodes;
} gb_block;

// A way to bend a node: one of GB_BEND_OFF to GB_BEND_INVERT.
typedef uint32_t gb_bend;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Returns GB_ABI_VERSION of the library that is loaded. Real-time.
uint32_t gb_abi_version(void);

// Returns the version of Gatebend, such as "0.1.0". Real-time.
const char *gb_version(void);

// Returns the network time that a signal gives: rounded down, modulo 2^32; 0 if it is not a
// number. Real-time.
uint32_t gb_time(double signal);

// Reads a network file (JSON), or a compiled one (gatebend build), whose name ends in .so,
// .dylib or .dll and which is opened from the path that is given and from nowhere else.
// Returns NULL if it cannot be read. Free it with gb_network_free.
gb_network *gb_network_open(const char *path, gb_error *error);

// Reads a network from the text of a file.
gb_network *gb_network_parse(const char *text, size_t length, gb_error *error);

// Frees a network. Players that play it keep what they need.
void gb_network_free(gb_network *network);

// Returns the name; valid as long as the network. Real-time.
const char *gb_network_name(const gb_network *network);

// Returns the samples a second. Real-time.
uint32_t gb_network_rate(const gb_network *network);

// Returns the period in samples, a power of two. Real-time.
uint32_t gb_network_period(const gb_network *network);

// Returns the number of nodes: inputs, then gates. Bends name nodes by their number from 0.
// Real-time.
uint32_t gb_network_nodes(const gb_network *network);

// Returns the number of gates. Real-time.
uint32_t gb_network_gates(const gb_network *network);

// Returns the number of output channels, 1 or 2. Real-time.
uint32_t gb_network_channels(const gb_network *network);

// Returns the bits of a sample of the widest channel, 1 to 16. A narrower channel's samples are
// shifted up to as many. Real-time.
uint32_t gb_network_sample_bits(const gb_network *network);

// Returns the number of audio channels that it hears, 0 to 2: the last one that it names.
// Real-time.
uint32_t gb_network_audio_inputs(const gb_network *network);

// Returns the number of controls. Real-time.
uint32_t gb_network_controls(const gb_network *network);

// Returns the name of a control, or NULL if there is none; valid as long as the network.
// Real-time.
const char *gb_network_control_name(const gb_network *network, uint32_t control);

// Returns the position of a control in a new player, 0 to 1. Real-time.
double gb_network_control_default(const gb_network *network, uint32_t control);

// Begins to open a file in a thread of the library. End it with gb_loading_end, or with
// gb_loading_free.
gb_loading *gb_network_open_later(const char *path);

// Returns whether it is read, or was refused. Real-time.
bool gb_loading_is_done(const gb_loading *loading);

// Waits until it is read, frees the loading, and returns the network or NULL.
gb_network *gb_loading_end(gb_loading *loading, gb_error *error);

// Frees a loading without waiting: what the thread reads is freed when it is read. The library
// must stay loaded until then.
void gb_loading_free(gb_loading *loading);

// Makes a player of a network. It plays from time 0, at level 1, and crossfades to the
// networks that follow; see gb_player_command for its parameters.
gb_player *gb_player_new(const gb_network *network, const gb_options *options, gb_error *error);

// Frees a player. No other function of it may run or be called any more.
void gb_player_free(gb_player *player);

// Continues at another rate and size of blocks, with network, bends, parameters, loop and
// nodes as they are, from time 0. No real-time function of the player may run meanwhile.
bool gb_player_restart(gb_player *player, uint32_t rate, uint32_t block, gb_error *error);

// Renders the next block: (s - 2^(b-1)) / 2^(b-1) for a sample s of b bits, exactly, at
// level 1. A network of one channel is in both outputs. Frames beyond gb_options.block are not
// rendered. Real-time.
void gb_player_render(gb_player *player, const gb_block *block);

// Plays another network, without bends, from the time that it is now; the parameter `swap`
// says whether with a crossfade. Heard in the next block or, during another crossfade of 5 ms,
// after it; so are the changes that follow.
bool gb_player_play(gb_player *player, const gb_network *network, gb_error *error);

// Applies a command in words, as in scripts and on the prompt of the instrument:
//
//     bend 20 21 1       bends nodes to 0, 1 or invert, or ends bends with off
//     clear              ends all bends
//     layer add NAME, layer choose 2, layer remove 2, layer clear 2, strength 2 50
//     touch 0.3 0.7      bends what is at this place of the pad, from the top left; lift
//     set speed=-1       sets a parameter: speed, rate, interpolation (hold or linear),
//                        swap (crossfade or instant), volume (dB), bend, voices, root, ...
//     control cutoff 0.5 moves a control of the network
//     seek 0             jumps to a time; play, pause
//     loop 0 4096        repeats these times, the second one excluded; loop off
//     midi 90 3c 64      plays MIDI messages
//     undo, redo, mutate, random
//
// docs/playing.md has all of them. Presets last as long as the player. Heard in the next
// block.
bool gb_player_command(gb_player *player, const char *line, gb_error *error);

// Follows gb_block.time, or the player's own counter again. While it follows, or loops, samples
// are held, not interpolated.
bool gb_player_follow_time(gb_player *player, bool follow, gb_error *error);

// Chooses the nodes of the node outputs from the first on; the others are 0, and so are those
// that another network lacks. Keys do not change them: their time is the player's.
bool gb_player_choose_nodes(gb_player *player,
                            const uint32_t *nodes,
                            uint32_t count,
                            gb_error *error);

// Applies what the gb_player_send functions have sent, and frees what is no longer played. It
// locks and allocates: call it about each millisecond from another thread than the audio thread,
// or set gb_options.background; or before each block if nothing is in real time. Returns false
// if something was refused since the last call, such as a node that does not exist; the error
// has the first reason.
bool gb_player_update(gb_player *player,
                      gb_error *error);

// Writes the name of the network that plays, cut to fit and ended by 0.
void gb_player_network_name(const gb_player *player, char *name, size_t size);

// Bends a node, or ends its bend. This and the functions that follow
// are requests for gb_player_update, applied in their order and heard then. They return false
// if 1,024 wait already. Real-time, from the audio thread.
bool gb_player_send_bend(gb_player *player, uint32_t node, gb_bend bend);

// Touches the pad at x and y, 0 to 1 from the top left, or lifts the finger if size is
// negative; a size of 1 is the largest finger.
bool gb_player_send_touch(gb_player *player, float x, float y, float size);

// Moves a control, by its number, to a position from 0 to 1. Of several positions that wait,
// the newest counts.
bool gb_player_send_control(gb_player *player, uint32_t control, float position);

// Sets the speed in hundredths, -400 to 400.
bool gb_player_send_speed(gb_player *player, int32_t speed);

// Sets the samples a second, 1 to 96,000; 0 is the network's own rate.
bool gb_player_send_rate(gb_player *player, uint32_t rate);

// Jumps to a network time.
bool gb_player_send_seek(gb_player *player, uint32_t time);

// Plays one MIDI message of 1 to 3 bytes.
bool gb_player_send_midi(gb_player *player, const uint8_t *bytes, uint32_t length);

// Plays another network, without bends. It may be freed when this has returned.
bool gb_player_send_network(gb_player *player, const gb_network *network);

// Returns whether requests wait for gb_player_update. Real-time, from the audio thread.
bool gb_player_is_waiting(const gb_player *player);

// Returns the network time of the next frame. Real-time, from the audio thread.
uint32_t gb_player_time(const gb_player *player);

// Makes an evaluator of a network, with its own masks and without other bends.
gb_evaluator *gb_evaluator_new(const gb_network *network, gb_error *error);

// Opens a library that difflogic has compiled (apply_logic_gate_net), with its numbers of
// inputs and outputs, which it does not tell. Opened from this path and from nowhere else.
// Its outputs are the sums of its groups. It allocates in each call, so that
// gb_evaluator_bits and gb_evaluator_numbers are not real-time with it.
gb_evaluator *gb_evaluator_open(const char *path,
                                uint32_t inputs,
                                uint32_t outputs,
                                gb_error *error);

// Frees an evaluator.
void gb_evaluator_free(gb_evaluator *evaluator);

// Bends a node, or ends its bend. Networks that difflogic has compiled cannot be bent.
bool gb_evaluator_bend(gb_evaluator *evaluator, uint32_t node, gb_bend bend, gb_error *error);

// Returns the number of bits that go into a sample. Real-time.
uint32_t gb_evaluator_inputs(const gb_evaluator *evaluator);

// Returns the number of bits that come out of a sample. Real-time.
uint32_t gb_evaluator_outputs(const gb_evaluator *evaluator);

// Returns the number of numbers that go into a sample: t, sound and controls, in the order
// of the file. Real-time.
uint32_t gb_evaluator_sources(const gb_evaluator *evaluator);

// Returns the number of numbers that come out of a sample: one a channel. Real-time.
uint32_t gb_evaluator_channels(const gb_evaluator *evaluator);

// Evaluates `count` samples: of each, gb_evaluator_inputs bytes in and gb_evaluator_outputs
// bytes out, 0 or 1. Sources are in the order of the file; the least significant bit of each
// source and channel comes first. Input and output must not overlap. Real-time.
void gb_evaluator_bits(gb_evaluator *evaluator,
                       const uint8_t *input,
                       uint8_t *output,
                       size_t count);

// Evaluates `count` samples as numbers: of each, gb_evaluator_sources numbers in and
// gb_evaluator_channels samples out, of gb_network_sample_bits bits. Input and output must not
// overlap. Real-time.
void gb_evaluator_numbers(gb_evaluator *evaluator,
                          const uint32_t *input,
                          uint32_t *output,
                          size_t count);

// Evaluates one sample as a player sounds at level 1: at this time, with sound and a position
// from 0 to 1 for each control, in the order of the file. `input` and `output` are frames of
// two channels. Without `input` (NULL) there is silence, and without `controls` (NULL) they
// have their defaults. A library of difflogic is silent. Real-time.
void gb_evaluator_frame(gb_evaluator *evaluator,
                        uint32_t time,
                        const float *input,
                        const double *controls,
                        float *output);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* GATEBEND_H */
