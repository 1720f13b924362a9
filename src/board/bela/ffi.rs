//! C declarations of the part of `Bela.h` that Gatebend uses.
//!
//! Fields follow API 1.13; releases up to 1.18 have the same layout up to the last field
//! declared here. The rest of the settings differs between releases and processors and
//! is not declared. Rust code therefore never creates either structure: contexts come
//! with a callback, settings from the library.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_long, c_uint, c_ulonglong, c_void};
use std::mem::{align_of, offset_of, size_of};

/// `BelaContext`: one callback's buffers and their format.
#[repr(C)]
pub struct Context {
    pub audio_in: *const f32,
    pub audio_out: *mut f32,
    pub analog_in: *const f32,
    pub analog_out: *mut f32,
    pub digital: *mut u32,
    pub audio_frames: u32,
    pub audio_in_channels: u32,
    pub audio_out_channels: u32,
    pub audio_sample_rate: f32,
    pub analog_frames: u32,
    pub analog_in_channels: u32,
    pub analog_out_channels: u32,
    pub analog_sample_rate: f32,
    pub digital_frames: u32,
    pub digital_channels: u32,
    pub digital_sample_rate: f32,
    pub audio_frames_elapsed: u64,
    pub multiplexer_channels: u32,
    pub multiplexer_starting_channel: u32,
    pub multiplexer_analog_in: *const f32,
    pub audio_expander_enabled: u32,
    pub flags: u32,
    pub project_name: [c_char; 256],
    pub underrun_count: c_uint,
}

/// Bit of [`Context::flags`]: samples are ordered frame by frame; if it is clear, channel
/// by channel.
pub const INTERLEAVED: u32 = 1 << 0;
/// Bit of [`Context::flags`]: blocks are rendered as fast as possible, not in real time.
pub const OFFLINE: u32 = 1 << 3;

pub type SetupFn = unsafe extern "C" fn(*mut Context, *mut c_void) -> bool;
pub type CallbackFn = unsafe extern "C" fn(*mut Context, *mut c_void);

/// The beginning of `BelaInitSettings`.
#[repr(C)]
pub struct Settings {
    pub period_size: c_int,
    pub use_analog: c_int,
    pub use_digital: c_int,
    pub num_audio_in_channels: c_int,
    pub num_audio_out_channels: c_int,
    pub num_analog_in_channels: c_int,
    pub num_analog_out_channels: c_int,
    pub num_digital_channels: c_int,
    pub begin_muted: c_int,
    pub dac_level: f32,
    pub adc_level: f32,
    pub pga_gain: [f32; 2],
    pub headphone_level: f32,
    pub num_mux_channels: c_int,
    pub audio_expander_inputs: c_uint,
    pub audio_expander_outputs: c_uint,
    pub pru_number: c_int,
    pub pru_filename: [c_char; 256],
    pub detect_underruns: c_int,
    pub verbose: c_int,
    pub enable_led: c_int,
    pub stop_button_pin: c_int,
    pub high_performance_mode: c_int,
    pub interleave: c_int,
    pub analog_outputs_persist: c_int,
    pub uniform_sample_rate: c_int,
    pub audio_thread_stack_size: c_uint,
    pub auxiliary_task_stack_size: c_uint,
    pub setup: Option<SetupFn>,
    pub render: Option<CallbackFn>,
    pub cleanup: Option<CallbackFn>,
    pub amp_mute_pin: c_int,
    pub audio_thread_done: Option<CallbackFn>,
}

/// `BelaCpuData`, from API 1.12 on: a measurement of the share of time that passes between
/// a tic and its toc, averaged over `count` tics. `tic` and `toc` are `struct timespec`s, whose fields
/// are as wide as a long in the board's C library.
#[repr(C)]
#[derive(Default)]
pub struct CpuData {
    pub count: c_uint,
    pub current_count: c_uint,
    pub busy: c_ulonglong,
    pub total: c_ulonglong,
    pub tic: [c_long; 2],
    pub toc: [c_long; 2],
    pub percentage: f32,
}

