//! The library: found, opened, checked, and never closed.

#![allow(unsafe_code)]

use std::ffi::{OsStr, c_int};
use std::path::Path;

use libloading::os::unix::{Library as Handle, RTLD_LAZY, RTLD_LOCAL, RTLD_NOW};

use super::error::Error;
use super::ffi;
use super::version::Version;

/// Environment variable with the path of another library, for tests.
const VARIABLE: &str = "GATEBEND_LIBBELA";
/// Name for the loader's own search, and path on the board's image.
const PATHS: [&str; 2] = ["libbela.so", "/root/Bela/lib/libbela.so"];

/// Bela's library. Stays open for the life of the process: its threads and callbacks may
/// outlive their user.
#[derive(Debug)]
pub struct Library {
    path: String,
    version: Version,
    pub(super) alloc_settings: ffi::AllocSettingsFn,
    pub(super) free_settings: ffi::SettingsFn,
    pub(super) default_settings: ffi::SettingsFn,
    pub(super) getopt_long: ffi::GetoptLongFn,
    pub(super) init_audio: ffi::InitAudioFn,
    pub(super) start_audio: ffi::QueryFn,
    pub(super) stop_audio: ffi::ActionFn,
    pub(super) cleanup_audio: ffi::ActionFn,
    request_stop: ffi::ActionFn,
    stop_requested: ffi::QueryFn,
    /// From release 1.12 on.
    pub(super) monitoring: Option<Monitoring>,
}

/// The functions that measure load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Monitoring {
    pub init: ffi::CpuMonitoringInitFn,
    pub get: ffi::CpuMonitoringGetFn,
    pub tic: ffi::CpuMarkFn,
    pub toc: ffi::CpuMarkFn,
}

impl Library {
    /// Opens the board's library.
    ///
    /// # Errors
    /// Fails if there is no library, or if it cannot be loaded, is too old or too new, or
    /// lacks a function.
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
        for path in PATHS {
            match load(path.as_ref()) {
                Ok(handle) => return Library::bind(handle, path),
                Err(problem) if Path::new(path).exists() => {
                    return Err(unloadable(path.as_ref(), problem));
                }
                Err(_) => {}
            }
        }
        Err(Error::NoLibrary {
            looked_in: "where the loader looks, and in /root/Bela/lib".into(),
        })
    }

    /// Checks and binds a loaded library. The library stays open even on failure.
    fn bind(handle: Handle, path: &str) -> Result<&'static Library, Error> {
        let symbols = Symbols {
            handle: Box::leak(Box::new(handle)),
            path,
        };
        // SAFETY: `Bela.h` declares it with this type.
        let get_version = unsafe { symbols.find::<ffi::GetVersionFn>("Bela_getVersion") };
        let version = get_version.map_or(Err(Error::NoVersion), |get| check(version(get)))?;
        // SAFETY: `Bela.h` declares each with the type of its field.
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
                monitoring: symbols.monitoring().ok(),
            }
        };
        if version.is_newer_than_known() {
            log::warn!("libbela {version}: newer than any that this program was made for");
        }
        Ok(Box::leak(Box::new(library)))
    }

    /// Returns the name or path by which the library was loaded.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the library's release.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Requests the audio to stop, from any thread. Starting the audio clears earlier
    /// requests.
    pub fn request_stop(&self) {
        // SAFETY: sets a flag, and may be called from any thread.
        unsafe { (self.request_stop)() }
    }

    /// Returns whether a stop was requested: by this program, by the cape's button or by
    /// the library.
    pub fn stop_requested(&self) -> bool {
        // SAFETY: reads a flag, and may be called from any thread.
        unsafe { (self.stop_requested)() != 0 }
    }
}

/// Loads a library and binds all its symbols at once, so that none is looked up on the
/// audio thread; if that fails, binds them lazily.
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

/// The functions of an open library.
struct Symbols<'a> {
    handle: &'static Handle,
    path: &'a str,
}

impl Symbols<'_> {
    fn monitoring(&self) -> Result<Monitoring, Error> {
        // SAFETY: `Bela.h` declares each with the type of its field.
        unsafe {
            Ok(Monitoring {
                init: self.find("Bela_cpuMonitoringInit")?,
                get: self.find("Bela_cpuMonitoringGet")?,
                tic: self.find("Bela_cpuTic")?,
                toc: self.find("Bela_cpuToc")?,
            })
        }
    }

    /// # Safety
    /// The function must have the type `T`.
    unsafe fn find<T: Copy + 'static>(&self, function: &'static str) -> Result<T, Error> {
        // SAFETY: the caller guarantees the type.
        let symbol = unsafe { self.handle.get::<T>(function.as_bytes()) };
        match symbol {
            Ok(symbol) => Ok(*symbol),
            Err(_) => Err(Error::MissingFunction {
                path: self.path.to_string(),
                function,
            }),
        }
    }
}

fn version(get: ffi::GetVersionFn) -> Version {
    let mut numbers: [c_int; 3] = [0; 3];
    let [major, minor, bugfix] = &mut numbers;
    // SAFETY: writes three integers, to valid references.
    unsafe { get(major, minor, bugfix) };
    let [major, minor, bugfix] = numbers.map(|number| number.max(0) as u32);
    Version {
        major,
        minor,
        bugfix,
    }
}

fn check(version: Version) -> Result<Version, Error> {
    if version.is_too_old() {
        Err(Error::TooOld(version))
    } else if version.is_too_new() {
        Err(Error::TooNew(version))
    } else {
        Ok(version)
    }
}
