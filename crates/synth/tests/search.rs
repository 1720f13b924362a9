//! Searches by exact gains.

use logicnet::Parts;
use logicnet::random::Rng;
use synth::{Draft, Loss, Measure, Search, Settings, Table};

/// The 42 melody: t*(42&t>>10), with 2^`bits` samples.
fn melody(bits: u32) -> Table {
    let samples =
        (0..1u32 << bits).map(|t| (((t >> (bits - 4)) & 42).wrapping_mul(t) & 255) as u16);
    Table::new(samples.collect(), 8).unwrap()
}

fn noise(bits: u32, sample_bits: u8) -> Table {
    let mut rng = Rng::new(1);
    let samples = (0..1 << bits).map(|_| rng.below(1 << sample_bits) as u16);
    Table::new(samples.collect(), sample_bits).unwrap()
}

fn nothing(table: &Table) -> Draft {
    Draft {
        inputs: table.bits(),
        gates: vec![(0, 0, 0)],
        outputs: vec![table.bits(); table.sample_bits().into()],
    }
}

fn settings(gates: u32) -> Settings {
    Settings {
        gates,
        keep_wiring: false,
        frozen: Vec::new(),
        seed: 1,
    }
}

/// Returns the loss of a draft's own samples.
fn loss_of(draft: &Draft, loss: &Loss) -> u64 {
    let network = draft.to_same_network(Parts::default()).unwrap();
    let samples = Table::of_network(&network).unwrap();
    let samples = samples.samples().iter().enumerate();
    samples.map(|(t, &value)| loss.at(t, value)).sum()
}

#[test]
fn the_loss_agrees_with_the_network() {
    for measure in [Measure::Bits, Measure::Squared, Measure::MuLaw] {
        for table in [melody(10), noise(4, 3), noise(9, 12)] {
            let mut loss = Loss::new(measure, &table);
            let mut search = Search::new(&table, loss.clone(), &nothing(&table), settings(60));
            for step in 0..20 {
                search.step(50_000, f64::from(step) / 20.0);
                if step == 10 {
                    loss.set_weights((0..loss.weights().len()).map(|i| 1 + i as u8 % 5).collect());
                    search.set_weights(loss.weights().to_vec());
                }
                assert_eq!(search.loss(), loss_of(search.best(), &loss));
                assert!(search.best().size() <= search.gates() && search.gates() <= 60);
            }
        }
    }
}

#[test]
fn a_restored_search_continues_as_it_was() {
    let table = noise(10, 8);
    let loss = Loss::new(Measure::MuLaw, &table);
    let mut search = Search::new(&table, loss.clone(), &nothing(&table), settings(100));
    for _ in 0..5 {
        search.step(100_000, 0.3);
        let mut restored = Search::restore(&table, loss.clone(), search.save());
        search.step(100_000, 0.4);
        restored.step(100_000, 0.4);
        assert_eq!(search.save(), restored.save());
    }
}
