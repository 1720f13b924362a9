//! Expressions as playable networks: how long the loop is, and what differs from the
//! expression's own sound.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use logicnet::{
    Evaluator, MAX_COUNTER_BITS, MAX_SAMPLE_RATE, Masks, Network, Pace, Program, Signal, Stopped,
    W512, Word,
};

use crate::compile::CompileError;
use crate::expression::{Expression, Moment};

/// Least length of a loop, in seconds, of an expression whose period is not known.
const LOOP_SECONDS: u32 = 120;
/// Largest number of bits of such a loop: more take seconds to simplify.
const MAX_LOOP_BITS: u32 = 22;
/// Largest number of samples that are compared with the loop.
const MAX_COMPARED: u32 = 1 << 18;
/// Number of samples that are compared between two calls of a pace.
const COMPARED: u32 = 4096;

/// A network compiled from an expression, and facts about it for people.
#[derive(Clone, Debug)]
pub struct Playable {
    /// The network.
    pub network: Network,
    /// The facts, most important first.
    pub notes: Vec<Note>,
}

/// A fact about a compiled expression, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The place in the expression, in characters from 1.
    pub column: Option<usize>,
    /// A sentence without the full stop.
    pub text: String,
}

impl Expression {
    /// Compiles to a network that plays at `rate` samples a second, with notes on where its
    /// loop or its samples may not be those that the author of the expression heard.
    ///
    /// Without `bits`, takes as many bits of t as the expression's period has while its other
    /// signals stay the same, at most 24. If the period is not known, takes as many as two
    /// minutes have, at most 22. Takes fewer if the network would have more than 65,536 gates.
    ///
    /// # Errors
    /// Fails like [`Expression::compile`].
    pub fn compile_to_play(&self, bits: Option<u32>, rate: u32) -> Result<Playable, CompileError> {
        self.compile_to_play_paced(bits, rate, &mut ())
    }

    /// Does the same as [`Expression::compile_to_play`], at a pace that the caller decides.
    ///
    /// # Errors
    /// Fails like [`Expression::compile`], or if the pace stops it.
    pub fn compile_to_play_paced(
        &self,
        bits: Option<u32>,
        rate: u32,
        pace: &mut dyn Pace,
    ) -> Result<Playable, CompileError> {
        if !(1..=MAX_SAMPLE_RATE).contains(&rate) {
            return Err(CompileError::Rate(rate));
        }
        let period = self.period_bits_paced(pace)?;
        let network = if let Some(bits) = bits {
            self.compile_paced(bits, pace)?
        } else {
            let bits = period.unwrap_or_else(|| {
                let samples = rate.saturating_mul(LOOP_SECONDS).next_power_of_two();
                samples.ilog2().min(MAX_LOOP_BITS)
            });
            self.compile_most(bits, pace)?
        };
        let mut parts = network.into_parts();
        parts.sample_rate = rate;
        let network = Network::try_from(parts).map_err(|_| CompileError::Rate(rate))?;
        let notes = self.notes(&network, period, pace)?;
        Ok(Playable { network, notes })
    }

    /// Compiles with this number of bits of t, or as many as a network can have.
    fn compile_most(&self, bits: u32, pace: &mut dyn Pace) -> Result<Network, CompileError> {
        let least = self.least_bits();
        let wanted = bits.clamp(least, MAX_COUNTER_BITS);
        let mut result = self.compile_paced(wanted, pace);
        for bits in (least..wanted).rev() {
            if !matches!(result, Err(CompileError::Gates(_))) {
                break;
            }
            result = self.compile_paced(bits, pace);
        }
        // The highest bits may turn out not to matter.
        match result {
            Ok(network) if bits_read(&network).max(least) < network.counter_bits() => {
                self.compile_paced(bits_read(&network).max(least), pace)
            }
            result => result,
        }
    }

