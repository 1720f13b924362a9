//! Networks that are read in the background.

use std::ffi::c_char;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use crate::error::{answer, boxed, gb_error, unbox};
use crate::network::{gb_network, path_of};

/// A network that is being read.
pub struct gb_loading {
    thread: Result<JoinHandle<Result<gb_network, String>>, String>,
}

impl gb_loading {
    fn begin(path: PathBuf) -> Result<JoinHandle<Result<gb_network, String>>, String> {
        let thread = thread::Builder::new().name("gb-load".into());
        let thread = thread.spawn(move || gb_network::open(&path));
        thread.map_err(|error| format!("no thread to read with: {error}"))
    }
}

/// Begins to open a file in a thread of the library. End it with gb_loading_end, or with
/// gb_loading_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_open_later(path: *const c_char) -> *mut gb_loading {
    // SAFETY: as the caller promises.
    let path = unsafe { path_of(path) }.map(Into::into);
    let thread = path.and_then(gb_loading::begin);
    boxed(Some(gb_loading { thread }))
}

/// Returns whether it is read, or was refused. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_loading_is_done(loading: *const gb_loading) -> bool {
    // SAFETY: as the caller promises.
    let thread = unsafe { &*loading }.thread.as_ref();
    thread.map_or(true, JoinHandle::is_finished)
}

/// Waits until it is read, frees the loading, and returns the network or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_loading_end(
    loading: *mut gb_loading,
    error: *mut gb_error,
) -> *mut gb_network {
    // SAFETY: as the caller promises.
    let network = unsafe {
        answer(error, || {
            let loading = unbox(loading).ok_or("nothing is being read")?;
            let fault = |_| Err("a fault in libgatebend: please report it".into());
            loading.thread?.join().unwrap_or_else(fault)
        })
    };
    boxed(network)
}

/// Frees a loading without waiting: what the thread reads is freed when it is read. The library
/// must stay loaded until then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_loading_free(loading: *mut gb_loading) {
    // SAFETY: as the caller promises.
    drop(unsafe { unbox(loading) });
}
