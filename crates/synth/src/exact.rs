//! Exact networks of tables.

use std::fmt;

use logicnet::{MAX_GATES, Pace, Stopped, Xag, count};

use crate::Table;
use crate::diagram::Planes;
use crate::sifting::Sifting;

/// The reason that there is no exact network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExactError {
    /// The smallest diagram found takes this many gates, more than a network may have.
    Gates(usize),
    /// The pace stopped the work.
    Stopped,
}

impl From<Stopped> for ExactError {
    fn from(_: Stopped) -> ExactError {
        ExactError::Stopped
    }
}

impl fmt::Display for ExactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExactError::Gates(gates) => write!(
                f,
                "it takes {}, and a network has at most {MAX_GATES}; fewer bits a sample, fewer \
                 samples or training take fewer",
                count(*gates, "gate")
            ),
            ExactError::Stopped => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for ExactError {}

/// Makes a graph that gives the table's samples at every t: a decision diagram of all bits of a
/// sample. The outputs are these bits, least significant first. Deterministic.
///
/// # Errors
/// Fails if the graph would have more than 65,536 gates, or if the pace stops it.
pub fn exact(table: &Table, pace: &mut dyn Pace) -> Result<Xag, ExactError> {
    let graph = diagram(table, pace)?;
    let gates = graph.live_gates().count();
    if gates > MAX_GATES {
        return Err(ExactError::Gates(gates));
    }
    Ok(graph)
}

/// Makes the decision diagram of a table, however many gates it has.
///
/// # Errors
/// Fails if the pace stops it.
pub(crate) fn diagram(table: &Table, pace: &mut dyn Pace) -> Result<Xag, Stopped> {
    let mut sifting = Sifting::new(Planes::new(table), pace)?;
    sifting.sift(pace)?;
    let mut graph = Xag::new(table.bits());
    let outputs = sifting.build(&mut graph, pace)?;
    graph.set_outputs(outputs);
    Ok(graph)
}

#[cfg(test)]
mod tests {
    use bytebeat::Expression;
    use logicnet::random::Rng;
    use logicnet::{Masks, Network, Parts};
    use proptest::prelude::*;

    use super::*;
    use crate::Draft;

    /// Returns the gates of a table's network, which is compared with the table at every t.
    fn checked(table: &Table) -> usize {
        let graph = exact(table, &mut ()).expect("it fits");
        same(table, &graph);
        graph.live_gates().count()
    }

    fn same(table: &Table, graph: &Xag) {
        let network = Draft::from_graph(graph).to_network(Parts::default());
        let samples = Table::of_network(&network.expect("a network"));
        assert!(samples.as_ref() == Ok(table), "other samples");
    }

    fn random(bits: u32, sample_bits: u8, rng: &mut Rng) -> Table {
        let samples = (0..1 << bits).map(|_| rng.below(1 << sample_bits) as u16);
        Table::new(samples.collect(), sample_bits).expect("a table")
    }

    fn formula(text: &str, bits: u32) -> Table {
        let expression = Expression::parse(text).expect("an expression");
        let network = expression.compile(bits).expect("a network");
        Table::of_network(&network).expect("a table")
    }

    #[test]
    fn random_tables_of_all_sizes_are_equal() {
        let mut rng = Rng::new(1);
        for bits in 1..=9 {
            for sample_bits in 1..=16 {
                checked(&random(bits, sample_bits, &mut rng));
            }
        }
        for (bits, sample_bits) in [(10, 16), (11, 5), (12, 1)] {
            checked(&random(bits, sample_bits, &mut rng));
        }
    }

    #[test]
    fn constants_and_wires_take_no_gates() {
        for bits in 1..=10u32 {
            for value in [0, 1, 0xa5, 0xffff] {
                let table = Table::new(vec![value; 1 << bits], 16).expect("a table");
                assert_eq!(checked(&table), 0);
            }
            let ramp = (0..1 << bits).map(|t| !t as u16 & 0xff);
            assert_eq!(checked(&Table::new(ramp.collect(), 8).expect("a table")), 0);
        }
    }

    #[test]
    fn formulas_are_small() {
        assert!(checked(&formula("((t>>10)&42)*t", 14)) <= 58);
        assert!(checked(&formula("t*((t>>12|t>>8)&63&t>>4)", 16)) <= 1204);
        assert_eq!(checked(&formula("t&t>>8", 16)), 8);
        assert!(checked(&formula("t*5&t>>7|t*3&t>>10", 14)) <= 200);
    }

    #[test]
    fn too_many_gates_are_counted() {
        let table = random(16, 16, &mut Rng::new(3));
        let error = exact(&table, &mut ()).expect_err("it is too large");
        assert!(matches!(error, ExactError::Gates(100_000..)), "{error}");
    }

    #[test]
    fn a_pace_stops_it() {
        struct Limited(u64);
        impl Pace for Limited {
            fn work(&mut self, gates: u64) -> Result<(), Stopped> {
                self.0 = self.0.checked_sub(gates).ok_or(Stopped)?;
                Ok(())
            }
        }
        let table = random(12, 8, &mut Rng::new(4));
        for work in [0, 100_000, 1_000_000] {
            let stopped = exact(&table, &mut Limited(work));
            assert_eq!(stopped.err(), Some(ExactError::Stopped));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Repeated, sparse and piecewise linear tables.
        #[test]
        fn structured_tables_are_equal(
            bits in 1u32..=11,
            sample_bits in 1u8..=16,
            period in 0u32..=11,
            slope in any::<u16>(),
            places in prop::collection::vec((any::<u16>(), any::<u16>()), 0..8),
        ) {
            let mask = u16::MAX >> (16 - sample_bits);
            let mut samples: Vec<u16> = (0..1u32 << bits)
                .map(|t| (t & ((1 << period) - 1)) as u16)
                .map(|t| t.wrapping_mul(slope) & mask)
                .collect();
            for (t, value) in places {
                let t = usize::from(t) % samples.len();
                samples[t] = value & mask;
            }
            checked(&Table::new(samples, sample_bits).expect("a table"));
        }

        #[test]
        fn networks_come_back(seed in any::<u64>(), bits in 1u32..=10) {
            let ops = logicnet::random::Ops::Uniform;
            let network = Network::random(bits, &[40, 40], ops, seed).expect("a network");
            let table = Table::of_network(&network).expect("a table");
            let live = Xag::from_network(&network, &Masks::new()).live_gates().count();
            prop_assert!(checked(&table) <= 100 * live.max(1));
        }
    }
}
