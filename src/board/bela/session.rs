//! One run of Bela's audio.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::fmt;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::Error;
use super::ffi;
use super::library::Library;
use super::player::{self, Callbacks, Format, Player};
use super::settings::Settings;

/// How often a second the load is measured.
const MEASUREMENTS: u32 = 10;
/// Frames a second, to reckon with before the library has told.
const RATE: u32 = 44_100;

/// The library has one audio for a program; after a failure none any more.
static TAKEN: AtomicBool = AtomicBool::new(false);

#[derive(Debug, PartialEq)]
enum Stage {
    Ready,
    Started,
    /// Failed on the way: the library can neither stop nor clean up.
    Failed,
}

/// Audio that is set up, and runs from [`Session::start`] until it is dropped.
///
/// It stays on the thread that made it.
pub struct Session {
    settings: Settings,
    callbacks: NonNull<Callbacks>,
    stage: Stage,
}

impl Session {
    /// Sets the audio up; the player is set up within. What the library itself
    /// has to say of a failure, it prints.
    ///
    /// # Errors
    /// When the player refuses, or the library fails: then no other session can
    /// be made by this program.
    pub fn new(mut settings: Settings, player: Box<dyn Player>) -> Result<Session, Error> {
        if TAKEN.swap(true, Ordering::AcqRel) {
            return Err(Error::Twice);
        }
        let library = settings.library;
        let callbacks = Callbacks::new(library, monitor(library, settings.period()), player);
        let callbacks = NonNull::from(Box::leak(Box::new(callbacks)));
        // SAFETY: valid until dropped, and nobody else has them.
        let raw = unsafe { settings.raw.as_mut() };
        raw.setup = Some(player::setup);
        raw.render = Some(player::render);
        raw.cleanup = Some(player::cleanup);
        raw.audio_thread_done = Some(player::done);
        let mut session = Session {
            settings,
            callbacks,
            stage: Stage::Failed,
        };
        // SAFETY: the settings are the library's own; the callbacks stay until it
        // was cleaned up, or for good.
        let code = unsafe { (library.init_audio)(raw, callbacks.as_ptr().cast()) };
        if code != 0 {
            return Err(match session.format() {
                Some(format) if session.callbacks().refused() => Error::Refused(format.to_string()),
                _ => Error::Init(code),
            });
        }
        session.stage = Stage::Ready;
        Ok(session)
    }

    /// Starts the audio, once. Offline boards render here, and it returns when
    /// they have stopped: [`Library::request_stop`] from elsewhere.
    ///
    /// # Errors
    /// When the library fails to.
    pub fn start(&mut self) -> Result<(), Error> {
        if self.stage != Stage::Ready {
            return Err(Error::Twice);
        }
        // It may render, and even end, before it returns.
        self.stage = Stage::Failed;
        // SAFETY: after `init_audio`, once.
        let code = unsafe { (self.library().start_audio)() };
        if code != 0 {
            self.library().request_stop();
            return Err(Error::Start(code));
        }
        self.stage = Stage::Started;
        Ok(())
    }

    /// What the library gives.
    pub fn format(&self) -> Option<Format> {
        self.callbacks().format()
    }

    /// The library.
    pub fn library(&self) -> &'static Library {
        self.settings.library
    }

    /// Whether the audio was asked to stop or has ended, for any reason: time to
    /// drop the session, and end the program. To be polled.
    pub fn stop_requested(&self) -> bool {
        self.callbacks().ended() || self.panicked() || self.library().stop_requested()
    }

    /// Whether the player has panicked: all is silent since.
    pub fn panicked(&self) -> bool {
        self.callbacks().panicked()
    }

    fn callbacks(&self) -> &Callbacks {
        // SAFETY: they are there until dropped, and only shared.
        unsafe { self.callbacks.as_ref() }
    }
}

impl Drop for Session {
    /// Stops the audio, waiting for the block that is being rendered.
    fn drop(&mut self) {
        if self.stage == Stage::Failed {
            // A thread of the library's may still call back: the callbacks stay.
            return;
        }
        if self.stage == Stage::Started {
            // SAFETY: after `start_audio`, once.
            unsafe { (self.library().stop_audio)() };
        }
        // SAFETY: nothing runs any more, and afterwards nobody has the callbacks.
        unsafe {
            (self.library().cleanup_audio)();
            drop(Box::from_raw(self.callbacks.as_ptr()));
        }
        TAKEN.store(false, Ordering::Release);
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("format", &self.format())
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// Has the library measure its load; null where it cannot.
fn monitor(library: &Library, period: u32) -> *const ffi::CpuData {
    let Some((init, get)) = library.monitoring else {
        return ptr::null();
    };
    let blocks = (RATE / MEASUREMENTS / period.max(1)).max(1);
    // SAFETY: before the audio thread is there.
    let code = unsafe { init(c_int::try_from(blocks).unwrap_or(1)) };
    if code != 0 {
        return ptr::null();
    }
    // SAFETY: returns the library's own, which is always there.
    unsafe { get() }.cast_const()
}
