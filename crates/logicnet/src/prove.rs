//! Proof that two networks are equal.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;

use crate::program::{Builder, Program};
use crate::random::Rng;
use crate::{
    Evaluator, Lit, MAX_COUNTER_BITS, Masks, Network, OutputEncoding, Signal, W512, Word, Xag,
};

/// The first difference between two networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first time.
    pub t: u32,
    /// Names and values of the other signals that either network reads.
    pub signals: Vec<(String, u32)>,
    /// The lowest output that differs at that time. For group sums and different numbers
    /// of outputs, the lowest bit of the level that differs, counted from the lowest of
    /// eight bits, or of sixteen if a network has samples of more than eight.
    pub bit: u32,
    /// The bit's value in the first network.
    pub first: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at t = {}", self.t)?;
        for (name, value) in &self.signals {
            write!(f, ", {name} = {value}")?;
        }
        let colon = if self.signals.is_empty() { "" } else { ":" };
        let (a, b) = (u8::from(self.first), u8::from(!self.first));
        write!(
            f,
            "{colon} bit {} is {a} in the first and {b} in the second",
            self.bit
        )
    }
}

/// The reason why two networks are not proved equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproved {
    /// They differ.
    Different(Difference),
    /// The networks read this many bits in all, more than the 24 of which all values can be
    /// tried. No difference was found at some values.
    Unknown {
        /// Bits of all signals that the outputs of either network may depend on.
        bits: u32,
    },
}

impl fmt::Display for Unproved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unproved::Different(difference) => difference.fmt(f),
            Unproved::Unknown { bits } => write!(
                f,
                "no difference found, but the networks read {bits} bits; a proof tries all \
                 values of at most {MAX_COUNTER_BITS}"
            ),
        }
    }
}

/// Number of groups of lanes that are tried if there are too many variables for all values.
const TRIED_GROUPS: u32 = 2048;

/// Compares two networks under their masks for all values of t, sound and controls: all
/// outputs if both are binary with the same number of outputs, otherwise the levels. Signals
/// are the same in both networks; of different numbers of bits, the highest agree. Calls
/// `progress` with the completed fraction, 0.0 to 1.0, about every 131,072 samples.
///
/// # Errors
/// Returns the first difference, or that there are too many bits to tell.
pub fn prove(
    (a, masks_a): (&Network, &Masks),
    (b, masks_b): (&Network, &Masks),
    mut progress: impl FnMut(f64),
) -> Result<(), Unproved> {
    const REPORT: u32 = 131_072;
    let signals = Signals::of([a, b]);
    let graph = |network, masks| {
        let places = signals.places(network);
        let graph = Xag::from_network(network, masks);
        graph.copy(signals.variables(), |number| {
            Lit::new(1 + places[number as usize], false)
        })
    };
    let graphs = [graph(a, masks_a), graph(b, masks_b)];
    let mut read = graphs.each_ref().map(Xag::read_variables).concat();
    read.sort_unstable();
    read.dedup();
    let mut builder = Builder::new();
    let encodings = [a, b].map(Network::output_encoding);
    let [a, b] = [0, 1].map(|i| builder.lay_out(&graphs[i].narrow(&read), encodings[i]));
    let bits = read.len() as u32;
    let found = if bits <= MAX_COUNTER_BITS {
        let report = |done: u32| {
            if done % REPORT == 0 {
                progress(f64::from(done) / f64::from(1u32 << bits));
            }
            Ok::<(), Infallible>(())
        };
        let Ok(mismatch) = first_difference(a, b, report);
        mismatch
    } else if encodings[0] == encodings[1] && are_same(&graphs) {
        None
    } else {
        let mismatch = try_some(a, b, &mut progress).ok_or(Unproved::Unknown { bits })?;
        Some(mismatch)
    };
    if let Some(mismatch) = found {
        return Err(Unproved::Different(signals.difference(&read, &mismatch)));
    }
    progress(1.0);
    Ok(())
}

/// The signals of two networks, with the larger number of bits of each; first t.
struct Signals(Vec<(Signal, u32)>);

impl Signals {
    fn of(networks: [&Network; 2]) -> Signals {
        let mut signals = vec![(Signal::Time, 0)];
        for source in networks.into_iter().flat_map(Network::sources) {
            let bits = u32::from(source.bits);
            match signals
                .iter_mut()
                .find(|(signal, _)| signal.is_same(&source.signal))
            {
                Some((_, most)) => *most = bits.max(*most),
                None => signals.push((source.signal.clone(), bits)),
            }
        }
        Signals(signals)
    }

    /// Number of bits of all signals.
    fn variables(&self) -> u32 {
        self.0.iter().map(|(_, bits)| bits).sum()
    }

    /// Returns the number, among the bits of all signals, of each variable of a network.
    fn places(&self, network: &Network) -> Vec<u32> {
        let mut places = vec![0; network.variables() as usize];
        for span in network.spans() {
            let mut first = 0;
            for (signal, bits) in &self.0 {
                first += bits;
                if signal.is_same(&span.source.signal) {
                    // Of t, the lowest bits agree.
                    let own = u32::from(span.source.bits);
                    first -= if *signal == Signal::Time { *bits } else { own };
                    break;
                }
            }
            for (variable, place) in span.variables.zip(first..) {
                places[variable as usize] = place;
            }
        }
        places
    }

