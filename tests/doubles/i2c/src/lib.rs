//! A double of `/dev/i2c-1`, preloaded (`LD_PRELOAD`) into a program for a board. Sensor and
//! display are the desk's simulated ones.
//!
//! | variable | meaning |
//! |---|---|
//! | `I2C_DOUBLE_SCRIPT` | file with fingers and faults, in the syntax of the desk's scripts |
//! | `I2C_DOUBLE_TIME` | `virtual`: time passes only while the main thread sleeps or the bus is busy; default: the computer's time |
//! | `I2C_DOUBLE_LOG` | file for the display: a line for each change of the picture |
//! | `I2C_DOUBLE_CHIP` | the display's controller, as in board files (ssd1306) |
//! | `I2C_DOUBLE_HZ` | bus clock in Hz (400000) |
//! | `I2C_DOUBLE_MISSING` | number of attempts to open the bus that fail (0) |
//! | `I2C_DOUBLE_MISSING_ERROR` | their error number (2, ENOENT) |
//! | `I2C_DOUBLE_TOUCH` | address of the sensor (40, 0x28) |
//! | `I2C_DOUBLE_HANG` | number of calls after which further calls never return |
//! | `I2C_DOUBLE_LIMIT` | `sleeps`: the time limit after a signal counts sleeps only |

#![cfg(target_os = "linux")]
// Every exported symbol replaces the C library's, with its signature, and behaves the same
// for files other than the bus.
#![allow(unsafe_code, clippy::missing_safety_doc, missing_docs)]

mod limit;

use std::ffi::{CStr, c_char, c_int, c_long, c_ulong, c_void};
use std::io::Write;
use std::slice;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{ErrorKind, I2c, Operation};
use gatebend::board::desk::{Oled, Script};
use gatebend::panel::Chip;
use instrument::surface::Surface;
use trill::sim::{Bus, RealTime, Sensor, Time, VirtualTime};

const PATH: &CStr = c"/dev/i2c-1";
const DISPLAY: u8 = 0x3c;
// Requests of `linux/i2c-dev.h`.
const I2C_RETRIES: u64 = 0x0701;
const I2C_TIMEOUT: u64 = 0x0702;
const I2C_SLAVE: u64 = 0x0703;
const I2C_FUNCS: u64 = 0x0705;
const I2C_RDWR: u64 = 0x0707;
const I2C_PEC: u64 = 0x0708;
const I2C_M_RD: u16 = 1;
const I2C_FUNC_I2C: c_ulong = 1;
/// Start of virtual time in seconds, late enough that no time lies before 0.
const EPOCH_SECONDS: i64 = 1000;

/// The double's time.
#[derive(Clone)]
enum DoubleTime {
    Virtual(VirtualTime),
    Real(RealTime),
}

impl Time for DoubleTime {
    fn now(&self) -> u64 {
        match self {
            DoubleTime::Virtual(time) => time.now(),
            DoubleTime::Real(time) => time.now(),
        }
    }

    fn wait(&self, nanoseconds: u64) {
        match self {
            DoubleTime::Virtual(time) => time.advance(nanoseconds),
            DoubleTime::Real(time) => {
                let mut time = *time;
                time.delay_ns(u32::try_from(nanoseconds).unwrap_or(u32::MAX));
            }
        }
    }
}

/// Open files that stand for the bus; -1 marks a free entry.
static FILES: [AtomicI32; 16] = [const { AtomicI32::new(-1) }; 16];

/// Replaces a file by another in [`FILES`]; returns whether it was found.
fn replace(file: c_int, by: c_int) -> bool {
    FILES.iter().any(|place| {
        place
            .compare_exchange(file, by, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    })
}

struct Double {
    bus: Bus<DoubleTime>,
    tries_left: u64,
    calls_left: u64,
}

fn double() -> MutexGuard<'static, Double> {
    static DOUBLE: OnceLock<Mutex<Double>> = OnceLock::new();
    DOUBLE
        .get_or_init(|| Mutex::new(Double::new()))
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Virtual time, if it is selected; readable without the double's lock.
static NOW: OnceLock<Option<VirtualTime>> = OnceLock::new();

fn virtual_time() -> Option<&'static VirtualTime> {
    NOW.get_or_init(|| {
        let set = std::env::var_os("I2C_DOUBLE_TIME").is_some_and(|time| time == "virtual");
        set.then(VirtualTime::new)
    })
    .as_ref()
}

fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| fail(name)),
        Err(_) => default,
    }
}

fn chip() -> Chip {
    let Ok(name) = std::env::var("I2C_DOUBLE_CHIP") else {
        return Chip::default();
    };
    let found = Chip::ALL.into_iter().find(|chip| chip.name() == name);
    found.unwrap_or_else(|| fail("I2C_DOUBLE_CHIP"))
}

fn fail(what: &str) -> ! {
    eprintln!("i2c double: {what} is wrong");
    std::process::abort()
}

