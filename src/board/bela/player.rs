//! The callbacks that the library calls, and the player that they call.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::block::Block;
use super::ffi;
use super::library::Library;
use super::load::LoadMeter;

/// Audio format of a session; constant while the audio is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Frames per second.
    pub rate: u32,
    /// Frames per block.
    pub frames: u32,
    /// Output channels, which all play the same.
    pub channels: u32,
    /// Number of analog inputs.
    pub analog_inputs: u32,
    /// True if blocks are rendered as fast as possible, not in real time.
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

/// A source of sound. Its methods are never called concurrently: `setup` is called on the
/// thread that creates the session, `render` on an audio thread.
pub trait Player: Send {
    /// Prepares for a format, before the first block; returns false to refuse it. May
    /// allocate.
    fn setup(&mut self, format: &Format) -> bool;

    /// Plays a block, which is silent if nothing is written. Called on the audio thread:
    /// must not allocate, wait, make system calls or wake a thread. A panic is caught and
    /// silences the session for good.
    fn render(&mut self, block: &mut Block<'_>);
}

/// Data of the callbacks. The library passes a pointer to it, which gives shared access
/// only; `busy` guards the player.
pub(super) struct Callbacks {
    library: &'static Library,
    load: LoadMeter,
    busy: AtomicBool,
    /// First frame of the block that was rendered last; [`NO_BLOCK`] before the first one.
    rendered: AtomicU64,
    player: UnsafeCell<Box<dyn Player>>,
    format: OnceLock<Format>,
    refused: AtomicBool,
    panicked: AtomicBool,
    ended: AtomicBool,
}

/// Frame of no block.
const NO_BLOCK: u64 = u64::MAX;

// SAFETY: the player, which is `Send`, and the load meter are used by one thread at a time,
// the one that has set `busy`.
unsafe impl Sync for Callbacks {}

impl Callbacks {
    pub(super) fn new(
        library: &'static Library,
        load: LoadMeter,
        player: Box<dyn Player>,
    ) -> Callbacks {
        Callbacks {
            library,
            load,
            busy: AtomicBool::new(false),
            rendered: AtomicU64::new(NO_BLOCK),
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

    /// Returns whether the player has refused the format.
    pub(super) fn refused(&self) -> bool {
        self.refused.load(Ordering::Acquire)
    }

    /// Returns whether the player has panicked.
    pub(super) fn panicked(&self) -> bool {
        self.panicked.load(Ordering::Acquire)
    }

    /// Returns whether the audio thread has ended.
    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Runs `work` unless another thread is in here.
    fn exclusively<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        if self.busy.swap(true, Ordering::Acquire) {
            return None;
        }
        let outcome = work();
        self.busy.store(false, Ordering::Release);
        Some(outcome)
    }

    /// Calls the player; returns none if it panics or has panicked before.
    ///
    /// # Safety
    /// Must be called within [`Callbacks::exclusively`].
    unsafe fn call_player<T>(&self, call: impl FnOnce(&mut dyn Player) -> T) -> Option<T> {
        if self.panicked() {
            return None;
        }
        // SAFETY: no other thread uses the player meanwhile.
        let player = unsafe { &mut *self.player.get() };
        match catch_unwind(AssertUnwindSafe(|| call(&mut **player))) {
            Ok(result) => Some(result),
            Err(payload) => {
                // Dropping the payload could panic again.
                mem::forget(payload);
                self.panicked.store(true, Ordering::Release);
                self.library.request_stop();
                None
            }
        }
    }
}

/// Returns the callbacks' data, if any.
///
/// # Safety
/// The pointer must be null or the one that the library was given, within a callback.
unsafe fn callbacks<'a>(user: *mut c_void) -> Option<&'a Callbacks> {
    // SAFETY: a session's callbacks outlive its audio, and are only accessed by shared
    // reference.
    unsafe { user.cast::<Callbacks>().as_ref() }
}

/// Called once, by `Bela_initAudio`, when the context has no buffers yet.
pub(super) unsafe extern "C" fn setup(context: *mut ffi::Context, user: *mut c_void) -> bool {
    // SAFETY: the library passes the pointer that it was given, and its own context.
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
    // SAFETY: called exclusively.
    let set_up = || unsafe { callbacks.call_player(|player| player.setup(&format)) };
    let ready = playable && callbacks.exclusively(set_up).flatten() == Some(true);
    callbacks.refused.store(!ready, Ordering::Release);
    ready
}

/// Called for each block, on the audio thread. From API 1.15 on, several threads may call it
/// for the same block: the first one renders it, whether the others come meanwhile or later.
pub(super) unsafe extern "C" fn render(context: *mut ffi::Context, user: *mut c_void) {
    // SAFETY: as in `setup`.
    let (Some(callbacks), Some(context)) =
        (unsafe { callbacks(user) }, unsafe { context.as_ref() })
    else {
        return;
    };
    callbacks.exclusively(|| {
        let frame = context.audio_frames_elapsed;
        if callbacks.rendered.swap(frame, Ordering::Relaxed) == frame {
            return;
        }
        let render = |load| {
            // SAFETY: within the callback, exclusively.
            let mut block = unsafe { Block::new(context, load) };
            block.silence();
            // SAFETY: called exclusively.
            if unsafe { callbacks.call_player(|player| player.render(&mut block)) }.is_none() {
                block.silence();
            }
        };
        // SAFETY: called exclusively.
        unsafe { callbacks.load.measure(render) };
    });
}

/// Called by `Bela_cleanupAudio`, with a context or null. Does nothing: dropping the
/// session cleans up.
pub(super) unsafe extern "C" fn cleanup(_: *mut ffi::Context, _: *mut c_void) {}

/// Called by the audio thread when it ends, for any reason.
pub(super) unsafe extern "C" fn done(_: *mut ffi::Context, user: *mut c_void) {
    // SAFETY: as in `setup`.
    if let Some(callbacks) = unsafe { callbacks(user) } {
        callbacks.ended.store(true, Ordering::Release);
    }
}
