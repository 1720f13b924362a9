//! Training as its callers see it.
#![allow(missing_docs)]

use bytebeat::Expression;
use logicnet::random::Ops;
use logicnet::{Mask, Masks, Network, Op, Parts};
use proptest::prelude::*;
use synth::{
    CheckpointError, Draft, Loss, Measure, Method, Options, Stage, Status, Table, TrainError,
    Trainer,
};

fn formula(text: &str, bits: u32) -> Table {
    let expression = Expression::parse(text).unwrap();
    let samples = (0..1 << bits).map(|t| expression.sample(t).into());
    Table::new(samples.collect(), 8).unwrap()
}

/// The samples of a network by its own evaluator.
fn samples(network: &Network) -> Vec<u16> {
    Table::of_network(network).unwrap().samples().to_vec()
}

#[test]
fn what_fits_is_exact_and_then_done() {
    let table = formula("t&t>>8", 16);
    let mut trainer = Trainer::new(table.clone(), Options::default(), None).unwrap();
    assert_eq!(trainer.status().stage, Stage::Diagram);
    let status = trainer.step(1000, 0.0);
    assert_eq!((status.stage, status.loss), (Stage::Simplify, 0));
    let status = trainer.step(1000, 0.0);
    assert_eq!((status.stage, status.loss), (Stage::Done, 0));
    assert!(status.gates <= 8, "{status:?}");
    assert!(status.exact_gates >= Some(status.gates));
    let network = trainer.network(Parts::default()).unwrap();
    assert_eq!(samples(&network), table.samples());
    assert_eq!(network.gates().len(), status.gates);
}

#[test]
fn exact_alone_tells_how_many_gates_it_needs() {
    let options = Options {
        method: Method::Exact,
        gates: 3,
        ..Options::default()
    };
    let mut trainer = Trainer::new(formula("t*(42&t>>10)", 14), options, None).unwrap();
    let status = trainer.step(1, 0.0);
    assert_eq!(status.stage, Stage::Done);
    assert!(status.loss > 0);
    assert!(status.exact_gates.unwrap() > 3, "{status:?}");
}

#[test]
fn drafts_of_networks_keep_numbers_and_hear_masks() {
    let network = Network::random(8, &[16, 16, 8], Ops::Uniform, 3).unwrap();
    let mut masks = Masks::new();
    masks.set(1, Mask::Force(true));
    masks.set(2, Mask::Invert);
    masks.set(9, Mask::Replace(Op::XOR));
    masks.set(12, Mask::Force(false));
    let bent = network.with_masks(masks).unwrap();
    let draft = Draft::from_network(&bent).unwrap();
    assert_eq!(draft.gates.len(), bent.gates().len());
    assert_eq!(draft.samples(), samples(&bent));
    let same = draft.to_same_network(bent.clone().into_parts()).unwrap();
    assert_eq!(samples(&same), samples(&bent));
    assert_eq!(same.layer_count(), bent.layer_count());
    assert!(same.masks().is_empty(), "its bends are its gates now");
    let small = draft.to_network(Parts::default()).unwrap();
    assert_eq!(samples(&small), samples(&bent));
    assert_eq!(draft.size(), Draft::from_network(&small).unwrap().size());
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let table = formula("t>>2", 8);
    let network = Network::random(8, &[16, 8], Ops::Uniform, 3).unwrap();
    let with = |options: Options, from: Option<&Network>| {
        Trainer::new(table.clone(), options, from).unwrap_err()
    };
    let gates = |gates| Options {
        gates,
        ..Options::default()
    };
    assert_eq!(with(gates(0), None), TrainError::Gates(0));
    assert_eq!(with(gates(65_537), None), TrainError::Gates(65_537));
    let frozen = |node| Options {
        frozen: vec![node],
        ..Options::default()
    };
    assert_eq!(with(frozen(7), Some(&network)), TrainError::Frozen(7));
    assert_eq!(with(frozen(32), Some(&network)), TrainError::Frozen(32));
    assert_eq!(with(frozen(8), None), TrainError::Frozen(8));
    let other = Network::random(9, &[16, 8], Ops::Uniform, 3).unwrap();
    assert_eq!(with(gates(9), Some(&other)), TrainError::Shape);
}

/// Trains with this many steps, and calls `after` after each of them.
fn train(trainer: &mut Trainer, steps: u32, mut after: impl FnMut(&mut Trainer)) -> Status {
    for step in 0..steps {
        trainer.step(100_000, f64::from(step) / f64::from(steps));
        after(trainer);
    }
    trainer.status()
}

