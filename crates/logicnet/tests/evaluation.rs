//! Evaluation at every width, offset, order of times and mask against the oracle, with an
//! allocator that aborts if evaluation allocates.

mod common;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use logicnet::random::{Ops, Rng};
use logicnet::{
    Activity, Block, Builder, Controls, Evaluator, Mask, Masks, Network, Program, Source, W128,
    W256, W512, Word,
};
use proptest::prelude::*;

#[global_allocator]
static GUARD: AllocDisabler = AllocDisabler;

/// Renders without allocating and compares the samples with the oracle.
fn check<W: Word>(network: &Network, masks: &Masks, t0: u32, count: usize) {
    let mut evaluator = Evaluator::<W>::new(Program::new(network, masks));
    let mut samples = vec![0; count];
    assert_no_alloc(|| evaluator.render(t0, &mut samples));
    for (i, &sample) in samples.iter().enumerate() {
        let t = t0.wrapping_add(i as u32);
        assert_eq!(
            sample,
            common::sample(network, masks, t),
            "{} lanes, t = {t}",
            W::LANES
        );
    }
}

/// Renders any times without allocating and compares the samples with the oracle.
fn check_times<W: Word>(network: &Network, masks: &Masks, times: &[u32]) {
    let mut evaluator = Evaluator::<W>::new(Program::new(network, masks));
    for &t in times {
        let mut sample = [0];
        assert_no_alloc(|| evaluator.render(t, &mut sample));
        assert_eq!(
            sample[0],
            common::sample(network, masks, t),
            "{} lanes, t = {t}",
            W::LANES
        );
    }
}

/// Evaluates in slices of the given size and compares the planes with the oracle.
fn check_slices<W: Word>(network: &Network, masks: &Masks, t0: u32, slice: usize) {
    let program = Program::new(network, masks);
    let gates = program.gates();
    let mut evaluator = Evaluator::<W>::new(program);
    let mut slices = 0;
    assert_no_alloc(|| {
        evaluator.start(t0);
        while !evaluator.advance(slice) {
            slices += 1;
        }
    });
    assert_eq!(slices, gates.div_ceil(slice).saturating_sub(1));
    for lane in [0, 1, W::LANES / 2, W::LANES - 1] {
        let outputs = common::outputs(network, masks, t0.wrapping_add(lane as u32));
        for (output, value) in outputs.into_iter().enumerate() {
            let column = evaluator.plane(output).column(lane / 64);
            assert_eq!(
                column >> (lane % 64) & 1 == 1,
                value,
                "output {output} lane {lane}"
            );
        }
    }
}

macro_rules! every_width {
    ($check:ident($($argument:expr),*)) => {
        $check::<u32>($($argument),*);
        $check::<u64>($($argument),*);
        $check::<W128>($($argument),*);
        $check::<W256>($($argument),*);
        $check::<W512>($($argument),*);
    };
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn every_width_renders_whole_periods((network, masks) in common::masked_networks()) {
        let period = network.period() as usize;
        every_width!(check(&network, &masks, 0, period));
    }

    #[test]
    fn every_width_renders_any_range(
        (network, masks) in common::masked_networks(),
        t0 in any::<u32>(),
        count in 0usize..1100,
    ) {
        every_width!(check(&network, &masks, t0, count));
    }

    #[test]
    fn times_may_come_in_any_order(
        (network, masks) in common::masked_networks(),
        times in prop::collection::vec(any::<u32>(), 0..700),
    ) {
        every_width!(check_times(&network, &masks, &times));
    }

    #[test]
    fn groups_may_be_evaluated_in_slices(
        (network, masks) in common::masked_networks(),
        t0 in any::<u32>(),
        slice in 1usize..50,
    ) {
        every_width!(check_slices(&network, &masks, t0, slice));
    }

    #[test]
    fn a_reused_builder_builds_the_same_program(
        first in common::masked_networks(),
        second in common::masked_networks(),
    ) {
        let mut builder = Builder::new();
        builder.build(&first.0, &first.1);
        let again = builder.build(&second.0, &second.1);
        prop_assert_eq!(again, Program::new(&second.0, &second.1));
    }

    #[test]
    fn activity_covers_every_node(
        (network, masks) in common::masked_networks(),
        t0 in any::<u32>(),
        blocks in prop::collection::vec(1u32..200, 1..4),
    ) {
        let mut activity = Activity::new(&network);
        let mut t = t0;
        for samples in blocks {
            assert_no_alloc(|| activity.observe(&network, &masks, Block { t0: t, samples, controls: &Controls::default(), audio: [&[]; 2] }));
            let mut before = common::nodes(&network, &masks, t);
            let mut toggles = vec![0; before.len()];
            for k in 1..samples {
                let now = common::nodes(&network, &masks, t.wrapping_add(k));
                for (node, toggles) in toggles.iter_mut().enumerate() {
                    *toggles += u32::from(now[node] != before[node]);
                }
                before = now;
            }
            prop_assert_eq!(activity.values(), &before[..]);
            prop_assert_eq!(activity.toggles(), &toggles[..]);
            t = t.wrapping_add(samples);
        }
    }
}