    fn notes(
        &self,
        network: &Network,
        period: Option<u32>,
        pace: &mut dyn Pace,
    ) -> Result<Vec<Note>, Stopped> {
        let mut notes = Vec::new();
        let mut add = |column, text| notes.push(Note { column, text });
        let bits = network.counter_bits();
        if let Some(samples) = only_samples(network, pace)? {
            let samples = match samples[..] {
                [left, right] => format!("samples are {left} and {right}"),
                _ => format!("sample is {}", samples[0]),
            };
            let when = if self.reads.is_empty() {
                format!("at every t below {}", network.period())
            } else {
                "for all inputs".into()
            };
            add(None, format!("silence: the {samples} {when}"));
        }
        if period.is_none_or(|period| period > bits) {
            add(None, self.describe_cut(network, period, pace)?);
        }
        for difference in self.differences(bits) {
            let text = difference.describe(&self.source);
            add(Some(difference.column), text);
        }
        for (number, source) in self.dialect.signals().iter().enumerate() {
            let is_control = matches!(source.signal, Signal::Control { .. });
            if is_control && !self.reads.contains(&number) {
                add(None, format!("{} is not read", source.signal));
            }
        }
        Ok(notes)
    }

    /// Describes a loop that may be shorter than the expression's period.
    fn describe_cut(
        &self,
        network: &Network,
        period: Option<u32>,
        pace: &mut dyn Pace,
    ) -> Result<String, Stopped> {
        let length = |samples: u64| {
            let seconds = samples as f64 / f64::from(network.sample_rate());
            format!("{samples} samples ({seconds:.2} s)")
        };
        let bits = network.counter_bits();
        let own = match period {
            Some(period) => format!("repeats after {}", length(1 << period)),
            None => "has no known period".to_string(),
        };
        let looped = format!("the loop is {} long", length(1 << bits));
        if !self.reads.is_empty() {
            // The samples beyond the loop depend on the other signals.
            return Ok(format!("{looped}; the expression {own}"));
        }
        let first = self.first_beyond(1 << bits..(1 << bits) + MAX_COMPARED, bits, pace)?;
        let beyond = match first {
            Some(t) => format!("goes on differently from {}", length(t.into())),
            None => format!(
                "goes on the same for the next {} at least",
                length(MAX_COMPARED.into())
            ),
        };
        Ok(format!("{looped}; the expression {beyond} and {own}"))
    }

    /// Returns the first t in the range at which the sample is not that of the loop.
    fn first_beyond(
        &self,
        times: Range<u32>,
        bits: u32,
        pace: &mut dyn Pace,
    ) -> Result<Option<u32>, Stopped> {
        let samples = |t| self.samples(&Moment::at(t));
        for t in times {
            if t % COMPARED == 0 {
                // A sample takes as long as a gate for every other letter, or less.
                pace.work(u64::from(COMPARED) * self.source.len() as u64)?;
            }
            if samples(t) != samples(t & ((1 << bits) - 1)) {
                return Ok(Some(t));
            }
        }
        Ok(None)
    }
}

/// Returns the number of bits of t up to the highest that is read.
fn bits_read(network: &Network) -> u32 {
    let reads = |node: u32| {
        let of_gates = network.gates().iter();
        of_gates
            .flat_map(|gate| [gate.a, gate.b])
            .any(|n| n == node)
            || network.outputs().contains(&node)
    };
    // The inputs of compiled networks begin with the bits of t.
    let bits = 0..network.counter_bits();
    bits.rev().find(|&bit| reads(bit)).map_or(0, |bit| bit + 1)
}

/// Returns the sample of each channel if a network has the same for all its inputs. Returns
/// `None` also if it has too many inputs to try them all.
fn only_samples(network: &Network, pace: &mut dyn Pace) -> Result<Option<Vec<u16>>, Stopped> {
    let encoding = network.output_encoding();
    let mut evaluator = Evaluator::<W512>::new(Program::new(network, &Masks::new()));
    if network.variables() > MAX_COUNTER_BITS {
        return Ok(None);
    }
    let mut levels = [0; W512::LANES];
    let mut first = vec![None; encoding.channels()];
    // From 0 on, the lanes enumerate all values of the variables.
    for t in (0..1 << network.variables()).step_by(W512::LANES) {
        pace.work(evaluator.program().gates() as u64)?;
        evaluator.start(t);
        evaluator.finish();
        for (channel, first) in first.iter_mut().enumerate() {
            evaluator.levels(channel, &mut levels);
            let first = *first.get_or_insert(levels[0]);
            if levels.iter().any(|&level| level != first) {
                return Ok(None);
            }
        }
    }
    // A sample is the high bits of its level, of which the sign is inverted.
    let sample = |level: i16| (level ^ i16::MIN) as u16 >> (16 - encoding.sample_bits());
    Ok(first.into_iter().map(|level| level.map(sample)).collect())
}
