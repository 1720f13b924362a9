//! Load of the audio, measured with the library's functions.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_uint};
use std::ptr;

use super::ffi;
use super::library::{Library, Monitoring};

/// Measurements of the load per second.
const MEASUREMENTS: u32 = 10;
/// Assumed frames per second, before the library reports its rate.
const RATE: u32 = 44_100;

/// Two measurements: the library's, from the arrival of a block to the end of its
/// processing, and one of the callback alone.
///
/// The library's includes its conversions, but only on its own thread. From a block size on
/// that depends on the board (64 frames on some, 128 on the cape's revision C, 256 on
/// earlier ones) it calls back on a second thread, and then measures little more than the
/// copying of blocks. The greater of the two is right in either case.
pub(super) struct LoadMeter(Option<Meters>);

struct Meters {
    functions: Monitoring,
    /// The library's measurement, a static structure.
    library: *const ffi::CpuData,
    callback: UnsafeCell<ffi::CpuData>,
}

impl LoadMeter {
    /// Starts both measurements, before the audio thread exists. Releases before 1.12 cannot
    /// measure.
    pub fn start(library: &Library, period: u32) -> LoadMeter {
        let blocks = (RATE / MEASUREMENTS / period.max(1)).max(1);
        let start = |functions: Monitoring| {
            // SAFETY: called before the audio thread exists.
            let code = unsafe { (functions.init)(c_int::try_from(blocks).unwrap_or(1)) };
            (code == 0).then(|| Meters {
                functions,
                // SAFETY: returns a pointer to a static structure.
                library: unsafe { (functions.get)() }.cast_const(),
                callback: UnsafeCell::new(ffi::CpuData {
                    count: blocks as c_uint,
                    ..ffi::CpuData::default()
                }),
            })
        };
        LoadMeter(library.monitoring.and_then(start))
    }

    /// Runs a callback's work and measures it. Passes the load of recent callbacks in
    /// thousandths, if it is measured.
    ///
    /// # Safety
    /// Must not be called concurrently.
    pub unsafe fn measure(&self, work: impl FnOnce(Option<u32>)) {
        let Some(meters) = &self.0 else {
            return work(None);
        };
        let callback = meters.callback.get();
        // SAFETY: both structures outlive the call, and only this function uses the second
        // one. The library's is read while its thread may write it: an aligned word, which
        // is never torn.
        let percentage = unsafe {
            (meters.functions.tic)(callback);
            let of_library = ptr::read_volatile(&raw const (*meters.library).percentage);
            of_library.max((*callback).percentage)
        };
        work(Some((percentage * 10.0).clamp(0.0, 1e6) as u32));
        // SAFETY: as above.
        unsafe { (meters.functions.toc)(callback) };
    }
}
