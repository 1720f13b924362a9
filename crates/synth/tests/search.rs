//! Searches by exact gains.

use logicnet::Parts;
use logicnet::random::Rng;
use synth::{Draft, Loss, Measure, Search, Settings, Table};

/// The 42 melody: t*(42&t>>10), with 2^`bits` samples.
fn melody(bits: u32) -> Table {
    let samples =
        (0..1u32 << bits).map(|t| (((t >> (bits - 4)) & 0x2a).wrapping_mul(t) & 255) as u16);
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

#[test]
fn wiring_and_frozen_gates_stay() {
    let table = melody(10);
    let loss = Loss::new(Measure::Bits, &table);
    let network = logicnet::Network::random(10, &[40, 40, 40], logicnet::random::Ops::Uniform, 3);
    let start = Draft::from_network(&network.unwrap()).unwrap();
    let before = loss_of(&start, &loss);
    let frozen: Vec<u32> = (20..60).collect();
    for keep_wiring in [true, false] {
        let settings = Settings {
            keep_wiring,
            frozen: frozen.clone(),
            ..settings(120)
        };
        let mut search = Search::new(&table, loss.clone(), &start, settings);
        for step in 0..10 {
            search.step(50_000, f64::from(step) / 10.0);
        }
        let best = search.best();
        assert_eq!(search.loss(), loss_of(best, &loss));
        assert!(search.loss() < before, "{} of {before}", search.loss());
        for (number, (after, before)) in (10..).zip(best.gates.iter().zip(&start.gates)) {
            if keep_wiring {
                assert_eq!((after.1, after.2), (before.1, before.2));
            }
            if frozen.contains(&number) {
                assert_eq!(after, before);
            }
        }
    }
}

#[test]
fn starts_of_too_many_gates_are_pruned() {
    // A slow sine-like swing with noise in its low bits.
    let noise = noise(10, 3);
    let swing = noise.samples().iter().enumerate();
    let samples = swing.map(|(t, noise)| (((t * (1023 - t)) >> 10) as u16 & 0xf8) | noise);
    let table = Table::new(samples.collect(), 8).unwrap();
    let loss = Loss::new(Measure::Squared, &table);
    let whole = Draft::from_graph(&synth::exact(&table, &mut ()).unwrap());
    assert!(whole.size() > 200);
    let mut search = Search::new(&table, loss.clone(), &whole, settings(100));
    assert_eq!(search.loss(), u64::MAX);
    for step in 0..40 {
        search.step(100_000, f64::from(step) / 40.0);
    }
    assert!(search.best().size() <= 100);
    assert_eq!(search.loss(), loss_of(search.best(), &loss));
    let silence = loss.of(&vec![128; 1024]);
    assert!(
        search.loss() * 20 < silence,
        "{} of {silence}",
        search.loss()
    );
}

#[test]
fn codebooks_are_near_the_sound() {
    let swing =
        (0..1u32 << 12).map(|t| (((t & 63) * (63 - (t & 63)) * (1 + (t >> 9))) >> 5) as u16);
    let table = Table::new(swing.map(|value| value.min(255)).collect(), 8).unwrap();
    let loss = Loss::new(Measure::Squared, &table);
    let draft = synth::codebook(&table, &loss, 300, 1, &mut ())
        .unwrap()
        .unwrap();
    let mean = vec![64; 1 << 12];
    assert!(loss_of(&draft, &loss) * 2 < loss.of(&mean));
}
