//! The desk's PRU: an emulator whose cycles follow the time passed in.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;

use pru_codegen::{ANSWER, BANK, REQUEST};
use pru_isa::emulator::{DATA_BYTES, Fault, HostError, Subsystem};

use crate::pru::{Memory, MemoryWindow};

/// Nanoseconds per cycle.
const CYCLE_NS: u64 = 5;
/// Cycles of an access by the ARM: 100 ns.
const ACCESS: u64 = 20;
/// Cycles between two checks for an idle core, which only polls its mailbox, so that the
/// rest of its cycles can be skipped.
const LOOK: u64 = 256;
/// Most cycles run at once: several of the longest passes, in case the core never
/// becomes idle.
const MOST: u64 = 20_000;

/// The emulated hardware, for tests that manipulate it.
pub struct Emulation {
    /// Cores and memories.
    pub subsystem: Subsystem,
    /// Time in nanoseconds until which the core gets no cycles.
    pub held_until: u64,
    now: u64,
    /// Cycles skipped.
    skipped: u64,
    fault: Option<Fault>,
    refused: Option<HostError>,
    meddler: Option<Meddler>,
}

/// Manipulates the emulation whenever time has advanced, in nanoseconds.
type Meddler = Box<dyn FnMut(u64, &mut Emulation) + Send>;

/// The emulated PRU. Clones refer to the same PRU.
#[derive(Clone)]
pub struct Pru(Arc<Mutex<Emulation>>);

impl Default for Pru {
    fn default() -> Pru {
        Pru::new()
    }
}

impl fmt::Debug for Pru {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pru").finish_non_exhaustive()
    }
}

impl Pru {
    /// Creates a PRU after reset, whose core may access only its own data RAM and the free
    /// bank.
    pub fn new() -> Pru {
        let mut subsystem = Subsystem::new();
        let own = 0..DATA_BYTES;
        let core = subsystem.core_mut(0);
        core.allow(std::slice::from_ref(&own), &[BANK]);
        Pru(Arc::new(Mutex::new(Emulation {
            subsystem,
            held_until: 0,
            now: 0,
            skipped: 0,
            fault: None,
            refused: None,
            meddler: None,
        })))
    }

    /// Advances the time, in nanoseconds since the beginning.
    pub fn reach(&self, now: u64) {
        self.emulation().reach(now);
    }

    /// Returns the memory in real time, by this clock in nanoseconds. The audio thread is
    /// not `patient`: while another thread uses the emulator, it reads ones, which are never
    /// an answer, instead of waiting.
    pub fn live<C: Fn() -> u64>(&self, clock: C, patient: bool) -> Live<C> {
        Live {
            pru: self.clone(),
            clock,
            patient,
        }
    }

    /// Sets a function that manipulates the emulation.
    pub fn meddle(&self, meddler: impl FnMut(u64, &mut Emulation) + Send + 'static) {
        self.emulation().meddler = Some(Box::new(meddler));
    }

    /// Returns the first forbidden access of the core, which halts it.
    pub fn fault(&self) -> Option<Fault> {
        self.emulation().fault
    }

    /// Returns the first access by the ARM that the subsystem has refused.
    pub fn refused(&self) -> Option<HostError> {
        self.emulation().refused
    }

    fn emulation(&self) -> MutexGuard<'_, Emulation> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Emulation {
    fn reach(&mut self, now: u64) {
        self.now = self.now.max(now);
        let mut left = (now / CYCLE_NS).saturating_sub(self.skipped + self.subsystem.now());
        if self.held_until <= now {
            let mut most = MOST;
            while left > 0 && most > 0 {
                let rests = self.is_idle();
                let cycles = left.min(LOOK);
                self.run(cycles);
                (left, most) = (left - cycles, most.saturating_sub(cycles));
                if rests {
                    break;
                }
            }
        }
        self.skipped += left;
        if let Some(mut meddler) = self.meddler.take() {
            meddler(now, self);
            self.meddler = Some(meddler);
        }
    }

    /// Returns whether every request was answered.
    fn is_idle(&self) -> bool {
        self.subsystem.read(REQUEST) == self.subsystem.read(ANSWER)
    }

    fn run(&mut self, cycles: u64) {
        let end = self.subsystem.now() + cycles;
        while self.subsystem.now() < end {
            let left = end - self.subsystem.now();
            if let Err(fault) = self.subsystem.run(left) {
                self.fault.get_or_insert(fault);
            }
        }
    }

    /// Returns the word that the ARM reads; ones if the subsystem refuses.
    fn host_read(&mut self, window: MemoryWindow) -> u32 {
        self.wait_for_access();
        self.subsystem
            .read(window.offset())
            .unwrap_or_else(|error| {
                self.refused.get_or_insert(error);
                u32::MAX
            })
    }

    fn host_write(&mut self, window: MemoryWindow, value: u32) {
        self.wait_for_access();
        if let Err(error) = self.subsystem.write(window.offset(), value) {
            self.refused.get_or_insert(error);
        }
    }

    fn wait_for_access(&mut self) {
        if self.held_until <= self.now {
            self.run(ACCESS);
        }
    }
}

impl Memory for Pru {
    fn read(&self, window: MemoryWindow) -> u32 {
        self.emulation().host_read(window)
    }

    fn write(&self, window: MemoryWindow, value: u32) {
        self.emulation().host_write(window, value);
    }
}

/// An emulated PRU in real time.
#[derive(Debug)]
pub struct Live<C> {
    pru: Pru,
    clock: C,
    patient: bool,
}

impl<C: Fn() -> u64> Live<C> {
    fn emulation(&self) -> Option<MutexGuard<'_, Emulation>> {
        loop {
            match self.pru.0.try_lock() {
                Ok(mut emulation) => {
                    emulation.reach((self.clock)());
                    return Some(emulation);
                }
                // Yields instead of sleeping, so that the audio thread never has to wake it.
                Err(TryLockError::WouldBlock) if self.patient => thread::yield_now(),
                Err(_) => return None,
            }
        }
    }
}

impl<C: Fn() -> u64 + Send> Memory for Live<C> {
    fn read(&self, window: MemoryWindow) -> u32 {
        self.emulation()
            .map_or(u32::MAX, |mut emulation| emulation.host_read(window))
    }

    fn write(&self, window: MemoryWindow, value: u32) {
        if let Some(mut emulation) = self.emulation() {
            emulation.host_write(window, value);
        }
    }
}
