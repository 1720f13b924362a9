/* A test double of Bela's library: the functions that Gatebend calls, with the real
 * layout of their structures. It is strict: a call out of order aborts the process.
 *
 *     cc -shared -fPIC -pthread -o libbela.so libbela.c
 *
 * for x86_64, 64-bit ARM and 32-bit ARM. Rendering runs on a thread named bela-audio, or,
 * with --board Batch, on the thread that starts the audio.
 *
 * Compiler flags:
 *   -DWITHOUT_VERSION     no Bela_getVersion, as in old releases
 *   -DWITHOUT_MONITORING  no Bela_cpuMonitoring..., as before 1.12
 *   -DWITHOUT_GETOPT      no Bela_getopt_long, unlike any real release
 *
 * Environment variables, each with the prefix BELA_DOUBLE_, and their defaults:
 *   VERSION        1.13.0
 *   INIT           0       code that Bela_initAudio returns without setting up, if not 0
 *   START          0       code that Bela_startAudio returns without starting, if not 0
 *   INTERLEAVED    1
 *   CHANNELS       2       audio outputs; Batch has 12, as the real one
 *   ANALOG         8       analog inputs; 0 turns them off
 *   RATE           44100
 *   BLOCKS         0       number of blocks before the audio stops; 0: no limit
 *   UNDERRUNS_AT   0       first block of those that count one more underrun each
 *   UNDERRUNS      -1      number of those blocks; -1: no limit
 *   EXIT_AT        0       block in which the audio thread exits the process
 *   EXIT_ON_SOUND  0       1: the audio thread exits the process after a block with sound
 *   NEVER_RENDERS  0       1: no block comes, and the audio thread exits the process, as the
 *                          real one does after five waits of 0.1 s with pauses of 0.1 s
 *   STOP_MS        0       milliseconds that the audio thread sleeps at its end; the real one
 *                          sleeps 100 after its loop and 10 before the codec is mute, and
 *                          takes 10 to 35 for the codec's registers and the pins
 *   RENDERERS      1       threads that render each block: concurrently, except the last one,
 *                          which comes after the others have finished
 *   RENDER_LOAD    10      load of the render callback, in percent, by Bela_cpuTic and Toc;
 *                          the library's own measurement is 12.5
 *   NULL_BUFFERS   0       1: the context has counts but no buffers
 *   NULL_CLEANUP   0       1: cleanup gets no context, as always on Batch
 *   REAL_TIME      0       1: renders in real time; 0: as fast as possible
 *   HEARD          0       1: the audio inputs have sound, see below; 0: they have no buffer
 *   OUT                    file for the samples of a channel, raw f32
 *   OUT_CHANNEL    0       that channel; all even ones play the same, and all odd ones
 *   MEMORY                 file for the process's mappings after the last block
 * Analog input n is n / 16 + 1 / 256 in a block's last frame, and 0 before. Frame i of audio
 * input n is ((7919 i + 30011 n) mod 65536 - 32768) / 32768. */
#define _GNU_SOURCE
#include <getopt.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    const float *audioIn;
    float *audioOut;
    const float *analogIn;
    float *analogOut;
    uint32_t *digital;
    uint32_t audioFrames, audioInChannels, audioOutChannels;
    float audioSampleRate;
    uint32_t analogFrames, analogInChannels, analogOutChannels;
    float analogSampleRate;
    uint32_t digitalFrames, digitalChannels;
    float digitalSampleRate;
    uint64_t audioFramesElapsed;
    uint32_t multiplexerChannels, multiplexerStartingChannel;
    const float *multiplexerAnalogIn;
    uint32_t audioExpanderEnabled, flags;
    char projectName[256];
    unsigned int underrunCount;
} Context;

enum { INTERLEAVED = 1, ANALOG_PERSISTS = 2, DETECT_UNDERRUNS = 4, OFFLINE = 8 };

typedef struct {
    unsigned int length;
    void *data;
} Gains;

