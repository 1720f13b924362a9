//! The callbacks: what the library calls, and what they call in turn.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::block::Block;
use super::ffi;
use super::library::Library;

/// What the library gives, for as long as the audio lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Frames a second.
    pub rate: u32,
    /// Frames a block.
    pub frames: u32,
    /// Channels to play on, all alike.
    pub channels: u32,
    /// Analog inputs.
    pub analog_inputs: u32,
    /// Blocks follow as fast as they are rendered, not at the pace of time.
    pub offline: bool,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} channels, {} Hz, blocks of {} frames",
            self.channels, self.rate, self.frames
        )
    }
}

/// What plays. One callback at a time is called, on whatever thread: set up on
/// the one that makes the session, rendered on the audio thread.
pub trait Player: Send {
    /// Gets ready for a format, before any block; false refuses it. May allocate.
    fn setup(&mut self, format: &Format) -> bool;

    /// Plays a block, which is silent if nothing is written. On the audio thread:
    /// must not allocate, wait, call the system or wake a thread. A panic is
    /// caught, and silence for good.
    fn render(&mut self, block: &mut Block<'_>);
}

/// All that the callbacks need. They come with a pointer to it, and have no more
/// than shared access; `busy` says who has the player.
pub(super) struct Callbacks {
    library: &'static Library,
    /// Where the library measures its load, while it does.
    cpu: *const ffi::CpuData,
    busy: AtomicBool,
    player: UnsafeCell<Box<dyn Player>>,
    format: OnceLock<Format>,
    refused: AtomicBool,
    panicked: AtomicBool,
    ended: AtomicBool,
}

// SAFETY: the player, which is `Send`, is used by one thread at a time, the one
// that has set `busy`. What `cpu` points to is read on the thread that writes it.
unsafe impl Sync for Callbacks {}

impl Callbacks {
    pub(super) fn new(
        library: &'static Library,
        cpu: *const ffi::CpuData,
        player: Box<dyn Player>,
    ) -> Callbacks {
        Callbacks {
            library,
            cpu,
            busy: AtomicBool::new(false),
            player: UnsafeCell::new(player),
            format: OnceLock::new(),
            refused: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        }
    }

    pub(super) fn format(&self) -> Option<Format> {
        self.format.get().copied()
    }

    /// The player has refused the format.
    pub(super) fn refused(&self) -> bool {
        self.refused.load(Ordering::Acquire)
    }

    /// The player has panicked.
    pub(super) fn panicked(&self) -> bool {
        self.panicked.load(Ordering::Acquire)
    }

    /// The audio thread has ended.
    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Works unless another thread does: releases that render on several threads
    /// at once exist.
    fn alone<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        if self.busy.swap(true, Ordering::Acquire) {
            return None;
        }
        let outcome = work();
        self.busy.store(false, Ordering::Release);
        Some(outcome)
    }

    /// Asks the player; none if it panics, or has before.
    ///
    /// # Safety
    /// Alone.
    unsafe fn ask<T>(&self, question: impl FnOnce(&mut dyn Player) -> T) -> Option<T> {
        if self.panicked() {
            return None;
        }
        // SAFETY: nobody else is here.
        let player = unsafe { &mut *self.player.get() };
        match catch_unwind(AssertUnwindSafe(|| question(&mut **player))) {
            Ok(answer) => Some(answer),
            Err(payload) => {
                // Dropping it could panic again.
                mem::forget(payload);
                self.panicked.store(true, Ordering::Release);
                self.library.request_stop();
                None
            }
        }
    }

    /// Load in thousandths, where the library measures it on this thread: beyond
    /// these sizes some boards render on a second one.
    fn load(&self, context: &ffi::Context) -> Option<u32> {
        let (frames, channels) = (context.audio_frames, context.audio_out_channels);
        let here = frames <= 32 || frames <= 128 && channels <= 2;
        if self.cpu.is_null() || !here {
            return None;
        }
        // SAFETY: a structure of the library's that is always there.
        let percentage = unsafe { ptr::read_volatile(&raw const (*self.cpu).percentage) };
        Some((percentage * 10.0).clamp(0.0, 1e6) as u32)
    }
}

/// The callbacks' data, if there is any.
///
/// # Safety
/// The pointer is null or the one that the library was given, within a callback.
unsafe fn callbacks<'a>(user: *mut c_void) -> Option<&'a Callbacks> {
    // SAFETY: a session's callbacks outlive its audio, and are only shared.
    unsafe { user.cast::<Callbacks>().as_ref() }
}

/// Called once, by `Bela_initAudio`; there are no buffers yet.
pub(super) unsafe extern "C" fn setup(context: *mut ffi::Context, user: *mut c_void) -> bool {
    // SAFETY: the library hands back what it was given, and its own context.
    let (Some(callbacks), Some(context)) =
        (unsafe { callbacks(user) }, unsafe { context.as_ref() })
    else {
        return false;
    };
    let format = Format {
        rate: context.audio_sample_rate.round() as u32,
        frames: context.audio_frames,
        channels: context.audio_out_channels,
        analog_inputs: context.analog_in_channels,
        offline: context.flags & ffi::OFFLINE != 0,
    };
    let format = *callbacks.format.get_or_init(|| format);
    let playable = format.rate > 0 && format.frames > 0 && format.channels > 0;
    // SAFETY: alone.
    let ask = || unsafe { callbacks.ask(|player| player.setup(&format)) };
    let ready = playable && callbacks.alone(ask).flatten() == Some(true);
    callbacks.refused.store(!ready, Ordering::Release);
    ready
}

/// Called for each block, on the audio thread.
pub(super) unsafe extern "C" fn render(context: *mut ffi::Context, user: *mut c_void) {
    // SAFETY: as in `setup`.
    let (Some(callbacks), Some(context)) =
        (unsafe { callbacks(user) }, unsafe { context.as_ref() })
    else {
        return;
    };
    callbacks.alone(|| {
        // SAFETY: within the callback, and alone.
        let mut block = unsafe { Block::new(context, callbacks.load(context)) };
        block.silence();
        // SAFETY: alone.
        if unsafe { callbacks.ask(|player| player.render(&mut block)) }.is_none() {
            block.silence();
        }
    });
}

/// Called by `Bela_cleanupAudio`, with a context or none; all is done elsewhere.
pub(super) unsafe extern "C" fn cleanup(_: *mut ffi::Context, _: *mut c_void) {}

/// Called by the audio thread when it ends, for whatever reason.
pub(super) unsafe extern "C" fn done(_: *mut ffi::Context, user: *mut c_void) {
    // SAFETY: as in `setup`.
    if let Some(callbacks) = unsafe { callbacks(user) } {
        callbacks.ended.store(true, Ordering::Release);
    }
}