#[test]
fn formulas_are_found_by_search() {
    let options = Options {
        method: Method::Search,
        gates: 60,
        measure: Measure::Bits,
        ..Options::default()
    };
    let table = formula("t*(42&t>>6)", 10);
    let mut trainer = Trainer::new(table.clone(), options, None).unwrap();
    let silent = trainer.status().loss;
    let status = train(&mut trainer, 100, |_| {});
    assert!(status.loss < silent / 20, "{silent} {status:?}");
    assert!(status.gates <= 60);
    let loss = Loss::new(Measure::Bits, &table);
    assert_eq!(loss.of(&trainer.samples()), status.loss);
    trainer.finish(&mut ()).unwrap();
    let network = trainer.network(Parts::default()).unwrap();
    assert_eq!(loss.of(&samples(&network)), status.loss);
    let gates = Draft::from_network(&network).unwrap().size();
    assert_eq!(gates, trainer.status().gates);
}

#[test]
fn training_continues_from_any_checkpoint_as_if_unbroken() {
    for method in [Method::Auto, Method::Search, Method::Gradient] {
        let options = Options {
            method,
            gates: 40,
            runs: 2,
            ..Options::default()
        };
        let table = formula("t*(t>>5|t>>8)", 11);
        let mut unbroken = Trainer::new(table.clone(), options.clone(), None).unwrap();
        let silent = unbroken.status().loss;
        let status = train(&mut unbroken, 20, |_| {});
        let learns = status.loss < silent;
        assert!(
            learns || method == Method::Gradient,
            "{method:?} {status:?}"
        );
        let mut broken = Trainer::new(table, options, None).unwrap();
        train(&mut broken, 20, |trainer| {
            *trainer = Trainer::restore(&trainer.save()).unwrap();
        });
        assert_eq!(broken.status(), unbroken.status());
        assert_eq!(
            broken.network(Parts::default()),
            unbroken.network(Parts::default())
        );
        assert!(broken.save() == unbroken.save(), "{method:?}");
    }
}

#[test]
fn kept_wiring_and_frozen_gates_stay() {
    let network = Network::random(8, &[24, 24, 8], Ops::Uniform, 3).unwrap();
    let table = formula("t*3^t>>3", 8);
    let frozen = vec![8, 30, 63];
    let options = Options {
        keep_wiring: true,
        frozen: frozen.clone(),
        ..Options::default()
    };
    let mut trainer = Trainer::new(table, options, Some(&network)).unwrap();
    let before = trainer.status().loss;
    let after = train(&mut trainer, 20, |_| {});
    assert!(after.loss < before, "{before} {after:?}");
    let learned = trainer.network(network.clone().into_parts()).unwrap();
    assert_eq!(learned.gates().len(), network.gates().len());
    for (node, (old, new)) in (8..).zip(network.gates().iter().zip(learned.gates())) {
        assert_eq!((old.a, old.b), (new.a, new.b), "node {node}");
        if frozen.contains(&node) {
            assert_eq!(old.op, new.op, "node {node}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_checkpoints_are_refused(place in 0usize..2000, bit in 0u8..8, cut in 0usize..2000) {
        let mut trainer = Trainer::new(formula("t*t>>3", 8), Options::default(), None).unwrap();
        trainer.step(10, 0.0);
        let bytes = trainer.save();
        prop_assert_eq!(Trainer::restore(&bytes).unwrap().save(), bytes.clone());
        let mut wrong = bytes.clone();
        wrong[place % bytes.len()] ^= 1 << bit;
        prop_assert!(Trainer::restore(&wrong).is_err());
        prop_assert!(Trainer::restore(&bytes[..cut % bytes.len()]).is_err());
    }

    #[test]
    fn losses_are_0_for_the_sample_alone(
        bits in 1u8..=16, sample in any::<u16>(), value in any::<u16>(), weight in 1u8..,
    ) {
        let [sample, value] = [sample, value].map(|x| x >> (16 - bits));
        let table = Table::new(vec![sample; 2], bits).unwrap();
        for measure in [Measure::Bits, Measure::Squared, Measure::MuLaw] {
            let mut loss = Loss::new(measure, &table);
            loss.set_weights(vec![weight]);
            prop_assert_eq!(loss.at(1, value) == 0, value == sample);
            prop_assert_eq!(loss.at(1, value) % u64::from(weight), 0);
        }
    }
}

#[test]
fn other_files_are_no_checkpoints() {
    let error = |bytes: &[u8]| Trainer::restore(bytes).unwrap_err();
    assert_eq!(error(b""), CheckpointError::Format);
    assert_eq!(
        error(b"{\"format\": \"gatebend\"}"),
        CheckpointError::Format
    );
    assert_eq!(
        error(b"gatebend training 2\n...."),
        CheckpointError::Version
    );
    assert_eq!(error(b"gatebend training 1\n"), CheckpointError::Damaged);
}

#[test]
fn mu_law_counts_quiet_samples_more() {
    let table = Table::new(vec![128, 228], 8).unwrap();
    let loss = Loss::new(Measure::MuLaw, &table);
    assert!(loss.at(0, 130) > 4 * loss.at(1, 230));
    // Both halves have the same scale, so the loss of an error hardly depends on the sign.
    let (up, down) = (loss.at(0, 160), loss.at(0, 95));
    assert!(up.abs_diff(down) < up / 10, "{up} {down}");
}
