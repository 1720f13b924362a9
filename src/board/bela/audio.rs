//! A run of Bela's audio.

#![allow(unsafe_code)]

use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::Error;
use super::library::Library;
use super::load::LoadMeter;
use super::player::{self, Callbacks, Format, Player};
use super::settings::Settings;

/// True while a `BelaAudio` exists, and for good after one has failed: the library supports
/// one at a time, and none after a failure.
static TAKEN: AtomicBool = AtomicBool::new(false);

#[derive(Debug, PartialEq)]
enum AudioState {
    SetUp,
    Started,
    /// Set-up or start failed: the library can neither stop nor clean up.
    Failed,
}

/// Audio that is set up, and runs from [`BelaAudio::start`] until it is dropped.
///
/// Stays on the thread that created it.
pub struct BelaAudio {
    settings: Settings,
    callbacks: NonNull<Callbacks>,
    state: AudioState,
}

impl BelaAudio {
    /// Sets up the audio, and the player with it. The library prints further details of a
    /// failure.
    ///
    /// # Errors
    /// Fails if the player refuses the format, or the library fails: the process cannot
    /// create another then.
    pub fn new(mut settings: Settings, player: Box<dyn Player>) -> Result<BelaAudio, Error> {
        if TAKEN.swap(true, Ordering::AcqRel) {
            return Err(Error::AlreadySetUp);
        }
        let library = settings.library;
        let load = LoadMeter::start(library, settings.period());
        let callbacks = Callbacks::new(library, load, player);
        let callbacks = NonNull::from(Box::leak(Box::new(callbacks)));
        // SAFETY: valid until dropped, and not shared.
        let raw = unsafe { settings.raw.as_mut() };
        raw.setup = Some(player::setup);
        raw.render = Some(player::render);
        raw.cleanup = Some(player::cleanup);
        raw.audio_thread_done = Some(player::done);
        let mut session = BelaAudio {
            settings,
            callbacks,
            state: AudioState::Failed,
        };
        // SAFETY: the library allocated the settings; the callbacks are freed after its
        // clean-up, or never.
        let code = unsafe { (library.init_audio)(raw, callbacks.as_ptr().cast()) };
        if code != 0 {
            return Err(match session.format() {
                Some(format) if session.callbacks().refused() => Error::Refused(format.to_string()),
                _ => Error::Init(code),
            });
        }
        session.state = AudioState::SetUp;
        Ok(session)
    }

    /// Starts the audio, once. Offline boards render within this call, which returns when
    /// they have stopped, such as after [`Library::request_stop`].
    ///
    /// # Errors
    /// Fails if the library fails to start, or was started before.
    pub fn start(&mut self) -> Result<(), Error> {
        if self.state != AudioState::SetUp {
            return Err(Error::AlreadySetUp);
        }
        // The audio may render, and even end, before `start_audio` returns.
        self.state = AudioState::Failed;
        // SAFETY: after `init_audio`, once.
        let code = unsafe { (self.library().start_audio)() };
        if code != 0 {
            self.library().request_stop();
            return Err(Error::Start(code));
        }
        self.state = AudioState::Started;
        Ok(())
    }

    /// Returns the audio format, once the library has reported it.
    pub fn format(&self) -> Option<Format> {
        self.callbacks().format()
    }

    /// Returns the library.
    pub fn library(&self) -> &'static Library {
        self.settings.library
    }

    /// Returns whether a stop was requested or the audio has ended, for any reason. The
    /// caller polls it, then drops this and ends the program.
    pub fn stop_requested(&self) -> bool {
        self.callbacks().ended() || self.panicked() || self.library().stop_requested()
    }

    /// Returns whether the player has panicked; the audio is silent from then on.
    pub fn panicked(&self) -> bool {
        self.callbacks().panicked()
    }

    fn callbacks(&self) -> &Callbacks {
        // SAFETY: valid until dropped, and only accessed by shared reference.
        unsafe { self.callbacks.as_ref() }
    }
}

impl Drop for BelaAudio {
    /// Stops the audio after the block that is being rendered.
    fn drop(&mut self) {
        if self.state == AudioState::Failed {
            // A thread of the library may still call back: the callbacks are leaked.
            return;
        }
        if self.state == AudioState::Started {
            // SAFETY: after `start_audio`, once.
            unsafe { (self.library().stop_audio)() };
        }
        // SAFETY: the audio has stopped, and after the clean-up the library does not use
        // the callbacks.
        unsafe {
            (self.library().cleanup_audio)();
            drop(Box::from_raw(self.callbacks.as_ptr()));
        }
        TAKEN.store(false, Ordering::Release);
    }
}

impl fmt::Debug for BelaAudio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BelaAudio")
            .field("format", &self.format())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