typedef struct {
    int periodSize, useAnalog, useDigital;
    int numAudioInChannels, numAudioOutChannels;
    int numAnalogInChannels, numAnalogOutChannels, numDigitalChannels;
    int beginMuted;
    float dacLevel, adcLevel, pgaGain[2], headphoneLevel;
    int numMuxChannels;
    unsigned int audioExpanderInputs, audioExpanderOutputs;
    int pruNumber;
    char pruFilename[256];
    int detectUnderruns, verbose, enableLED, stopButtonPin, highPerformanceMode;
    int interleave, analogOutputsPersist, uniformSampleRate;
    unsigned int audioThreadStackSize, auxiliaryTaskStackSize;
    bool (*setup)(Context *, void *);
    void (*render)(Context *, void *);
    void (*cleanup)(Context *, void *);
    int ampMutePin;
    void (*audioThreadDone)(Context *, void *);
    char *codecMode;
    Gains audioInputGains, headphoneGains, adcGains, lineOutGains;
    uint32_t disabledDigitalChannels;
    char unused[220];
    int board;
    char *projectName;
} Settings;

/* Not in the real library: marks settings that it has allocated and not freed. */
enum { MARK = 0x42454c41 };
typedef struct {
    Settings settings;
    uint32_t mark;
} Allocated;

typedef struct {
    int count;
    unsigned int currentCount;
    unsigned long long busy, total;
    struct timespec tic, toc;
    float percentage;
} CpuData;

#ifdef __arm__
_Static_assert(sizeof(Context) == 352 && offsetof(Context, underrunCount) == 348, "context");
_Static_assert(sizeof(Settings) == 656 && offsetof(Settings, audioThreadDone) == 384, "settings");
_Static_assert(offsetof(Settings, board) == 648, "settings");
#endif

static enum { NOTHING, READY, RUNNING, STOPPED, FAILED } stage = NOTHING;
static Settings settings;
static Context context;
static void *user;
static volatile int stop;
static pthread_t audio;
static FILE *out;
static CpuData cpu;
enum { BATCH = 14 };

static void require(bool held, const char *rule) {
    if (held) return;
    fprintf(stderr, "libbela double: %s\n", rule);
    abort();
}

static long number(const char *name, long fallback) {
    char variable[64];
    snprintf(variable, sizeof variable, "BELA_DOUBLE_%s", name);
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : fallback;
}

#ifndef WITHOUT_VERSION
void Bela_getVersion(int *major, int *minor, int *bugfix) {
    const char *text = getenv("BELA_DOUBLE_VERSION");
    require(sscanf(text ? text : "1.13.0", "%d.%d.%d", major, minor, bugfix) == 3,
            "BELA_DOUBLE_VERSION is three numbers");
}
#endif

static Allocated *allocated(Settings *given) {
    Allocated *whole = (Allocated *)given;
    require(given && whole->mark == MARK, "settings not allocated by Bela_InitSettings_alloc");
    return whole;
}

Settings *Bela_InitSettings_alloc(void) {
    Allocated *whole = malloc(sizeof *whole);
    memset(whole, 0xa5, sizeof *whole);
    whole->mark = MARK;
    return &whole->settings;
}

void Bela_InitSettings_free(Settings *given) {
    Allocated *whole = allocated(given);
    require(given->periodSize != (int)0xa5a5a5a5, "freed without defaults: codecMode is not set");
    require(stage != READY && stage != RUNNING && stage != STOPPED, "freed before clean-up");
    free(given->codecMode);
    whole->mark = 0;
    free(whole);
}

void Bela_defaultSettings(Settings *given) {
    allocated(given);
    memset(given, 0, sizeof *given);
    given->periodSize = 16;
    given->useAnalog = given->useDigital = 1;
    given->numAudioInChannels = given->numAudioOutChannels = 2;
    given->numAnalogInChannels = given->numAnalogOutChannels = 8;
    given->numDigitalChannels = 16;
    given->pruNumber = 1;
    given->detectUnderruns = given->enableLED = 1;
    given->stopButtonPin = 115;
    given->interleave = given->analogOutputsPersist = 1;
    given->audioThreadStackSize = given->auxiliaryTaskStackSize = 1 << 20;
    given->ampMutePin = 61;
    given->board = -1;
}

