//! The library: found, opened, checked, and never closed.

#![allow(unsafe_code)]

use std::ffi::{OsStr, c_int};
use std::fmt;
use std::path::Path;

use libloading::os::unix::{Library as Handle, RTLD_LAZY, RTLD_LOCAL, RTLD_NOW};

use super::error::Error;
use super::ffi;

/// The oldest release that is served, major and minor.
pub const OLDEST: (u32, u32) = (1, 11);
/// The newest release whose structures are known.
pub const NEWEST_KNOWN: (u32, u32) = (1, 18);

/// Names another library to open, for tests.
const VARIABLE: &str = "GATEBEND_LIBBELA";
/// Where the loader looks, and where the board's image has it.
const PLACES: [&str; 2] = ["libbela.so", "/root/Bela/lib/libbela.so"];

/// A release of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Changes when nothing fits any more.
    pub major: u32,
    /// Changes when something is added.
    pub minor: u32,
    /// Changes with repairs.
    pub bugfix: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.bugfix)
    }
}

/// Bela's library. One that is open stays open: its threads and callbacks may
/// outlive whoever opened it.
#[derive(Debug)]
pub struct Library {
    path: String,
    version: Version,
    pub(super) alloc_settings: ffi::AllocSettings,
    pub(super) free_settings: ffi::OnSettings,
    pub(super) default_settings: ffi::OnSettings,
    pub(super) getopt_long: ffi::GetoptLong,
    pub(super) init_audio: ffi::InitAudio,
    pub(super) start_audio: ffi::Ask,
    pub(super) stop_audio: ffi::Act,
    pub(super) cleanup_audio: ffi::Act,
    request_stop: ffi::Act,
    stop_requested: ffi::Ask,
    /// From 1.12.
    pub(super) monitoring: Option<(ffi::CpuMonitoringInit, ffi::CpuMonitoringGet)>,
}

impl Library {
    /// Opens the board's library.
    ///
    /// # Errors
    /// When there is none, it is too old or too new, or lacks a function.
    pub fn open() -> Result<&'static Library, Error> {
        if let Some(path) = std::env::var_os(VARIABLE) {
            return match load(&path) {
                Err(_) if !Path::new(&path).exists() => Err(Error::NoLibrary {
                    looked_in: format!("{VARIABLE} says {}", path.to_string_lossy()),
                }),
                Err(problem) => Err(unloadable(&path, problem)),
                Ok(handle) => Library::bind(handle, &path.to_string_lossy()),
            };
        }
        for place in PLACES {
            match load(place.as_ref()) {
                Ok(handle) => return Library::bind(handle, place),
                Err(problem) if Path::new(place).exists() => {
                    return Err(unloadable(place.as_ref(), problem));
                }
                Err(_) => {}
            }
        }
        Err(Error::NoLibrary {
            looked_in: "where the loader looks, and in /root/Bela/lib".into(),
        })
    }

    /// Checks and binds a library that was loaded. It stays open in any case.
    fn bind(handle: Handle, path: &str) -> Result<&'static Library, Error> {
        let symbols = Symbols {
            handle: Box::leak(Box::new(handle)),
            path,
        };
        // SAFETY: `Bela.h` declares it with this type.
        let version = unsafe { symbols.find::<ffi::GetVersion>("Bela_getVersion") };
        let version = check(version.ok().map(ask_version))?;
        // SAFETY: `Bela.h` declares each with the type that its field has.
        let library = unsafe {
            Library {
                path: path.to_string(),
                version,
                alloc_settings: symbols.find("Bela_InitSettings_alloc")?,
                free_settings: symbols.find("Bela_InitSettings_free")?,
                default_settings: symbols.find("Bela_defaultSettings")?,
                getopt_long: symbols.find("Bela_getopt_long")?,
                init_audio: symbols.find("Bela_initAudio")?,
                start_audio: symbols.find("Bela_startAudio")?,
                stop_audio: symbols.find("Bela_stopAudio")?,
                cleanup_audio: symbols.find("Bela_cleanupAudio")?,
                request_stop: symbols.find("Bela_requestStop")?,
                stop_requested: symbols.find("Bela_stopRequested")?,
                monitoring: Option::zip(
                    symbols.find("Bela_cpuMonitoringInit").ok(),
                    symbols.find("Bela_cpuMonitoringGet").ok(),
                ),
            }
        };
        if library.is_newer_than_known() {
            log::warn!("libbela {version}: newer than any that this program was made for");
        }
        Ok(Box::leak(Box::new(library)))
    }

    /// Where it was found, as the loader was asked.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its release.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Newer than [`NEWEST_KNOWN`]: it will do, but nobody has looked.
    pub fn is_newer_than_known(&self) -> bool {
        (self.version.major, self.version.minor) > NEWEST_KNOWN
    }

    /// Asks the audio to stop, from any thread. What is asked before the audio
    /// has started is forgotten when it starts.
    pub fn request_stop(&self) {
        // SAFETY: sets a flag, and may be called from anywhere.
        unsafe { (self.request_stop)() }
    }

    /// Whether the audio was asked to stop: by us, the cape's button or itself.
    pub fn stop_requested(&self) -> bool {
        // SAFETY: reads a flag, and may be called from anywhere.
        unsafe { (self.stop_requested)() != 0 }
    }
}

/// Loads with all symbols bound, so that none is looked up on the audio thread;
/// where that fails, as they are needed.
fn load(path: &OsStr) -> Result<Handle, libloading::Error> {
    // SAFETY: the library's initialisers are those of any C++ library; they
    // start nothing.
    unsafe {
        Handle::open(Some(path), RTLD_NOW | RTLD_LOCAL)
            .or_else(|_| Handle::open(Some(path), RTLD_LAZY | RTLD_LOCAL))
    }
}

fn unloadable(path: &OsStr, problem: libloading::Error) -> Error {
    Error::Unloadable {
        path: path.to_string_lossy().into_owned(),
        problem: match problem {
            libloading::Error::DlOpen { desc } => format!("{desc:?}").trim_matches('"').into(),
            problem => problem.to_string(),
        },
    }
}

/// The functions of a library that stays open.
struct Symbols<'a> {
    handle: &'static Handle,
    path: &'a str,
}

impl Symbols<'_> {
    /// # Safety
    /// The function must have the type `T`.
    unsafe fn find<T: Copy + 'static>(&self, function: &'static str) -> Result<T, Error> {
        // SAFETY: the caller knows the type.
        let symbol = unsafe { self.handle.get::<T>(function.as_bytes()) };
        match symbol {
            Ok(symbol) => Ok(*symbol),
            Err(_) => Err(Error::Lacks {
                path: self.path.to_string(),
                function,
            }),
        }
    }
}

fn ask_version(get: ffi::GetVersion) -> Version {
    let mut numbers: [c_int; 3] = [0; 3];
    let [major, minor, bugfix] = &mut numbers;
    // SAFETY: writes three integers, which are there.
    unsafe { get(major, minor, bugfix) };
    let [major, minor, bugfix] = numbers.map(|number| number.max(0) as u32);
    Version {
        major,
        minor,
        bugfix,
    }
}

fn check(version: Option<Version>) -> Result<Version, Error> {
    let version = version.ok_or(Error::TooOld(None))?;
    if (version.major, version.minor) < OLDEST {
        return Err(Error::TooOld(Some(version)));
    }
    if version.major > NEWEST_KNOWN.0 {
        return Err(Error::TooNew(version));
    }
    Ok(version)
}