    /// Describes a mismatch of programs that read these of all bits.
    fn difference(&self, read: &[u32], mismatch: &Mismatch) -> Difference {
        let mut first = 0;
        let mut values = self.0.iter().map(|(signal, bits)| {
            first += bits;
            let own = read.iter().zip(&mismatch.values);
            let value = own
                .filter(|&(place, _)| (first - bits..first).contains(place))
                .map(|(place, &value)| u32::from(value) << (place + bits - first))
                .sum();
            (signal.to_string(), value)
        });
        Difference {
            t: values.next().map_or(0, |(_, t)| t),
            signals: values.collect(),
            bit: mismatch.bit,
            first: mismatch.first,
        }
    }
}

/// Returns whether two graphs have the same gates.
fn are_same([a, b]: &[Xag; 2]) -> bool {
    let mut both = Xag::new(a.variables());
    let [of_a, of_b] = [a, b].map(|graph| both.include(graph));
    of_a == of_b
}

/// Values of variables at which two programs differ.
#[derive(Debug)]
pub(crate) struct Mismatch {
    /// The value of each variable.
    values: Vec<bool>,
    /// As in [`Difference`].
    bit: u32,
    first: bool,
}

/// Returns values of the variables, at most 24, at which two programs differ first. Calls
/// `next` with the number of values that were compared, every 512 of them, and stops if it
/// fails.
pub(crate) fn first_difference<E>(
    a: Program,
    b: Program,
    mut next: impl FnMut(u32) -> Result<(), E>,
) -> Result<Option<Mismatch>, E> {
    let variables = a.variables().max(b.variables());
    let mut pair = Pair::new(a, b);
    for t0 in (0..1u32 << variables).step_by(W512::LANES) {
        next(t0)?;
        pair.0.start(t0);
        pair.1.start(t0);
        if let Some((lane, bit, first)) = pair.difference() {
            let value = |variable: u32| (t0 + lane) >> variable & 1 == 1;
            let values = (0..variables).map(value).collect();
            return Ok(Some(Mismatch { values, bit, first }));
        }
    }
    Ok(None)
}

/// Returns some values of the variables at which two programs differ, if any are found.
fn try_some(a: Program, b: Program, progress: &mut impl FnMut(f64)) -> Option<Mismatch> {
    let mut values = vec![W512::ZERO; a.variables() as usize];
    let mut pair = Pair::new(a, b);
    let mut rng = Rng::new(0);
    for group in 0..TRIED_GROUPS {
        progress(f64::from(group) / f64::from(TRIED_GROUPS));
        values.fill_with(|| W512::from_columns(|_| rng.next()));
        pair.0.start_with(|variable| values[usize::from(variable)]);
        pair.1.start_with(|variable| values[usize::from(variable)]);
        if let Some((lane, bit, first)) = pair.difference() {
            let (column, lane) = (lane as usize / 64, lane % 64);
            let values = values
                .iter()
                .map(|value| value.column(column) >> lane & 1 == 1)
                .collect();
            return Some(Mismatch { values, bit, first });
        }
    }
    None
}

/// Evaluators of two programs.
struct Pair(Evaluator<W512>, Evaluator<W512>);

impl Pair {
    fn new(a: Program, b: Program) -> Pair {
        Pair(Evaluator::new(a), Evaluator::new(b))
    }

    /// Evaluates the group that both have started. Returns the first lane that differs, its
    /// lowest bit that differs, and the value in the first program.
    fn difference(&mut self) -> Option<(u32, u32, bool)> {
        self.0.finish();
        self.1.finish();
        let [a, b] = [self.0.program(), self.1.program()];
        let is_sum =
            |program: &Program| matches!(program.output_encoding, OutputEncoding::GroupSum { .. });
        if a.output_encoding == b.output_encoding && a.outputs() == b.outputs() && !is_sum(a) {
            self.differing_output()
        } else {
            self.differing_level()
        }
    }

    fn differing_output(&self) -> Option<(u32, u32, bool)> {
        (0..self.0.program().outputs())
            .filter_map(|output| {
                let (a, b) = (self.0.plane(output), self.1.plane(output));
                let column = (0..W512::COLUMNS).find(|&j| a.column(j) != b.column(j))?;
                let lane = (a.column(column) ^ b.column(column)).trailing_zeros();
                let first = a.column(column) >> lane & 1 == 1;
                Some((64 * column as u32 + lane, output as u32, first))
            })
            .min()
    }

    fn differing_level(&self) -> Option<(u32, u32, bool)> {
        let [a, b] = [self.0.program(), self.1.program()];
        let wide = [a, b]
            .iter()
            .any(|program| program.output_encoding.sample_bits() > 8);
        let lowest = if wide { 0 } else { 8 };
        let channels = a.channels().max(b.channels());
        let (mut of_a, mut of_b) = ([0; W512::LANES], [0; W512::LANES]);
        (0..channels)
            .filter_map(|channel| {
                self.0.levels(channel, &mut of_a);
                self.1.levels(channel, &mut of_b);
                let lane = (0..W512::LANES).find(|&lane| of_a[lane] != of_b[lane])?;
                // Levels are offset by half of full scale, samples are not.
                let [a, b] = [of_a[lane], of_b[lane]].map(|level| level ^ i16::MIN);
                let bit = (a ^ b).trailing_zeros();
                Some((lane as u32, bit - lowest, a >> bit & 1 == 1))
            })
            .min_by_key(|&(lane, ..)| lane)
    }
}