#ifndef WITHOUT_GETOPT
int Bela_getopt_long(int argc, char *const argv[], const char *short_options,
                     const struct option *long_options, Settings *given) {
    enum { PRU_NUMBER = 1000, STOP_BUTTON, BOARD, CODEC_MODE, LED, UNIFORM, UNDERRUNS };
    static const struct option options[] = {
        {"period", 1, NULL, 'p'},          {"verbose", 0, NULL, 'v'},
        {"use-analog", 1, NULL, 'N'},      {"use-digital", 1, NULL, 'G'},
        {"analog-channels", 1, NULL, 'C'}, {"pru-number", 1, NULL, PRU_NUMBER},
        {"board", 1, NULL, BOARD},         {"stop-button-pin", 1, NULL, STOP_BUTTON},
        {"codec-mode", 1, NULL, CODEC_MODE}, {"disable-led", 0, NULL, LED},
        {"uniform-sample-rate", 0, NULL, UNIFORM},
        {"detect-underruns", 1, NULL, UNDERRUNS}, {NULL, 0, NULL, 0}};
    allocated(given);
    require(argc > 0 && argv[0] && !argv[argc], "argv is a program's name, words, and NULL");
    require(short_options && !*short_options && !long_options, "options of Gatebend's own");
    int letter;
    while ((letter = getopt_long(argc, argv, "p:vN:G:C:", options, NULL)) >= 0) {
        switch (letter) {
        case 'p': given->periodSize = atoi(optarg) < 1 ? 1 : atoi(optarg); break;
        case 'v': given->verbose = 1; break;
        case 'N': given->useAnalog = atoi(optarg); break;
        case 'G': given->useDigital = atoi(optarg); break;
        case 'C': given->numAnalogInChannels = given->numAnalogOutChannels = atoi(optarg); break;
        case PRU_NUMBER: given->pruNumber = atoi(optarg); break;
        case STOP_BUTTON: given->stopButtonPin = atoi(optarg); break;
        case BOARD: given->board = strcmp(optarg, "Batch") ? 0 : BATCH; break;
        case CODEC_MODE: free(given->codecMode), given->codecMode = strdup(optarg); break;
        case LED: given->enableLED = 0; break;
        case UNIFORM: given->uniformSampleRate = 1; break;
        case UNDERRUNS: given->detectUnderruns = atoi(optarg); break;
        default: return letter;
        }
    }
    return letter;
}
#endif

int Bela_initAudio(Settings *given, void *data) {
    allocated(given);
    require(stage != FAILED, "Bela_initAudio after one that failed");
    require(stage == NOTHING, "Bela_initAudio twice");
    require(given->render, "no render callback");
    int code = number("INIT", 0);
    if (code) {
        fprintf(stderr, "libbela double: the reason for %d\n", code);
        return stage = FAILED, code;
    }
    if (given->verbose)
        fprintf(stderr, "libbela double: stop button %d, PRU %d\n", given->stopButtonPin,
                given->pruNumber);
    settings = *given;
    user = data;
    stop = 0;
    bool batch = given->board == BATCH;
    memset(&context, 0, sizeof context);
    context.audioFrames = given->periodSize;
    context.audioInChannels = context.audioOutChannels = batch ? 12 : number("CHANNELS", 2);
    context.audioSampleRate = number("RATE", 44100);
    context.analogInChannels = number("ANALOG", given->useAnalog ? given->numAnalogInChannels : 0);
    bool analog = context.analogInChannels > 0;
    context.analogOutChannels = context.analogInChannels;
    context.analogFrames = analog ? context.audioFrames / (given->uniformSampleRate ? 1 : 2) : 0;
    context.analogSampleRate = analog ? context.audioSampleRate / 2 : 0;
    context.flags = (number("INTERLEAVED", 1) ? INTERLEAVED : 0) | (batch ? OFFLINE : 0) |
                    (given->detectUnderruns ? DETECT_UNDERRUNS : 0) | ANALOG_PERSISTS;
    if (given->setup && !given->setup(&context, user)) return stage = FAILED, 1;
    return stage = READY, 0;
}

