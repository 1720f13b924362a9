//! Rough copies of sounds, which take few gates: held samples on few levels.

use logicnet::{Lit, Pace, Stopped, Xag};

use crate::compose::append;
use crate::exact::diagram;
use crate::{Loss, Table};

/// Number of improvements of the levels.
const ROUNDS: u32 = 40;

/// Makes the exact diagram of a rough copy of a table. Each `2^held` samples become their mean,
/// moved to the nearest of at most `count` levels. The levels are those of the least squared
/// error, weighted as the loss is (Lloyd 1982, Max 1960).
///
/// # Errors
/// Fails if the pace stops the work.
pub(crate) fn rough(
    table: &Table,
    loss: &Loss,
    held: u32,
    count: usize,
    pace: &mut dyn Pace,
) -> Result<Xag, Stopped> {
    let group = |samples: &[u16]| {
        let sum: u32 = samples.iter().map(|&sample| u32::from(sample)).sum();
        (sum >> held) as u16
    };
    let means: Vec<u16> = table.samples().chunks(1 << held).map(group).collect();
    let weights = (0..means.len()).map(|i| u64::from(loss.weight(i << held)));
    let levels = levels(&means, weights, table.sample_bits(), count);
    let bits = (levels.len().max(2) - 1).ilog2() as u8 + 1;
    let numbers = means.iter().map(|&mean| nearest(&levels, mean) as u16);
    let numbers = diagram(&table_of(numbers.collect(), bits), pace)?;
    // The last level is repeated, so that there is one for each number.
    let level = |number: usize| levels[number.min(levels.len() - 1)];
    let values = (0..1 << bits).map(level).collect();
    let values = diagram(&table_of(values, table.sample_bits()), pace)?;
    let mut graph = Xag::new(table.bits());
    let t: Vec<Lit> = (held..table.bits())
        .map(|bit| graph.variable(bit))
        .collect();
    let number = append(&mut graph, &numbers, &t);
    let outputs = append(&mut graph, &values, &number);
    graph.set_outputs(outputs);
    Ok(graph)
}

fn table_of(samples: Vec<u16>, bits: u8) -> Table {
    Table::new(samples, bits).expect("there are 2^n samples of so many bits")
}

/// Returns the levels of weighted samples, at least one and at most `count`, in ascending order.
fn levels(
    samples: &[u16],
    weights: impl Iterator<Item = u64>,
    sample_bits: u8,
    count: usize,
) -> Vec<u16> {
    let mut by_value = vec![0; 1 << sample_bits];
    for (&sample, weight) in samples.iter().zip(weights) {
        by_value[usize::from(sample)] += weight;
    }
    let range = || samples.iter().map(|&sample| usize::from(sample));
    let (low, high) = (range().min().unwrap_or(0), range().max().unwrap_or(0));
    let mut levels: Vec<u16> = (0..count)
        .map(|i| (low + (2 * i + 1) * (high - low) / (2 * count)) as u16)
        .collect();
    for _ in 0..ROUNDS {
        levels.dedup();
        let mut sums = vec![(0, 0); levels.len()];
        for (value, &weight) in (0..).zip(&by_value) {
            let (sum, total) = &mut sums[nearest(&levels, value)];
            *sum += weight * u64::from(value);
            *total += weight;
        }
        for (level, (sum, total)) in levels.iter_mut().zip(sums) {
            if let Some(mean) = (sum + total / 2).checked_div(total) {
                *level = mean as u16;
            }
        }
    }
    levels.dedup();
    levels
}

/// Returns the index of the level that is the nearest to a value.
fn nearest(levels: &[u16], value: u16) -> usize {
    let above = levels.partition_point(|&level| level < value);
    match (above.checked_sub(1), levels.get(above)) {
        (Some(below), Some(&level)) if value - levels[below] > level - value => below + 1,
        (Some(below), _) => below,
        (None, _) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Draft, Measure};

    fn swing(bits: u32) -> Table {
        let value = |t: u32| ((t & 63) * (63 - (t & 63)) * (t >> 6 & 7)) >> 5;
        let samples = (0..1 << bits).map(|t| value(t).min(255) as u16);
        Table::new(samples.collect(), 8).expect("a table")
    }

    /// The copy by its definition, sample by sample.
    #[test]
    fn samples_are_means_on_the_nearest_level() {
        let table = swing(10);
        let loss = Loss::new(Measure::Squared, &table);
        for (held, count) in [(0, 1), (0, 2), (0, 5), (1, 7), (2, 4), (3, 256)] {
            let graph = rough(&table, &loss, held, count, &mut ()).expect("full speed");
            let samples = Draft::from_graph(&graph).samples();
            let mut levels = samples.clone();
            levels.sort_unstable();
            levels.dedup();
            assert!(levels.len() <= count, "{levels:?}");
            for (copy, samples) in samples
                .chunks(1 << held)
                .zip(table.samples().chunks(1 << held))
            {
                let mean = samples.iter().sum::<u16>() >> held;
                let distance = |level: u16| level.abs_diff(mean);
                let least = levels.iter().map(|&level| distance(level)).min();
                assert!(copy.iter().all(|&value| Some(distance(value)) == least));
            }
        }
    }

    #[test]
    fn more_levels_lose_less() {
        let table = swing(10);
        let loss = Loss::new(Measure::Squared, &table);
        let lost = |count| {
            let graph = rough(&table, &loss, 0, count, &mut ()).expect("full speed");
            loss.of(&Draft::from_graph(&graph).samples())
        };
        assert!(lost(2) > 2 * lost(4) && lost(4) > 2 * lost(16));
        assert_eq!(lost(256), 0);
    }
}