impl Double {
    fn new() -> Double {
        let time = match virtual_time() {
            Some(time) => DoubleTime::Virtual(time.clone()),
            None => DoubleTime::Real(RealTime::start()),
        };
        let text = std::env::var("I2C_DOUBLE_SCRIPT").map_or_else(
            |_| String::new(),
            |path| std::fs::read_to_string(path).unwrap_or_else(|_| fail("the script's path")),
        );
        let script =
            Script::parse(&text, &Surface::default()).unwrap_or_else(|_| fail("the script"));
        let bus = Bus::new(time.clone(), number("I2C_DOUBLE_HZ", 400_000) as u32);
        let touch = number("I2C_DOUBLE_TOUCH", 0x28) as u8;
        for (at, happening) in script.happenings(touch, DISPLAY) {
            bus.schedule(at, happening);
        }
        bus.plug(touch, Sensor::square(3, move |now| script.fingers(now)));
        let oled = Oled::new(chip());
        if let Ok(path) = std::env::var("I2C_DOUBLE_LOG") {
            let mut file = std::fs::File::create(path).unwrap_or_else(|_| fail("the log's path"));
            let mut last = None;
            oled.watch(Box::new(move |now, frame| {
                if last.as_ref() != Some(frame) {
                    let _ = writeln!(file, "{}", frame.line(now));
                    last = Some(frame.clone());
                }
            }));
        }
        bus.plug(DISPLAY, oled);
        Double {
            bus,
            tries_left: number("I2C_DOUBLE_MISSING", 0),
            calls_left: number("I2C_DOUBLE_HANG", u64::MAX),
        }
    }

    /// Opens a file that stands for the bus.
    fn open(&mut self) -> c_int {
        if self.tries_left > 0 {
            self.tries_left -= 1;
            return failed(number("I2C_DOUBLE_MISSING_ERROR", libc::ENOENT as u64) as c_int);
        }
        // SAFETY: a system call with a null-terminated path.
        let file = unsafe {
            libc::syscall(
                libc::SYS_openat,
                libc::AT_FDCWD,
                c"/dev/null".as_ptr(),
                libc::O_RDWR,
            )
        } as c_int;
        if replace(-1, file) {
            file
        } else {
            failed(libc::EMFILE)
        }
    }

    /// # Safety
    /// `data` must be valid for the kernel's `I2C_RDWR`.
    unsafe fn transfer(&mut self, data: *const Messages) -> c_int {
        // SAFETY: guaranteed by the caller.
        let messages = unsafe {
            let data = &*data;
            slice::from_raw_parts(data.messages, data.count as usize)
        };
        let Some(first) = messages.first() else {
            return 0;
        };
        let mut operations: Vec<Operation<'_>> = messages
            .iter()
            .map(|message| {
                // SAFETY: a message's buffer has the given length.
                let bytes = unsafe {
                    slice::from_raw_parts_mut(message.buffer, usize::from(message.length))
                };
                if message.flags & I2C_M_RD != 0 {
                    Operation::Read(bytes)
                } else {
                    Operation::Write(bytes)
                }
            })
            .collect();
        match self.bus.transaction(first.address as u8, &mut operations) {
            Ok(()) => messages.len() as c_int,
            // Error numbers of the BeagleBone's adapter; EBUSY for a clock line held low.
            Err(ErrorKind::NoAcknowledge(_)) => failed(libc::EREMOTEIO),
            Err(_) => failed(libc::EBUSY),
        }
    }
}

/// `struct i2c_rdwr_ioctl_data` and `struct i2c_msg` of `linux/i2c.h`.
#[repr(C)]
struct Messages {
    messages: *const Message,
    count: u32,
}

#[repr(C)]
struct Message {
    address: u16,
    flags: u16,
    length: u16,
    buffer: *mut u8,
}

fn failed(number: c_int) -> c_int {
    // SAFETY: points to the thread's own variable.
    unsafe { *libc::__errno_location() = number };
    -1
}