/* Index of a frame's channel in the current layout. */
static size_t place(uint32_t frame, uint32_t channel, uint32_t frames, uint32_t channels) {
    return context.flags & INTERLEAVED ? (size_t)frame * channels + channel
                                       : (size_t)channel * frames + frame;
}

typedef struct {
    Context *context;
    pthread_barrier_t *together;
} Renderer;

static void *render_too(void *argument) {
    Renderer *renderer = argument;
    pthread_barrier_wait(renderer->together);
    settings.render(renderer->context, user);
    return NULL;
}

/* Renders the block on several threads, as releases from 1.15 on can. */
static void render(Context *block) {
    long renderers = number("RENDERERS", 1);
    if (renderers <= 1) {
        settings.render(block, user);
        return;
    }
    pthread_t threads[8];
    pthread_barrier_t together;
    Renderer renderer = {block, &together};
    require(renderers <= 8, "at most 8 renderers");
    renderers--;
    pthread_barrier_init(&together, NULL, renderers);
    for (long i = 0; i < renderers; i++)
        pthread_create(&threads[i], NULL, render_too, &renderer);
    for (long i = 0; i < renderers; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&together);
    settings.render(block, user);
}

static void sleep_ms(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    if (milliseconds) nanosleep(&time, NULL);
}

/* Copies /proc/self/smaps. */
static void copy_mappings(const char *path) {
    static char part[1 << 16];
    FILE *from = fopen("/proc/self/smaps", "r"), *to = fopen(path, "w");
    require(from && to, "BELA_DOUBLE_MEMORY cannot be written");
    for (size_t length; (length = fread(part, 1, sizeof part, from)) > 0;)
        fwrite(part, 1, length, to);
    fclose(from);
    fclose(to);
}

static void loop(void) {
    enum { GUARD = 16 };
    const float guard = 12345.0f;
    uint32_t frames = context.audioFrames, channels = context.audioOutChannels;
    size_t values = (size_t)frames * channels;
    float *buffer = malloc((values + GUARD) * sizeof *buffer);
    uint32_t analog_frames = context.analogFrames, inputs = context.analogInChannels;
    float *analog = calloc((size_t)analog_frames * inputs + 1, sizeof *analog);
    uint32_t heard_channels = context.audioInChannels, played = number("OUT_CHANNEL", 0);
    float *heard = calloc((size_t)frames * heard_channels + 1, sizeof *heard);
    bool hears = number("HEARD", 0);
    if (!number("NULL_BUFFERS", 0)) {
        context.audioOut = buffer;
        context.analogIn = analog;
        if (hears) context.audioIn = heard;
    }
    for (uint32_t n = 0; n < inputs; n++)
        for (uint32_t i = 0; i < analog_frames; i++)
            analog[place(i, n, analog_frames, inputs)] =
                i == analog_frames - 1 ? n / 16.0f + 1 / 256.0f : 0;
    long blocks = number("BLOCKS", 0), underruns = number("UNDERRUNS_AT", 0);
    long late_blocks = number("UNDERRUNS", -1);
    long exit_at = number("EXIT_AT", 0), block = 0;
    bool real_time = number("REAL_TIME", 0), exit_on_sound = number("EXIT_ON_SOUND", 0);
    if (number("NEVER_RENDERS", 0)) {
        sleep_ms(900);
        exit(1);
    }
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    while (!stop) {
        block++;
        if (block == exit_at) exit(1);
        bool late = late_blocks < 0 || block < underruns + late_blocks;
        if (underruns && block >= underruns && late) context.underrunCount++;
        /* The player must not rely on a silent buffer. */
        for (size_t i = 0; i < values + GUARD; i++) buffer[i] = guard;
        for (uint32_t i = 0; hears && i < frames; i++)
            for (uint32_t n = 0; n < heard_channels; n++) {
                uint64_t value = 7919 * (context.audioFramesElapsed + i) + 30011 * n;
                heard[place(i, n, frames, heard_channels)] = (value % 65536 - 32768.0f) / 32768;
            }
        if (cpu.count && block % cpu.count == 0) cpu.percentage = 12.5f;
        render(&context);
        for (size_t i = values; i < values + GUARD; i++)
            require(buffer[i] == guard, "written beyond the block");
        for (uint32_t i = 0; context.audioOut && channels && i < frames; i++) {
            for (uint32_t n = 0; n < channels; n++) {
                float side = buffer[place(i, n, frames, channels)];
                require(isfinite(side) && fabsf(side) <= 1, "a sample is not in -1..1");
                require(side == buffer[place(i, n % 2, frames, channels)], "channels differ");
            }
            float sample = buffer[place(i, played < channels ? played : 0, frames, channels)];
            if (out) fwrite(&sample, sizeof sample, 1, out);
            if (exit_on_sound && sample != 0) exit(1);
        }
        context.audioFramesElapsed += frames;
        if (block == blocks) stop = 1;
        if (real_time) {
            due.tv_nsec += (long)(1e9 * frames / context.audioSampleRate);
            due.tv_sec += due.tv_nsec / 1000000000;
            due.tv_nsec %= 1000000000;
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
        }
    }
    context.audioOut = NULL;
    context.audioIn = NULL;
    context.analogIn = NULL;
    free(heard);
    free(buffer);
    free(analog);
    if (out) fflush(out);
    const char *path = getenv("BELA_DOUBLE_MEMORY");
    if (path) copy_mappings(path);
    sleep_ms(number("STOP_MS", 0));
    if (settings.audioThreadDone) settings.audioThreadDone(&context, user);
}

