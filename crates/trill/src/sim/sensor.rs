//! A simulated Trill Square: registers, acknowledges, scans and fingers.

use std::boxed::Box;
use std::iter;
use std::vec::Vec;

use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource};

use super::Device;
use super::pads::{Centroid, Pads, Thresholds};
use crate::protocol::{
    ACKNOWLEDGE, ACTIVITY, COMMAND, DATA, FRAME_NUMBER, INITIALISED, MAX_SIZE, MAX_TOUCHES,
    NO_TOUCH, RESET_NS, STATUS, opcode, scan_ns,
};
use crate::{FRAME_BYTES, Kind, Touch};

/// A finger on the surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finger {
    /// Identifies the finger; stays the same while it moves.
    pub id: u32,
    /// Position and size of its touch; sizes are 0.0..=1.0.
    pub touch: Touch,
}

/// Time between a command and its acknowledge. Inferred: the driver only polls.
const COMMAND_NS: u64 = 300_000;

/// The fingers on the surface at a time in nanoseconds.
type Fingers = Box<dyn FnMut(u64) -> Vec<Finger> + Send>;

/// Settings that commands change and a reset restores.
#[derive(Clone)]
struct Registers {
    initialised: bool,
    speed: u8,
    bits: u8,
    thresholds: Thresholds,
    trigger: u8,
    interval: u16,
}

impl Registers {
    const RESET: Registers = Registers {
        initialised: false,
        speed: 0,
        bits: 12,
        thresholds: Thresholds {
            noise: 0x28,
            adjacent: 400,
            minimum_size: 0,
        },
        trigger: 0,
        interval: 0,
    };
}

/// A simulated Trill Square.
pub struct Sensor {
    kind: u8,
    firmware: u8,
    fingers: Fingers,
    registers: Registers,
    pointer: u8,
    /// The bytes at the command register, and the time from which they can be read.
    reply: ([u8; 3], u64),
    earlier_reply: [u8; 3],
    acknowledges: u8,
    /// Fingers that were on the surface when the baseline was taken.
    baseline: Vec<u32>,
    /// The scan in progress: its end and its data.
    scan: Option<(u64, [u8; FRAME_BYTES])>,
    /// Start of the latest scan.
    started: u64,
    last: [u8; FRAME_BYTES],
    number: u8,
    ready_at: u64,
}

impl Sensor {
    /// Creates a Square with this firmware, 1 to 3. `fingers` returns the fingers on the
    /// surface at a time in nanoseconds; it is called with times that never decrease.
    pub fn square(
        firmware: u8,
        fingers: impl FnMut(u64) -> Vec<Finger> + Send + 'static,
    ) -> Sensor {
        Sensor {
            kind: Kind::Square.number(),
            firmware,
            fingers: Box::new(fingers),
            registers: Registers::RESET,
            pointer: COMMAND,
            reply: ([0; 3], 0),
            earlier_reply: [0; 3],
            acknowledges: 0,
            baseline: Vec::new(),
            scan: None,
            started: 0,
            last: [0xff; FRAME_BYTES],
            number: 0,
            ready_at: 0,
        }
    }

    /// Makes the sensor identify itself with another type's number.
    #[must_use]
    pub fn with_type_number(mut self, number: u8) -> Sensor {
        self.kind = number;
        self
    }

    fn answer(&mut self, now: u64, reply: [u8; 3]) {
        self.earlier_reply = self.reply.0;
        self.reply = (reply, now + COMMAND_NS);
    }

    fn command(&mut self, now: u64, bytes: &[u8]) {
        let argument = |i: usize| bytes.get(i).copied().unwrap_or(0);
        let word = u16::from_be_bytes([argument(1), argument(2)]);
        let new = self.firmware >= 3;
        match bytes[0] {
            opcode::SCAN_SETTINGS => {
                self.registers.speed = argument(1).min(3);
                self.registers.bits = argument(2).clamp(9, 16);
            }
            opcode::NOISE_THRESHOLD => self.registers.thresholds.noise = argument(1),
            opcode::UPDATE_BASELINE => {
                self.baseline = (self.fingers)(now).iter().map(|finger| finger.id).collect();
            }
            opcode::MINIMUM_SIZE => self.registers.thresholds.minimum_size = word,
            opcode::ADJACENT_THRESHOLD => self.registers.thresholds.adjacent = word,
            opcode::SCAN_TRIGGER if new => self.registers.trigger = argument(1),
            opcode::AUTO_SCAN_INTERVAL if !new => self.registers.interval = word,
            opcode::IDENTIFY => {
                self.registers.initialised = true;
                self.answer(now, [ACKNOWLEDGE, self.kind, self.firmware]);
                return;
            }
            opcode::RESET if new => {
                self.power_on(now);
                return;
            }
            _ => {}
        }
        if new {
            self.acknowledges = self.acknowledges.wrapping_add(1);
            self.answer(now, [ACKNOWLEDGE, bytes[0], self.acknowledges]);
        }
    }

