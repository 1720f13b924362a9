//! Registers, commands and limits of the sensor, from its datasheet.

/// Offset of the command register, and of replies and acknowledges.
pub(crate) const COMMAND: u8 = 0;
/// Offset of the status byte (firmware 3).
pub(crate) const STATUS: u8 = 3;
/// Offset of the channel data.
pub(crate) const DATA: u8 = 4;

/// First byte of an acknowledge, and of the reply to `IDENTIFY`.
pub(crate) const ACKNOWLEDGE: u8 = 254;

/// Opcodes, written at [`COMMAND`] and followed by their arguments.
pub(crate) mod opcode {
    pub const MODE: u8 = 1;
    pub const SCAN_SETTINGS: u8 = 2;
    pub const PRESCALER: u8 = 3;
    pub const NOISE_THRESHOLD: u8 = 4;
    pub const UPDATE_BASELINE: u8 = 6;
    pub const MINIMUM_SIZE: u8 = 7;
    pub const ADJACENT_THRESHOLD: u8 = 8;
    pub const CHANNEL_MASK_LOW: u8 = 10;
    pub const CHANNEL_MASK_HIGH: u8 = 11;
    pub const RESET: u8 = 12;
    pub const SCAN_TRIGGER: u8 = 15;
    pub const AUTO_SCAN_INTERVAL: u8 = 16;
    pub const IDENTIFY: u8 = 255;
}

/// Argument of [`opcode::MODE`].
pub(crate) const CENTROID: u8 = 0;
/// Argument of [`opcode::SCAN_TRIGGER`]: no scans.
pub(crate) const TRIGGER_OFF: u8 = 0;
/// Argument of [`opcode::SCAN_TRIGGER`]: the start of a read starts a scan.
pub(crate) const TRIGGER_READ: u8 = 1;

/// Status bit: cleared by a reset, set once the sensor has been identified.
pub(crate) const INITIALISED: u8 = 0x80;
/// Status bit: something touches the sensor.
pub(crate) const ACTIVITY: u8 = 0x40;
/// Status bits: the frame's number.
pub(crate) const FRAME_NUMBER: u8 = 0x3f;

/// Delay between moving the read pointer and reading.
pub(crate) const POINTER_NS: u32 = 1_000_000;
/// Delay after a reset.
pub(crate) const RESET_NS: u32 = 500_000_000;
/// Delay after a command that is not acknowledged (firmware 1 and 2).
pub(crate) const UNACKNOWLEDGED_NS: u32 = 10_000_000;
/// Time limit for an acknowledge.
pub(crate) const ACKNOWLEDGE_NS: u32 = 200_000_000;

/// Greatest number of touches that a Square reports on each axis.
pub const MAX_TOUCHES: usize = 4;
/// Position at the far end of either axis of a Square.
pub const MAX_POSITION: u16 = 1792;
/// Size of the largest touch on a Square, at 12 bits.
pub const MAX_SIZE: u16 = 3780;
/// Marks the end of the positions on an axis.
pub(crate) const NO_TOUCH: u16 = 0xffff;

/// Returns the duration of a Square's scan in nanoseconds, at `speed` 0..=3 and
/// `bits` 9..=16.
///
/// Fitted to the datasheet's 6.2 ms at 12 bits and 1.7 ms at 9 bits, both at speed 0 (30
/// channels, each with a part that doubles with every bit), plus the full "up to 1 ms" of
/// processing. Slower speeds are assumed to double the time of a channel at each step;
/// this has not been measured.
pub fn scan_ns(speed: u8, bits: u8) -> u64 {
    const FIXED: u64 = 1_057_000 + 1_000_000;
    const PER_BIT_WEIGHT: u64 = 643_000; // at 9 bits
    (FIXED + (PER_BIT_WEIGHT << (bits.clamp(9, 16) - 9))) << speed.min(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scans_take_what_was_measured() {
        let near = |ns: u64, ms: f64| (ns as f64 / 1e6 - ms).abs() < 0.05;
        assert!(near(scan_ns(0, 12), 6.2 + 1.0));
        assert!(near(scan_ns(0, 9), 1.7 + 1.0));
    }
}