static void *audio_thread(void *unused) {
    pthread_setname_np(pthread_self(), "bela-audio");
    loop();
    return unused;
}

int Bela_startAudio(void) {
    require(stage == READY, "Bela_startAudio without Bela_initAudio");
    stop = 0;
    int code = number("START", 0);
    if (code) return stage = FAILED, code;
    const char *path = getenv("BELA_DOUBLE_OUT");
    if (path) require((out = fopen(path, "wb")) != NULL, "BELA_DOUBLE_OUT cannot be written");
    stage = RUNNING;
    if (settings.board == BATCH) return loop(), 0;
    return pthread_create(&audio, NULL, audio_thread, NULL);
}

void Bela_stopAudio(void) {
    require(stage == RUNNING, "Bela_stopAudio without Bela_startAudio");
    stop = 1;
    if (settings.board != BATCH) pthread_join(audio, NULL);
    stage = STOPPED;
}

void Bela_cleanupAudio(void) {
    require(stage == READY || stage == STOPPED, "Bela_cleanupAudio before Bela_stopAudio");
    bool without = number("NULL_CLEANUP", settings.board == BATCH);
    if (settings.cleanup) settings.cleanup(without ? NULL : &context, user);
    if (out) fclose(out), out = NULL;
    stage = NOTHING;
}

void Bela_requestStop(void) { stop = 1; }

int Bela_stopRequested(void) { return stop; }

#ifndef WITHOUT_MONITORING
int Bela_cpuMonitoringInit(int count) {
    memset(&cpu, 0, sizeof cpu);
    cpu.count = count;
    return 0;
}

CpuData *Bela_cpuMonitoringGet(void) { return &cpu; }

/* The start of an interval that is measured. */
void Bela_cpuTic(CpuData *data) {
    require(data && data->count > 0, "Bela_cpuTic without a count");
    require(data->tic.tv_sec == data->toc.tv_sec, "Bela_cpuTic twice");
    data->tic.tv_sec++;
    if (++data->currentCount < (unsigned)data->count) return;
    data->currentCount = 0;
    data->percentage = number("RENDER_LOAD", 10);
}

void Bela_cpuToc(CpuData *data) {
    require(data && ++data->toc.tv_sec == data->tic.tv_sec, "Bela_cpuToc without Bela_cpuTic");
}
#endif
