//! A run through the unsafe code that is small enough for Miri: the loop over gates and the
//! choice of vector instructions, at every width.
//!
//! Run it with `cargo +nightly miri test -p logicnet --test miri`. To cover the functions
//! compiled for AVX2 as well, set `RUSTFLAGS=-Ctarget-feature=+avx2,+bmi1,+popcnt`.

mod common;

use logicnet::random::Ops;
use logicnet::{Evaluator, Mask, Masks, Network, Program, W128, W256, W512, Word, simplify};

fn check<W: Word>(network: &Network, masks: &Masks) {
    let mut evaluator = Evaluator::<W>::new(Program::new(network, masks));
    for t in [0, 5, 77, u32::MAX] {
        let mut sample = [0];
        evaluator.render(t, &mut sample);
        assert_eq!(sample[0], common::sample(network, masks, t));
    }
    let mut samples = [0; 4];
    evaluator.start(3);
    while !evaluator.advance(5) {}
    evaluator.samples(&mut samples);
    assert_eq!(
        samples,
        [3, 4, 5, 6].map(|t| common::sample(network, masks, t))
    );
}

#[test]
fn every_width_evaluates_a_small_network() {
    let network = Network::random(6, &[16, 16], Ops::XorRich, 1).unwrap();
    let masks = Masks::from_iter([(2, Mask::Invert), (20, Mask::Force(true))]);
    check::<u32>(&network, &masks);
    check::<u64>(&network, &masks);
    check::<W128>(&network, &masks);
    check::<W256>(&network, &masks);
    check::<W512>(&network, &masks);
}

#[test]
fn a_small_network_is_simplified() {
    let network = Network::random(4, &[8], Ops::XorRich, 1).unwrap();
    let simplified = simplify(&network, &Masks::new());
    for t in 0..network.period() {
        let [before, after] =
            [&network, &simplified].map(|network| common::sample(network, &Masks::new(), t));
        assert_eq!(before, after);
    }
}