pub type GetVersionFn = unsafe extern "C" fn(*mut c_int, *mut c_int, *mut c_int);
pub type AllocSettingsFn = unsafe extern "C" fn() -> *mut Settings;
pub type SettingsFn = unsafe extern "C" fn(*mut Settings);
/// The fourth argument is a `const struct option *`, always null here.
pub type GetoptLongFn = unsafe extern "C" fn(
    c_int,
    *const *mut c_char,
    *const c_char,
    *const c_void,
    *mut Settings,
) -> c_int;
pub type InitAudioFn = unsafe extern "C" fn(*mut Settings, *mut c_void) -> c_int;
pub type QueryFn = unsafe extern "C" fn() -> c_int;
pub type ActionFn = unsafe extern "C" fn();
pub type CpuMonitoringInitFn = unsafe extern "C" fn(c_int) -> c_int;
pub type CpuMonitoringGetFn = unsafe extern "C" fn() -> *mut CpuData;
pub type CpuMarkFn = unsafe extern "C" fn(*mut CpuData);

// Variables of the C library's getopt, which Bela's getopt calls.
unsafe extern "C" {
    pub static mut optind: c_int;
    pub static mut opterr: c_int;
    pub static mut optopt: c_int;
}

/// Asserts each field's offset: the board's, with pointers of 4 and of 8 bytes.
macro_rules! offsets {
    ($type:ident: $($field:ident $narrow:literal $wide:literal,)*) => {
        const _: () = {
            $(assert!(
                offset_of!($type, $field)
                    == if cfg!(target_pointer_width = "32") { $narrow } else { $wide }
            );)*
        };
    };
}

offsets! { Context:
    audio_in 0 0,
    audio_out 4 8,
    analog_in 8 16,
    analog_out 12 24,
    digital 16 32,
    audio_frames 20 40,
    audio_in_channels 24 44,
    audio_out_channels 28 48,
    audio_sample_rate 32 52,
    analog_frames 36 56,
    analog_in_channels 40 60,
    analog_out_channels 44 64,
    analog_sample_rate 48 68,
    digital_frames 52 72,
    digital_channels 56 76,
    digital_sample_rate 60 80,
    audio_frames_elapsed 64 88,
    multiplexer_channels 72 96,
    multiplexer_starting_channel 76 100,
    multiplexer_analog_in 80 104,
    audio_expander_enabled 84 112,
    flags 88 116,
    project_name 92 120,
    underrun_count 348 376,
}

offsets! { Settings:
    period_size 0 0,
    use_analog 4 4,
    use_digital 8 8,
    num_audio_in_channels 12 12,
    num_audio_out_channels 16 16,
    num_analog_in_channels 20 20,
    num_analog_out_channels 24 24,
    num_digital_channels 28 28,
    begin_muted 32 32,
    dac_level 36 36,
    adc_level 40 40,
    pga_gain 44 44,
    headphone_level 52 52,
    num_mux_channels 56 56,
    audio_expander_inputs 60 60,
    audio_expander_outputs 64 64,
    pru_number 68 68,
    pru_filename 72 72,
    detect_underruns 328 328,
    verbose 332 332,
    enable_led 336 336,
    stop_button_pin 340 340,
    high_performance_mode 344 344,
    interleave 348 348,
    analog_outputs_persist 352 352,
    uniform_sample_rate 356 356,
    audio_thread_stack_size 360 360,
    auxiliary_task_stack_size 364 364,
    setup 368 368,
    render 372 376,
    cleanup 376 384,
    amp_mute_pin 380 392,
    audio_thread_done 384 400,
}

offsets! { CpuData:
    count 0 0,
    current_count 4 4,
    busy 8 8,
    total 16 16,
    tic 24 24,
    toc 32 40,
    percentage 40 56,
}

// Nothing is read beyond the end of the shortest context, API 1.11's.
#[cfg(target_arch = "arm")]
const _: () = assert!(size_of::<Context>() == 352 && align_of::<Context>() == 8);
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Context>() <= 392 && align_of::<Context>() == 8);
const _: () = assert!(size_of::<c_int>() == 4 && size_of::<bool>() == 1);

