//! A simulated I2C bus: devices at addresses, transfers that take their time,
//! and faults.

use std::boxed::Box;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use embedded_hal::i2c::{
    ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation, SevenBitAddress,
};

use super::Time;

/// A device on the bus. `now` is the time in nanoseconds at which the transfer
/// starts.
pub trait Device: Send {
    /// Takes bytes; an error is a missing acknowledge.
    ///
    /// # Errors
    /// What the controller of the bus sees.
    fn write(&mut self, now: u64, bytes: &[u8]) -> Result<(), ErrorKind>;

    /// Gives bytes.
    ///
    /// # Errors
    /// What the controller of the bus sees.
    fn read(&mut self, now: u64, bytes: &mut [u8]) -> Result<(), ErrorKind>;

    /// Is switched on, or its plug goes in again.
    fn power_on(&mut self, now: u64);

    /// Resets by itself, as a brown-out makes it. Most devices: as power on.
    fn reset(&mut self, now: u64) {
        self.power_on(now);
    }
}

/// A fault of one device, until it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The plug is out: nothing acknowledges. Back in, the device starts anew.
    Unplugged,
    /// It is there but does not acknowledge.
    Silent,
    /// Reads end after this many bytes; the rest are ones.
    ShortReads(usize),
    /// It has stopped: reads give what the last one before gave.
    Frozen,
}

/// What befalls a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The device at an address has a fault, or none any more.
    Fault(u8, Option<Fault>),
    /// The device at an address resets.
    Reset(u8),
    /// A line is held low, so that every transfer times out, or let go of.
    Stuck(bool),
}

/// How long a transfer is given while a line is held low.
const TIMEOUT_NS: u64 = 20_000_000;

struct Slot {
    address: u8,
    device: Box<dyn Device>,
    fault: Option<Fault>,
    last_read: Vec<u8>,
}

struct Wires {
    slots: Vec<Slot>,
    /// What is to come, by its times.
    coming: VecDeque<(u64, Happening)>,
    hz: u64,
    stuck: bool,
    busy_ns: u64,
    transfers: u64,
    errors: u64,
}

/// A bus; clones are the same bus.
///
/// A transfer takes 9 clocks a byte, addresses included, and 2 for start and
/// stop, and lets that much of `T` go by.
#[derive(Clone)]
pub struct Bus<T> {
    time: T,
    wires: Arc<Mutex<Wires>>,
}

impl<T: Time> Bus<T> {
    /// A bus of so many clocks a second (100,000 or 400,000) without devices.
    ///
    /// # Panics
    /// When `hz` is 0.
    pub fn new(time: T, hz: u32) -> Bus<T> {
        assert!(hz > 0, "a bus has a clock");
        Bus {
            time,
            wires: Arc::new(Mutex::new(Wires {
                slots: Vec::new(),
                coming: VecDeque::new(),
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

    /// Connects a device, which is switched on now.
    pub fn plug(&self, address: u8, mut device: impl Device + 'static) {
        device.power_on(self.time.now());
        self.wires().slots.push(Slot {
            address,
            device: Box::new(device),
            fault: None,
            last_read: Vec::new(),
        });
    }

    /// Lets something happen at a time in nanoseconds, no earlier than what was
    /// scheduled before. It is noticed by the first transfer from then on.
    pub fn schedule(&self, at: u64, happening: Happening) {
        self.wires().coming.push_back((at, happening));
    }

    /// Lets something happen now.
    pub fn happen(&self, happening: Happening) {
        let now = self.time.now();
        self.wires().happen(now, happening);
    }

    /// Nanoseconds that the bus was in use.
    pub fn busy_ns(&self) -> u64 {
        self.wires().busy_ns
    }

    /// Transfers so far, and how many of them failed.
    pub fn transfers(&self) -> (u64, u64) {
        let wires = self.wires();
        (wires.transfers, wires.errors)
    }
}

impl Wires {
    fn slot(&mut self, address: u8) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.address == address)
    }

    fn happen(&mut self, at: u64, happening: Happening) {
        match happening {
            Happening::Fault(address, fault) => {
                if let Some(slot) = self.slot(address) {
                    if slot.fault == Some(Fault::Unplugged) && fault != slot.fault {
                        slot.device.power_on(at);
                    }
                    slot.fault = fault;
                }
            }
            Happening::Reset(address) => {
                if let Some(slot) = self.slot(address) {
                    slot.device.reset(at);
                }
            }
            Happening::Stuck(stuck) => self.stuck = stuck,
        }
    }

    /// One transfer: its outcome, and the nanoseconds that it took.
    fn transfer(
        &mut self,
        now: u64,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> (Result<(), ErrorKind>, u64) {
        while let Some((at, happening)) = self.coming.front().copied().filter(|(at, _)| *at <= now)
        {
            self.coming.pop_front();
            self.happen(at, happening);
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
            let outcome = match operation {
                Operation::Write(bytes) => {
                    let outcome = slot.device.write(now + took, bytes);
                    took += clocks(hz, 9 * (bytes.len() + 1) + 2);
                    outcome
                }
                Operation::Read(bytes) => {
                    let outcome = slot.device.read(now + took, bytes);
                    took += clocks(hz, 9 * (bytes.len() + 1) + 2);
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
                    outcome
                }
            };
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
