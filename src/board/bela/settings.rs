//! The library's settings: its defaults, then the board's, then the player's.

#![allow(unsafe_code)]

use std::ffi::{CString, c_char, c_int};
use std::ptr::{self, NonNull};

use super::error::Error;
use super::ffi;
use super::library::Library;

/// A board's settings of Bela. Bela's defaults fill in the rest, and the player's options
/// override both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsRequest {
    /// Frames per block.
    pub period: Option<u32>,
    /// The PRU that audio runs on.
    pub pru: Option<i32>,
    /// The PRU that audio must not run on.
    pub reserved_pru: Option<i32>,
    /// True if the cape's button stops the program, as by Bela's default.
    pub stop_button: bool,
}

/// The library's settings, in memory that it allocated.
#[derive(Debug)]
pub struct Settings {
    pub(super) library: &'static Library,
    pub(super) raw: NonNull<ffi::Settings>,
}

impl Settings {
    /// Combines Bela's defaults, the board's request, and the player's options in the
    /// syntax of Bela's own programs: `-p 32`, `--board Batch`.
    ///
    /// Must be called by one thread at a time: C's `getopt` has global state.
    ///
    /// # Errors
    /// Fails if a word is not an option of Bela's, or audio would take the reserved PRU.
    pub fn new(
        library: &'static Library,
        request: &SettingsRequest,
        options: &[String],
    ) -> Result<Settings, Error> {
        // SAFETY: takes no arguments.
        let raw = unsafe { (library.alloc_settings)() };
        let raw = NonNull::new(raw).ok_or(Error::NoMemory)?;
        // First of all: the memory is uninitialised, and freeing the settings reads them.
        // SAFETY: the library has just allocated them.
        unsafe { (library.default_settings)(raw.as_ptr()) };
        let mut settings = Settings { library, raw };
        settings.apply(request);
        settings.parse(options)?;
        let pru = settings.pru_number();
        if request.reserved_pru == Some(pru) {
            return Err(Error::ReservedPru(pru));
        }
        Ok(settings)
    }

    /// Returns the requested frames per block, which the library may change.
    pub fn period(&self) -> u32 {
        // SAFETY: valid until dropped, and the library reads them only when called.
        let period = unsafe { self.raw.as_ref() }.period_size;
        period.max(0) as u32
    }

    /// Returns the PRU that audio runs on.
    pub fn pru_number(&self) -> i32 {
        // SAFETY: as above.
        unsafe { self.raw.as_ref() }.pru_number
    }

    fn apply(&mut self, request: &SettingsRequest) {
        // SAFETY: as above, and not shared.
        let raw = unsafe { self.raw.as_mut() };
        if let Some(period) = request.period {
            raw.period_size = c_int::try_from(period).unwrap_or(c_int::MAX);
        }
        if let Some(pru) = request.pru {
            raw.pru_number = pru;
        }
        if !request.stop_button {
            raw.stop_button_pin = -1;
        }
    }

    fn parse(&mut self, options: &[String]) -> Result<(), Error> {
        let mut words = vec![c"gatebend".to_owned()];
        for option in options {
            words.push(CString::new(option.as_str()).map_err(|_| Error::Option(option.clone()))?);
        }
        let mut arguments: Vec<*mut c_char> =
            words.iter().map(|word| word.as_ptr().cast_mut()).collect();
        let count = c_int::try_from(arguments.len()).unwrap_or(0);
        arguments.push(ptr::null_mut());
        // SAFETY: the array holds `count` words and a null, which outlive the call; the
        // call permutes the pointers and never writes to the words. The C library's
        // variables are used by one thread at a time.
        let (outcome, next, letter) = unsafe {
            // Starts at the first word, and prints no messages: ours replace them.
            ffi::optind = 0;
            ffi::opterr = 0;
            let outcome = (self.library.getopt_long)(
                count,
                arguments.as_ptr(),
                c"".as_ptr(),
                ptr::null(),
                self.raw.as_ptr(),
            );
            (outcome, ffi::optind, ffi::optopt)
        };
        let next = usize::try_from(next).unwrap_or(0);
        // Words in getopt's order: it has permuted the pointers.
        let word = |at: usize| {
            words
                .iter()
                .find(|word| word.as_ptr() == arguments[at])
                .map_or(String::new(), |word| word.to_string_lossy().into_owned())
        };
        match outcome {
            // All options are parsed; remaining words are not options.
            -1 if next >= words.len() => Ok(()),
            -1 => Err(Error::Option(word(next.max(1)))),
            // An unknown letter, or one that lacks its value.
            _ => match u8::try_from(letter) {
                Ok(letter) if letter.is_ascii_graphic() => {
                    Err(Error::Option(format!("-{}", char::from(letter))))
                }
                _ => Err(Error::Option(word(next.clamp(1, words.len()) - 1))),
            },
        }
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        // SAFETY: allocated by the library, initialised with its defaults, freed once.
        unsafe { (self.library.free_settings)(self.raw.as_ptr()) }
    }
}