/// Comparison with the bindings that `bela-sys` generates from a Gem's headers.
#[cfg(all(test, target_arch = "x86_64"))]
mod generated {
    use super::{offset_of, size_of};

    /// Returns a field's width, from the type that its accessor returns.
    fn width<T, F>(_: impl Fn(&T) -> &F) -> usize {
        size_of::<F>()
    }

    macro_rules! same {
        ($test:ident $ours:ident $generated:ident: $($field:ident $generated_field:ident,)*) => {
            #[test]
            fn $test() {
                $(assert_eq!(
                    (
                        offset_of!(super::$ours, $field),
                        width(|ours: &super::$ours| &ours.$field),
                    ),
                    (
                        offset_of!(bela_sys::$generated, $generated_field),
                        width(|generated: &bela_sys::$generated| &generated.$generated_field),
                    ),
                    stringify!($field)
                );)*
            }
        };
    }

    same! { context_matches_the_generated_one Context BelaContext:
        audio_in audioIn,
        audio_out audioOut,
        analog_in analogIn,
        analog_out analogOut,
        digital digital,
        audio_frames audioFrames,
        audio_in_channels audioInChannels,
        audio_out_channels audioOutChannels,
        audio_sample_rate audioSampleRate,
        analog_frames analogFrames,
        analog_in_channels analogInChannels,
        analog_out_channels analogOutChannels,
        analog_sample_rate analogSampleRate,
        digital_frames digitalFrames,
        digital_channels digitalChannels,
        digital_sample_rate digitalSampleRate,
        audio_frames_elapsed audioFramesElapsed,
        multiplexer_channels multiplexerChannels,
        multiplexer_starting_channel multiplexerStartingChannel,
        multiplexer_analog_in multiplexerAnalogIn,
        audio_expander_enabled audioExpanderEnabled,
        flags flags,
        project_name projectName,
        underrun_count underrunCount,
    }

    same! { settings_match_the_generated_ones Settings BelaInitSettings:
        period_size periodSize,
        use_analog useAnalog,
        use_digital useDigital,
        num_audio_in_channels numAudioInChannels,
        num_audio_out_channels numAudioOutChannels,
        num_analog_in_channels numAnalogInChannels,
        num_analog_out_channels numAnalogOutChannels,
        num_digital_channels numDigitalChannels,
        begin_muted beginMuted,
        dac_level dacLevel,
        adc_level adcLevel,
        pga_gain pgaGain,
        headphone_level headphoneLevel,
        num_mux_channels numMuxChannels,
        audio_expander_inputs audioExpanderInputs,
        audio_expander_outputs audioExpanderOutputs,
        pru_number pruNumber,
        pru_filename pruFilename,
        detect_underruns detectUnderruns,
        verbose verbose,
        enable_led enableLED,
        stop_button_pin stopButtonPin,
        high_performance_mode highPerformanceMode,
        interleave interleave,
        analog_outputs_persist analogOutputsPersist,
        uniform_sample_rate uniformSampleRate,
        audio_thread_stack_size audioThreadStackSize,
        auxiliary_task_stack_size auxiliaryTaskStackSize,
        setup setup,
        render render,
        cleanup cleanup,
        amp_mute_pin ampMutePin,
        audio_thread_done audioThreadDone,
    }

    same! { cpu_data_matches_the_generated_one CpuData BelaCpuData:
        count count,
        current_count currentCount,
        busy busy,
        total total,
        tic tic,
        toc toc,
        percentage percentage,
    }

    #[test]
    fn flags_match_the_generated_ones() {
        assert_eq!(super::INTERLEAVED, bela_sys::BELA_FLAG_INTERLEAVED);
        assert_eq!(super::OFFLINE, bela_sys::BELA_FLAG_OFFLINE);
    }

    #[test]
    fn the_newest_known_release_is_the_bindings_one() {
        let version = (bela_sys::BELA_MAJOR_VERSION, bela_sys::BELA_MINOR_VERSION);
        assert_eq!(version, super::super::NEWEST_KNOWN);
    }
}
