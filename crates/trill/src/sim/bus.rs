//! A simulated I2C bus: devices at addresses, transfers that take time, and faults.

use std::boxed::Box;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use embedded_hal::i2c::{
    ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation, SevenBitAddress,
};

use super::Time;

/// A device on the bus. `now` is the start of the transfer, in nanoseconds.
pub trait Device: Send {
    /// Receives bytes.
    ///
    /// # Errors
    /// Returns the error that the bus controller sees, such as a missing acknowledge.
    fn write(&mut self, now: u64, bytes: &[u8]) -> Result<(), ErrorKind>;

    /// Fills a buffer with the bytes that the device sends.
    ///
    /// # Errors
    /// Returns the error that the bus controller sees.
    fn read(&mut self, now: u64, bytes: &mut [u8]) -> Result<(), ErrorKind>;

    /// Powers up: the device is switched on or plugged in again.
    fn power_on(&mut self, now: u64);

    /// Resets as after a brown-out. By default the same as powering up.
    fn reset(&mut self, now: u64) {
        self.power_on(now);
    }
}

/// A fault of one device, which lasts until it is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The device is unplugged and acknowledges nothing. Plugged in again, it powers up.
    Unplugged,
    /// The device is connected but does not acknowledge.
    Silent,
    /// Reads end after this many bytes; the remaining bytes are ones.
    ShortReads(usize),
    /// The device hangs: every read returns the bytes of the read before the fault.
    Frozen,
}

/// A change of the bus or of one of its devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusEvent {
    /// Sets the fault of the device at an address, or clears it.
    Fault(u8, Option<Fault>),
    /// Resets the device at an address.
    Reset(u8),
    /// Holds a line low, so that every transfer times out, or releases it.
    Stuck(bool),
}

/// Duration of a transfer that times out because a line is held low.
const TIMEOUT_NS: u64 = 20_000_000;

struct Slot {
    address: u8,
    device: Box<dyn Device>,
    fault: Option<Fault>,
    last_read: Vec<u8>,
}

struct Wires {
    slots: Vec<Slot>,
    /// Events that have not happened yet, in the order of their times.
    scheduled: VecDeque<(u64, BusEvent)>,
    hz: u64,
    stuck: bool,
    busy_ns: u64,
    transfers: u64,
    errors: u64,
}

/// A simulated bus; clones share it.
///
/// A transfer takes 9 clocks for each byte, addresses included, and 2 for start and stop.
/// The clock `T` advances by, or waits for, that duration.
#[derive(Clone)]
pub struct Bus<T> {
    time: T,
    wires: Arc<Mutex<Wires>>,
}

impl<T: Time> Bus<T> {
    /// Creates a bus without devices whose clock runs at `hz`, usually 100,000 or 400,000.
    ///
    /// # Panics
    /// Panics if `hz` is 0.
    pub fn new(time: T, hz: u32) -> Bus<T> {
        assert!(hz > 0, "the bus clock must not be 0 Hz");
        Bus {
            time,
            wires: Arc::new(Mutex::new(Wires {
                slots: Vec::new(),
                scheduled: VecDeque::new(),
                hz: hz.into(),
                stuck: false,
                busy_ns: 0,
                transfers: 0,
                errors: 0,
            })),
        }
    }

    fn wires(&self) -> MutexGuard<'_, Wires> {
        self.wires.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects a device and powers it up.
    pub fn plug(&self, address: u8, mut device: impl Device + 'static) {
        device.power_on(self.time.now());
        self.wires().slots.push(Slot {
            address,
            device: Box::new(device),
            fault: None,
            last_read: Vec::new(),
        });
    }

    /// Schedules an event for a time in nanoseconds, which must not be earlier than that of
    /// any event scheduled before. The first transfer from that time on applies it.
    pub fn schedule(&self, at: u64, event: BusEvent) {
        self.wires().scheduled.push_back((at, event));
    }

    /// Applies an event immediately.
    pub fn apply(&self, event: BusEvent) {
        let now = self.time.now();
        self.wires().apply(now, event);
    }

    /// Returns the total duration of all transfers, in nanoseconds.
    pub fn busy_ns(&self) -> u64 {
        self.wires().busy_ns
    }

    /// Returns the number of transfers, and how many of them failed.
    pub fn transfers(&self) -> (u64, u64) {
        let wires = self.wires();
        (wires.transfers, wires.errors)
    }
}

impl Wires {
    fn slot(&mut self, address: u8) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.address == address)
    }

    fn apply(&mut self, at: u64, event: BusEvent) {
        match event {
            BusEvent::Fault(address, fault) => {
                if let Some(slot) = self.slot(address) {
                    if slot.fault == Some(Fault::Unplugged) && fault != slot.fault {
                        slot.device.power_on(at);
                    }
                    slot.fault = fault;
                }
            }
            BusEvent::Reset(address) => {
                if let Some(slot) = self.slot(address) {
                    slot.device.reset(at);
                }
            }
            BusEvent::Stuck(stuck) => self.stuck = stuck,
        }
    }

    /// Performs a transfer. Returns its result and its duration in nanoseconds.
    fn transfer(
        &mut self,
        now: u64,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> (Result<(), ErrorKind>, u64) {
        while let Some((at, event)) = self.scheduled.front().copied().filter(|(at, _)| *at <= now) {
            self.scheduled.pop_front();
            self.apply(at, event);
        }
        if self.stuck {
            return (Err(ErrorKind::Bus), TIMEOUT_NS);
        }
        let clocks = |hz: u64, count: usize| count as u64 * 1_000_000_000 / hz;
        let hz = self.hz;
        let absent = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
        let slot = match self.slot(address) {
            Some(slot) if !matches!(slot.fault, Some(Fault::Unplugged | Fault::Silent)) => slot,
            _ => return (Err(absent), clocks(hz, 11)),
        };
        let mut took = 0;
        for operation in operations {
            let (outcome, bytes) = match operation {
                Operation::Write(bytes) => (slot.device.write(now + took, bytes), bytes.len()),
                Operation::Read(bytes) => {
                    let outcome = slot.device.read(now + took, bytes);
                    match slot.fault {
                        Some(Fault::ShortReads(count)) => {
                            let count = count.min(bytes.len());
                            bytes[count..].fill(0xff);
                        }
                        Some(Fault::Frozen) => {
                            for (byte, last) in bytes.iter_mut().zip(&slot.last_read) {
                                *byte = *last;
                            }
                        }
                        _ => slot.last_read = bytes.to_vec(),
                    }
                    (outcome, bytes.len())
                }
            };
            took += clocks(hz, 9 * (bytes + 1) + 2);
            if outcome.is_err() {
                return (outcome, took);
            }
        }
        (Ok(()), took)
    }
}

impl<T: Time> ErrorType for Bus<T> {
    type Error = ErrorKind;
}

impl<T: Time> I2c<SevenBitAddress> for Bus<T> {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        let now = self.time.now();
        let (outcome, took) = {
            let mut wires = self.wires();
            let (outcome, took) = wires.transfer(now, address, operations);
            wires.busy_ns += took;
            wires.transfers += 1;
            wires.errors += u64::from(outcome.is_err());
            (outcome, took)
        };
        self.time.wait(took);
        outcome
    }
}
