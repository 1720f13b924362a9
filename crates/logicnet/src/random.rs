//! Random networks, the same for the same seed on every machine.
//!
//! ```
//! use logicnet::Network;
//! use logicnet::random::Ops;
//!
//! let network = Network::random(12, &[64, 64], Ops::XorRich, 7)?;
//! assert_eq!((network.gates().len(), network.period()), (128, 4096));
//! assert_eq!(network, Network::random(12, &[64, 64], Ops::XorRich, 7)?);
//! # Ok::<(), logicnet::NetworkError>(())
//! ```

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use crate::check::check_sources;
use crate::{
    Gate, MAX_COUNTER_BITS, MAX_GATES, Network, NetworkError, NetworkLayer, Op, Parts, Source,
};

/// Number of outputs of a random network: the last gates of its last layer.
const OUTPUTS: usize = 8;

/// The random number generator `SplitMix64` (Steele, Lea and Flood 2014; constants from
/// the public-domain C by Vigna).
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Creates a generator from a seed.
    pub const fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// Returns the seed of a generator that continues as this one does.
    pub const fn state(&self) -> u64 {
        self.0
    }

    /// Returns the next 64 random bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a random number below `n`, which must not be 0. The probabilities of the
    /// numbers differ by at most 2^-64.
    pub const fn below(&mut self, n: u32) -> u32 {
        ((self.next() as u128 * n as u128) >> 64) as u32
    }

    /// Shuffles items.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u32 + 1) as usize);
        }
    }
}

/// The distribution of a random network's operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ops {
    /// All sixteen operations with equal probability, as in an untrained difflogic
    /// network: an eighth of the gates are constants, a quarter wires and inverters.
    #[default]
    Uniform,
    /// Half XOR and XNOR, half the eight variants of AND and OR. Outputs of deep networks
    /// still depend on t.
    XorRich,
}

impl Ops {
    fn draw(self, rng: &mut Rng) -> Op {
        const AND_OR: [u8; 8] = [1, 2, 4, 7, 8, 11, 13, 14];
        let number = match self {
            Ops::Uniform => rng.below(16) as u8,
            Ops::XorRich => match rng.below(16) {
                i @ 0..8 => AND_OR[i as usize],
                i => [Op::XOR, Op::XNOR][i as usize % 2].number(),
            },
        };
        Op::new(number).expect("the number is below 16")
    }
}

impl Network {
    /// Makes a random network of 8 outputs, with layers of the given widths in gates. As in
    /// difflogic, every gate reads two nodes of the layer before, whose nodes are read
    /// about equally often.
    ///
    /// # Errors
    /// Fails unless there are 1..=24 inputs, every layer has gates, the last one at least
    /// 8, and all layers together at most [`MAX_GATES`].
    pub fn random(
        inputs: u32,
        widths: &[usize],
        ops: Ops,
        seed: u64,
    ) -> Result<Network, NetworkError> {
        if !(1..=MAX_COUNTER_BITS).contains(&inputs) {
            let problem = format!("{inputs} inputs, but a network has 1..{MAX_COUNTER_BITS}");
            return Err(NetworkError::new("inputs", problem));
        }
        Network::random_of([Source::time(inputs as u8)].into(), widths, ops, seed)
    }

    /// Makes a random network of these sources, as [`Network::random`] does.
    ///
    /// # Errors
    /// Fails if the sources are not those of a network, or for the layers, as
    /// [`Network::random`] does.
    pub fn random_of(
        sources: Vec<Source>,
        widths: &[usize],
        ops: Ops,
        seed: u64,
    ) -> Result<Network, NetworkError> {
        let gates = widths
            .iter()
            .fold(0, |sum: usize, &width| sum.saturating_add(width));
        if gates > MAX_GATES {
            let problem = format!("{gates} gates, but a network has at most {MAX_GATES}");
            return Err(NetworkError::new("layers", problem));
        }
        if let Some(i) = widths.iter().position(|&width| width == 0) {
            return Err(NetworkError::new(
                format!("layers[{i}]"),
                "a layer has at least 1 gate",
            ));
        }
        if widths.last().is_none_or(|&width| width < OUTPUTS) {
            let problem = format!("the last layer has at least {OUTPUTS} gates, the outputs");
            return Err(NetworkError::new("layers", problem));
        }
        let inputs = check_sources(&sources)?.inputs;
        let mut rng = Rng::new(seed);
        let (mut first, mut next) = (0, inputs);
        let layers = widths
            .iter()
            .map(|&width| {
                let gates = wire(&mut rng, first, next - first, width, ops);
                (first, next) = (next, next + width as u32);
                NetworkLayer {
                    gates,
                    ..NetworkLayer::default()
                }
            })
            .collect();
        Network::try_from(Parts {
            name: format!("random {seed}"),
            source: Some("random ".to_string() + &seed.to_string()),
            sources,
            layers,
            outputs: (next - OUTPUTS as u32..next).collect(),
            ..Parts::default()
        })
    }
}

/// Makes a layer of gates that read the nodes `first .. first + count`.
fn wire(rng: &mut Rng, first: u32, count: u32, width: usize, ops: Ops) -> Vec<Gate> {
    let mut operands: Vec<u32> = (0..2 * width as u32).map(|i| first + i % count).collect();
    rng.shuffle(&mut operands);
    operands
        .chunks_exact(2)
        .map(|pair| Gate {
            op: ops.draw(rng),
            a: pair[0],
            b: pair[1],
        })
        .collect()
}
