//! Sources of a network's inputs: the counter t, sound, and controls.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::InputEncoding;

/// Maximum number of bits of an audio frame or a control, and of a sample.
pub const MAX_VALUE_BITS: u8 = 16;
/// Maximum number of bits of all controls together.
pub const MAX_CONTROL_BITS: u32 = 64;

/// A signal that a network reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// The sample counter t.
    Time,
    /// A channel of the device's sound, a frame for each network sample.
    Audio {
        /// The channel, 0 or 1.
        channel: u8,
    },
    /// A parameter that the player sets.
    Control {
        /// Its name, at most [`MAX_CONTROL_NAME`] characters.
        name: String,
        /// Its value until it is set, 0.0..=1.0.
        default: f64,
    },
}

impl Signal {
    /// Returns whether this is the same signal: t, the same channel, or the control of the
    /// same name.
    pub(crate) fn is_same(&self, other: &Signal) -> bool {
        match (self, other) {
            (Signal::Control { name: a, .. }, Signal::Control { name: b, .. }) => a == b,
            _ => self == other,
        }
    }
}

impl Signal {
    /// Returns a name for pictures and programs: `t`, `audio0`, or the control's own.
    pub fn short_name(&self) -> String {
        match self {
            Signal::Time => "t".into(),
            Signal::Audio { channel } => format!("audio{channel}"),
            Signal::Control { name, .. } => name.clone(),
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Signal::Time => write!(f, "t"),
            Signal::Audio { channel } => write!(f, "audio channel {channel}"),
            Signal::Control { name, .. } => write!(f, "control {name}"),
        }
    }
}

/// Maximum number of characters in the name of a control.
pub const MAX_CONTROL_NAME: usize = 16;

/// A signal and its inputs: a run of nodes that encode the signal's value.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The signal.
    pub signal: Signal,
    /// Bits of the value: 1..=[`MAX_COUNTER_BITS`](crate::MAX_COUNTER_BITS) of t,
    /// 1..=[`MAX_VALUE_BITS`] of other signals.
    pub bits: u8,
    /// Encoding of the value in the inputs.
    pub encoding: InputEncoding,
}

impl Source {
    /// Returns the source of this many bits of t, in binary.
    pub const fn time(bits: u8) -> Source {
        Source {
            signal: Signal::Time,
            bits,
            encoding: InputEncoding::Binary,
        }
    }

    /// Returns the number of inputs, or `None` if the bits are not whole digits.
    pub const fn inputs(&self) -> Option<u32> {
        self.encoding.inputs(self.bits as u32)
    }
}

/// The values of a network's controls, in the order of its sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controls(Vec<u32>);

impl Controls {
    /// Returns the values of the controls of these sources, for `value` giving the position
    /// of each control, 0.0..=1.0, by its name and default.
    pub fn new(sources: &[Source], mut value: impl FnMut(&str, f64) -> f64) -> Controls {
        let values = sources.iter().filter_map(|source| match &source.signal {
            Signal::Control { name, default } => {
                Some(control_value(value(name, *default), source.bits))
            }
            _ => None,
        });
        Controls(values.collect())
    }

    /// The values, each of as many bits as its control has.
    pub fn values(&self) -> &[u32] {
        &self.0
    }
}

/// A source with the numbers of its nodes and variables.
///
/// Variables are the bits of all values: first those of t, then those of the other sources
/// in their order; the least significant bit of each value comes first.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSpan<'a> {
    /// The source.
    pub source: &'a Source,
    /// Its input nodes.
    pub nodes: Range<u32>,
    /// Its variables.
    pub variables: Range<u32>,
}

/// Iterates over sources, with the numbers of their nodes and variables.
pub(crate) fn spans(sources: &[Source]) -> impl Iterator<Item = SourceSpan<'_>> {
    let time = sources.iter().find(|source| source.signal == Signal::Time);
    let (mut node, mut variable) = (0, time.map_or(0, |time| u32::from(time.bits)));
    sources.iter().map(move |source| {
        let nodes = node..node + source.inputs().unwrap_or(0);
        node = nodes.end;
        let bits = u32::from(source.bits);
        let first = if source.signal == Signal::Time {
            0
        } else {
            variable += bits;
            variable - bits
        };
        SourceSpan {
            source,
            nodes,
            variables: first..first + bits,
        }
    })
}

/// Returns the value of an audio frame as 16 bits, of which an input of b bits reads the
/// top b: the whole number below (x + 1) * 32,768, limited to 0..=65,535. A frame that is
/// not a number is silence.
///
/// Multiplication by a power of two is exact, so this is exact for every frame.
#[inline]
pub fn audio_value(frame: f32) -> u16 {
    if frame.is_nan() {
        return 1 << (MAX_VALUE_BITS - 1);
    }
    let scaled = (frame * 32_768.0).clamp(-32_768.0, 32_767.0);
    let toward_zero = scaled as i32;
    // A conversion rounds toward zero, so it is one too high for negative fractions.
    let below = toward_zero - i32::from(scaled < toward_zero as f32);
    (below + 32_768) as u16
}

/// Returns a control's value in `bits` bits: the whole number below `value * 2^bits`,
/// limited to the largest.
pub fn control_value(value: f64, bits: u8) -> u32 {
    let values = 1u32 << bits;
    ((value * f64::from(values)) as u32).min(values - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_rounded_down_and_limited() {
        let step = 1.0 / 32_768.0;
        for (frame, value) in [
            (0.0, 32_768),
            (-1e-9, 32_767),
            (1e-9, 32_768),
            (step, 32_769),
            (-step, 32_767),
            (-1.5 * step, 32_766),
            (1.0, 65_535),
            (f32::INFINITY, 65_535),
            (-1.0, 0),
            (f32::NEG_INFINITY, 0),
            (f32::NAN, 32_768),
        ] {
            assert_eq!(audio_value(frame), value, "{frame}");
        }
    }

    #[test]
    fn controls_divide_their_range_evenly() {
        let values = [-1.0, 0.0, 0.24, 0.25, 0.5, 0.99, 1.0, 7.0, f64::NAN];
        assert_eq!(
            values.map(|value| control_value(value, 2)),
            [0, 0, 0, 1, 2, 3, 3, 3, 0]
        );
    }
}
