//! The dialect of an expression: its names and the size of its samples.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use logicnet::{
    InputEncoding, MAX_CONTROL_BITS, MAX_VALUE_BITS, Network, NetworkError, Parts, Signal, Source,
};

/// Names of the channels of sound, in order.
const SOUND: [&str; 2] = ["in", "in2"];

/// The names that an expression may read in addition to t, and the size of its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Dialect {
    /// The signals that have names: both channels of sound, then the controls.
    signals: Vec<Source>,
    sample_bits: u8,
}

impl Default for Dialect {
    /// Returns the dialect without controls, of [`Dialect::DEFAULT_BITS`].
    fn default() -> Dialect {
        Dialect {
            signals: sound(Dialect::DEFAULT_BITS).into(),
            sample_bits: Dialect::DEFAULT_BITS,
        }
    }
}

impl Dialect {
    /// Bits of a frame and of a sample, unless others are wanted.
    pub const DEFAULT_BITS: u8 = 8;

    /// Reads a control as people write it, `NAME:BITS` or `NAME:BITS=DEFAULT`: its name, bits
    /// and default, 0.0 if there is none. [`Dialect::new`] checks their ranges.
    ///
    /// # Errors
    /// Says how to write a control.
    pub fn parse_control(text: &str) -> Result<(String, u8, f64), &'static str> {
        let wanted = "write NAME:BITS or NAME:BITS=DEFAULT, such as cutoff:4=0.5";
        let (name, bits) = text.split_once(':').ok_or(wanted)?;
        let (bits, default) = bits.split_once('=').unwrap_or((bits, "0"));
        let bits = bits.parse().map_err(|_| wanted)?;
        let default = default.parse().map_err(|_| wanted)?;
        Ok((name.into(), bits, default))
    }

    /// Creates a dialect with this many bits in a frame of `in` and `in2` and in a sample,
    /// 1..=16 each. Controls are given by name, bits and default.
    ///
    /// # Errors
    /// Fails if a number of bits is out of range, or if a network cannot have such controls.
    pub fn new(
        audio_bits: u8,
        sample_bits: u8,
        controls: impl IntoIterator<Item = (String, u8, f64)>,
    ) -> Result<Dialect, NetworkError> {
        let wrong = |problem| NetworkError {
            path: String::new(),
            problem,
        };
        if !(1..=MAX_VALUE_BITS).contains(&sample_bits) {
            return Err(wrong(format!(
                "{sample_bits} bits a sample, but there are 1..{MAX_VALUE_BITS}"
            )));
        }
        let mut signals = Vec::from(sound(audio_bits));
        // Each has a bit at least, so more would be refused below, but slowly.
        for (name, bits, default) in controls.into_iter().take(MAX_CONTROL_BITS as usize + 1) {
            if name == "t" || SOUND.contains(&name.as_str()) {
                return Err(wrong(format!("{name} is the name of another input")));
            }
            signals.push(source(Signal::Control { name, default }, bits));
        }
        // The rules of a network's sources are those of a network that has only these.
        Network::try_from(Parts {
            sources: signals.clone(),
            outputs: [0].into(),
            ..Parts::default()
        })
        .map_err(|error| wrong(error.problem))?;
        Ok(Dialect {
            signals,
            sample_bits,
        })
    }

    /// Number of bits of a sample.
    pub fn sample_bits(&self) -> u8 {
        self.sample_bits
    }

    /// The signals that have names: both channels of sound, then the controls.
    pub(crate) fn signals(&self) -> &[Source] {
        &self.signals
    }

    /// Returns the number of the signal of this name.
    pub(crate) fn signal(&self, word: &str) -> Option<usize> {
        self.signals.iter().position(|source| match &source.signal {
            Signal::Audio { channel } => SOUND[usize::from(*channel)] == word,
            Signal::Control { name, .. } => name == word,
            Signal::Time => false,
        })
    }
}

fn sound(bits: u8) -> [Source; 2] {
    [0, 1].map(|channel| source(Signal::Audio { channel }, bits))
}

fn source(signal: Signal, bits: u8) -> Source {
    Source {
        signal,
        bits,
        encoding: InputEncoding::Binary,
    }
}
