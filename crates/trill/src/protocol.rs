//! The sensor's registers and commands: datasheet facts, one owner.

/// Offset of the command register, and of replies and acknowledges.
pub(crate) const COMMAND: u8 = 0;
/// Offset of the status byte (firmware 3).
pub(crate) const STATUS: u8 = 3;
/// Offset of the channel data.
pub(crate) const DATA: u8 = 4;

/// First byte of an acknowledge, and of the reply to `IDENTIFY`.
pub(crate) const ACKNOWLEDGE: u8 = 254;

/// Opcodes, written at [`COMMAND`] with their arguments after them.
pub(crate) mod opcode {
    pub const MODE: u8 = 1;
    pub const SCAN_SETTINGS: u8 = 2;
    pub const PRESCALER: u8 = 3;
    pub const NOISE_THRESHOLD: u8 = 4;
    pub const UPDATE_BASELINE: u8 = 6;
    pub const MINIMUM_SIZE: u8 = 7;
    pub const CHANNEL_MASK_LOW: u8 = 10;
    pub const CHANNEL_MASK_HIGH: u8 = 11;
    pub const RESET: u8 = 12;
    pub const SCAN_TRIGGER: u8 = 15;
    pub const AUTO_SCAN_INTERVAL: u8 = 16;
    pub const IDENTIFY: u8 = 255;
}

/// Argument of [`opcode::MODE`].
pub(crate) const CENTROID: u8 = 0;
/// Argument of [`opcode::SCAN_TRIGGER`]: never.
pub(crate) const TRIGGER_OFF: u8 = 0;
/// Argument of [`opcode::SCAN_TRIGGER`]: the start of a read starts a scan.
pub(crate) const TRIGGER_READ: u8 = 1;

/// Status bit: settings are as they were made, not as after a reset.
pub(crate) const INITIALISED: u8 = 0x80;
/// Status bit: something is touched.
pub(crate) const ACTIVITY: u8 = 0x40;
/// Status bits: the frame's number.
pub(crate) const FRAME_NUMBER: u8 = 0x3f;

/// After the read pointer is moved, before a read.
pub(crate) const POINTER_NS: u32 = 1_000_000;
/// After a reset.
pub(crate) const RESET_NS: u32 = 500_000_000;
/// After a command that is not acknowledged (firmware 1 and 2).
pub(crate) const UNACKNOWLEDGED_NS: u32 = 10_000_000;
/// Longest wait for an acknowledge, in all.
pub(crate) const ACKNOWLEDGE_NS: u32 = 200_000_000;

/// Touches that a Square reports on each axis.
pub const MOST_TOUCHES: usize = 4;
/// A position at the end of the Square's axis.
pub const FULL_POSITION: u16 = 1792;
/// The size of the largest touch on a Square, at 12 bits.
pub const FULL_SIZE: u16 = 3780;
/// In place of a position: no more touches on this axis.
pub(crate) const NO_TOUCH: u16 = 0xffff;

/// Nanoseconds that a scan of a Square takes, at `speed` 0..=3 and `bits` 9..=16.
///
/// Fitted to 6.2 ms at 12 bits and 1.7 ms at 9 bits, both at speed 0 (30
/// channels, each with a part that doubles with every bit), with all of the "up to
/// 1 ms" of processing. Slower speeds are taken to double the time of a
/// channel at each step, which nobody has measured.
pub const fn scan_ns(speed: u8, bits: u8) -> u64 {
    const FIXED: u64 = 1_057_000 + 1_000_000;
    const PER_BIT_WEIGHT: u64 = 643_000; // at 9 bits
    let speed = if speed > 3 { 3 } else { speed };
    let bits = if bits < 9 {
        9
    } else if bits > 16 {
        16
    } else {
        bits
    };
    (FIXED + (PER_BIT_WEIGHT << (bits - 9))) << speed
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