    /// Starts a scan, whose data is determined by the fingers at its start.
    fn start_scan(&mut self, now: u64) {
        let fingers = (self.fingers)(now);
        self.baseline
            .retain(|id| fingers.iter().any(|finger| finger.id == *id));
        let unit = f32::from(MAX_SIZE) / f32::from(1u16 << (16 - self.registers.bits)) * 16.0;
        // In the order of the firmware's table of sensors: the rows from the bottom edge
        // up, the columns from the left edge.
        let (mut rows, mut columns) = (Pads::default(), Pads::default());
        for Finger { id, touch } in fingers {
            if !self.baseline.contains(&id) {
                rows.press(1.0 - touch.y, touch.size * unit);
                columns.press(touch.x, touch.size * unit);
            }
        }
        let mut data = [0; FRAME_BYTES];
        let (vertical, horizontal) = data.split_at_mut(FRAME_BYTES / 2);
        let absent = Centroid {
            position: NO_TOUCH,
            // From the source of firmware 2, and from the datasheet for firmware 3.
            size: if self.firmware < 3 { 0 } else { NO_TOUCH },
        };
        let thresholds = self.registers.thresholds;
        write_axis(vertical, &rows.touches(thresholds), absent);
        write_axis(horizontal, &columns.touches(thresholds), absent);
        let done = now + scan_ns(self.registers.speed, self.registers.bits);
        self.started = now;
        self.scan = Some((done, data));
    }

    /// Completes all scans that end by `now`, and starts those that are due by then.
    fn catch_up(&mut self, now: u64) {
        // The interval from one start to the next, in cycles of 32 kHz.
        let interval = u64::from(self.registers.interval) * 31_250;
        let mut free = 0;
        loop {
            if let Some((done, data)) = self.scan {
                if done > now {
                    return;
                }
                self.last = data;
                self.number = (self.number + 1) & FRAME_NUMBER;
                self.scan = None;
                free = done;
            }
            let due = free.max(self.started + interval);
            if interval == 0 || due > now {
                return;
            }
            self.start_scan(due);
        }
    }

    /// Starts a scan if this transfer causes one: before firmware 3 every transfer does,
    /// from then on a read with trigger 1 (on read) or 3 (on read or timer).
    fn scan_after(&mut self, now: u64, is_read: bool) {
        let causes = self.firmware < 3 || (is_read && self.registers.trigger & 1 == 1);
        if causes && self.scan.is_none() {
            self.start_scan(now);
        }
    }

    fn memory(&self, now: u64) -> [u8; DATA as usize + FRAME_BYTES] {
        let mut memory = [0; DATA as usize + FRAME_BYTES];
        let (reply, from) = self.reply;
        let reply = if now >= from {
            reply
        } else {
            self.earlier_reply
        };
        memory[..3].copy_from_slice(&reply);
        if self.firmware >= 3 {
            let touched = [0, FRAME_BYTES / 2]
                .into_iter()
                .all(|axis| self.last[axis..axis + 2] != NO_TOUCH.to_be_bytes());
            memory[usize::from(STATUS)] = self.number
                | if touched { ACTIVITY } else { 0 }
                | if self.registers.initialised {
                    INITIALISED
                } else {
                    0
                };
        }
        memory[usize::from(DATA)..].copy_from_slice(&self.last);
        memory
    }

    fn awake(&self, now: u64) -> Result<(), ErrorKind> {
        if now < self.ready_at {
            return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        Ok(())
    }
}

/// Writes the positions and then the sizes of the first touches on one axis.
fn write_axis(out: &mut [u8], touches: &[Centroid], absent: Centroid) {
    let touches = touches.iter().chain(iter::repeat(&absent));
    let (positions, sizes) = out.split_at_mut(2 * MAX_TOUCHES);
    let places = positions.chunks_exact_mut(2).zip(sizes.chunks_exact_mut(2));
    for ((position, size), touch) in places.zip(touches) {
        position.copy_from_slice(&touch.position.to_be_bytes());
        size.copy_from_slice(&touch.size.to_be_bytes());
    }
}

impl Device for Sensor {
    fn write(&mut self, now: u64, bytes: &[u8]) -> Result<(), ErrorKind> {
        self.awake(now)?;
        self.catch_up(now);
        if let Some((&offset, command)) = bytes.split_first() {
            self.pointer = offset;
            if offset == COMMAND && !command.is_empty() {
                self.command(now, command);
            }
        }
        self.scan_after(now, false);
        Ok(())
    }

    fn read(&mut self, now: u64, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        self.awake(now)?;
        self.catch_up(now);
        let memory = self.memory(now);
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = *memory.get(usize::from(self.pointer) + i).unwrap_or(&0);
        }
        self.scan_after(now, true);
        Ok(())
    }

    fn power_on(&mut self, now: u64) {
        self.reset(now);
        self.baseline = Vec::new();
        self.ready_at = now + u64::from(RESET_NS) / 2;
    }

    fn reset(&mut self, _: u64) {
        // After a brown-out the sensor answers immediately, but without its settings.
        self.registers = Registers::RESET;
        self.pointer = COMMAND;
        self.reply = ([0; 3], 0);
        self.earlier_reply = [0; 3];
        self.scan = None;
        self.last = [0xff; FRAME_BYTES];
    }
}