/// # Safety
/// `path` must be null-terminated.
unsafe fn open_any(path: *const c_char, flags: c_int, mode: c_long) -> c_int {
    // SAFETY: guaranteed by the caller.
    if unsafe { CStr::from_ptr(path) } == PATH {
        return double().open();
    }
    // SAFETY: the same call that the C library would make.
    unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path, flags, mode) as c_int }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_long) -> c_int {
    // SAFETY: guaranteed by the caller.
    unsafe { open_any(path, flags | large(), mode) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_long) -> c_int {
    // SAFETY: guaranteed by the caller.
    unsafe { open_any(path, flags | large(), mode) }
}

/// Returns the flag `O_LARGEFILE` on 32-bit systems, where `open64` adds it.
fn large() -> c_int {
    if cfg!(target_pointer_width = "32") {
        0o400_000
    } else {
        0
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ioctl(file: c_int, request: c_ulong, data: *mut c_void) -> c_int {
    let request_number = u64::from(request as u32);
    // Other requests, such as those for terminals, do not concern the bus.
    if !(I2C_RETRIES..=I2C_PEC).contains(&request_number) {
        // SAFETY: the same call that the C library would make.
        return unsafe { libc::syscall(libc::SYS_ioctl, file, request, data) as c_int };
    }
    if file < 0 || !replace(file, file) {
        return failed(libc::ENOTTY);
    }
    let mut double = double();
    if double.calls_left == 0 {
        drop(double);
        loop {
            std::thread::park();
        }
    }
    double.calls_left -= 1;
    match request_number {
        I2C_SLAVE | I2C_TIMEOUT | I2C_RETRIES | I2C_PEC => 0,
        I2C_FUNCS => {
            // SAFETY: the request passes a pointer to a long.
            unsafe { *data.cast::<c_ulong>() = I2C_FUNC_I2C };
            0
        }
        // SAFETY: the request passes a pointer to its messages.
        I2C_RDWR => unsafe { double.transfer(data.cast()) },
        _ => failed(libc::ENOTTY),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn close(file: c_int) -> c_int {
    if file >= 0 {
        replace(file, -1);
    }
    // SAFETY: the same call that the C library would make.
    unsafe { libc::syscall(libc::SYS_close, file) as c_int }
}

fn is_main() -> bool {
    // SAFETY: takes no arguments.
    unsafe { libc::syscall(libc::SYS_gettid) as c_int == libc::getpid() }
}

/// # Safety
/// `time` must be valid for writes.
unsafe fn clock<T>(id: c_int, time: *mut T, make: impl FnOnce(i64, i64) -> T) -> bool {
    let Some(now) = virtual_time().filter(|_| id == libc::CLOCK_MONOTONIC && is_main()) else {
        return false;
    };
    let now = now.now();
    let (seconds, rest) = (now / 1_000_000_000, now % 1_000_000_000);
    // SAFETY: guaranteed by the caller.
    unsafe { time.write(make(EPOCH_SECONDS + seconds as i64, rest as i64)) };
    true
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(id: c_int, time: *mut libc::timespec) -> c_int {
    // SAFETY: guaranteed by the caller.
    let known = unsafe {
        clock(id, time, |seconds, rest| libc::timespec {
            tv_sec: seconds as libc::time_t,
            tv_nsec: rest as _,
        })
    };
    if known {
        return 0;
    }
    // SAFETY: the same call that the C library would make.
    unsafe { libc::syscall(libc::SYS_clock_gettime, id, time) as c_int }
}

/// The standard library calls this one on 32 bits, if the C library has it.
#[cfg(target_pointer_width = "32")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __clock_gettime64(id: c_int, time: *mut [i64; 2]) -> c_int {
    /// `clock_gettime64` of `asm/unistd.h` for ARM.
    const SYS_CLOCK_GETTIME64: c_long = 403;
    // SAFETY: guaranteed by the caller.
    if unsafe { clock(id, time, |seconds, rest| [seconds, rest]) } {
        return 0;
    }
    // SAFETY: the same call that the C library would make.
    unsafe { libc::syscall(SYS_CLOCK_GETTIME64, id, time) as c_int }
}

/// # Safety
/// The pointers must be valid for `clock_nanosleep`; `time` is a duration.
unsafe fn sleep(time: *const libc::timespec, rest: *mut libc::timespec) -> c_int {
    if let Some(now) = virtual_time().filter(|_| is_main()) {
        // SAFETY: guaranteed by the caller.
        let time = unsafe { &*time };
        now.advance(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64);
        return 0;
    }
    // SAFETY: guaranteed by the caller.
    let duration = unsafe { &*time };
    if limit::count(duration.tv_sec as u64 * 1_000_000_000 + duration.tv_nsec as u64) {
        return 0;
    }
    // SAFETY: the same call that the C library would make.
    unsafe { libc::syscall(libc::SYS_nanosleep, time, rest) as c_int }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanosleep(
    time: *const libc::timespec,
    rest: *mut libc::timespec,
) -> c_int {
    // SAFETY: guaranteed by the caller.
    unsafe { sleep(time, rest) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_nanosleep(
    id: c_int,
    flags: c_int,
    time: *const libc::timespec,
    rest: *mut libc::timespec,
) -> c_int {
    if flags == 0 {
        // SAFETY: guaranteed by the caller.
        return match unsafe { sleep(time, rest) } {
            0 => 0,
            // SAFETY: points to the thread's own variable. This function returns the number.
            _ => unsafe { *libc::__errno_location() },
        };
    }
    // SAFETY: the same call that the C library would make.
    match unsafe { libc::syscall(libc::SYS_clock_nanosleep, id, flags, time, rest) } {
        0 => 0,
        // SAFETY: points to the thread's own variable.
        _ => unsafe { *libc::__errno_location() },
    }
}