#[test]
fn a_large_network_renders_its_whole_period() {
    let network = Network::random(14, &[300; 10], Ops::XorRich, 5).unwrap();
    let mut rng = Rng::new(1);
    let masks: Masks = (0..20)
        .map(|_| (rng.below(network.nodes()), Mask::Force(rng.below(2) == 0)))
        .collect();
    let mut evaluator = Evaluator::<W512>::new(Program::new(&network, &masks));
    let mut samples = vec![0; network.period() as usize];
    assert_no_alloc(|| evaluator.render(0, &mut samples));
    for t in 0..network.period() {
        assert_eq!(
            samples[t as usize],
            common::sample(&network, &masks, t),
            "t = {t}"
        );
    }
}

#[test]
fn programs_have_only_the_gates_that_outputs_depend_on() {
    let network = Network::random(14, &[300; 10], Ops::XorRich, 5).unwrap();
    let live = network.live(network.masks());
    let live_gates = live[14..].iter().filter(|&&live| live).count();
    let program = Program::new(&network, network.masks());
    assert!(live_gates < network.gates().len());
    assert!(program.gates() < live_gates);
    assert!(program.slots() < program.gates(), "slots are not reused");
    assert!(
        program.runs() < program.gates() / 10,
        "gates are not grouped"
    );
    // Forced outputs need no gates.
    let silence = network
        .outputs()
        .iter()
        .map(|&node| (node, Mask::Force(true)))
        .collect();
    assert_eq!(Program::new(&network, &silence).gates(), 0);
}

/// A wide layer, all of which later gates read, needs nearly as many slots as any network.
#[test]
fn slot_numbers_of_the_widest_networks_fit_16_bits() {
    let gate = |op, a, b| logicnet::Gate {
        op: logicnet::Op::new(op).unwrap(),
        a,
        b,
    };
    let wide = 36_000;
    let mut rng = Rng::new(9);
    // Every gate has different operands, so that none is absorbed.
    let mut gates: Vec<_> = (0..276u32)
        .map(|i| {
            let (a, b) = (0..24)
                .flat_map(|a| (0..a).map(move |b| (a, b)))
                .nth(i as usize)
                .unwrap();
            gate(6, a, b)
        })
        .collect();
    while gates.len() < wide {
        gates.push(gate(
            [1, 6][gates.len() % 2],
            24 + rng.below(276),
            24 + rng.below(276),
        ));
    }
    let first_wide: Vec<u32> = (24..24 + wide as u32).collect();
    let mut tree = first_wide;
    while gates.len() < logicnet::MAX_GATES && tree.len() > 1 {
        let node = 24 + gates.len() as u32;
        let (a, b) = (tree.remove(0), tree.pop().unwrap());
        gates.push(gate(6, a, b));
        tree.push(node);
    }
    let outputs = tree.into_iter().take(32).collect();
    let network = Network::try_from(logicnet::Parts {
        sources: vec![Source::time(24)],
        layers: vec![logicnet::NetworkLayer {
            gates,
            ..logicnet::NetworkLayer::default()
        }],
        outputs,
        ..logicnet::Parts::default()
    })
    .unwrap();
    every_width!(check(&network, &Masks::new(), 12_345, 3));
}
