//! Programs compared with networks over whole periods, and the promised costs.

use std::array::from_fn;
use std::path::Path;

use logicnet::random::{Ops, Rng};
use logicnet::{
    Gate, Mask, Masks, Network, NetworkLayer, Op, OutputEncoding, Parts, Signal, Source, Xag,
    simplify,
};
use pru_codegen::{
    ANSWER, BANK, BEAT, CHECK, Code, EPOCH, Error, PLANES, ProofError, REQUEST, STOP, TIME,
    check as check_of, compile, compile_graph, prove,
};
use pru_isa::emulator::{CONTROL, ENABLE, Subsystem};
use pru_isa::{MEMORY_WORDS, assemble};

fn shipped() -> Vec<(String, Network)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/networks");
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let networks = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let mut networks: Vec<_> = networks
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(path).unwrap();
            (name, Network::from_json(&text).unwrap())
        })
        .collect();
    networks.sort_by(|a, b| a.0.cmp(&b.0));
    networks.retain(|(_, network)| {
        let refused = compile(network, network.masks())
            .is_err_and(|error| matches!(error, Error::Signals | Error::Channels));
        let reads_only_t = network.variables() == network.counter_bits();
        let is_byte = !matches!(network.output_encoding(), OutputEncoding::Channels { .. });
        assert_eq!(refused, !(reads_only_t && is_byte), "{}", network.name());
        !refused
    });
    assert!(networks.len() > 15);
    networks
}

fn check(code: &Code, network: &Network, masks: &Masks, what: &str) {
    let statistics = code.statistics();
    let proof = prove(code, network, masks).unwrap_or_else(|failure| panic!("{what}: {failure}"));
    assert_eq!(proof.passes, network.period().div_ceil(32), "{what}");
    // The statistics are an upper bound, which some pass almost reaches.
    assert!(
        proof.cycles <= statistics.cycles(),
        "{what}: {proof:?} {statistics:?}"
    );
    assert!(
        proof.cycles + 24 >= statistics.cycles(),
        "{what}: {proof:?} {statistics:?}"
    );
    assert_eq!(code.words(0).len(), statistics.instructions, "{what}");
    assert!(statistics.overhead_cycles <= 80, "{what}: {statistics:?}");
    let listing = code.listing();
    let again = assemble(&listing).unwrap_or_else(|e| panic!("{what}: {e}\n{listing}"));
    assert_eq!(again.words, code.words(0), "{what}");
}

/// Checks the promise: at most 1.5 cycles a gate where up to 50 values are alive.
fn check_promise(code: &Code, what: &str) {
    let statistics = code.statistics();
    if (100..=1200).contains(&statistics.gates) && statistics.peak <= 50 {
        let most = 1.5 * statistics.gates as f64;
        assert!(
            f64::from(statistics.gate_cycles) <= most,
            "{what}: {statistics:?}"
        );
    }
}

#[test]
fn every_shipped_network_is_played_exactly() {
    for (name, network) in shipped() {
        // Unsimplified, as after a bend, if the program fits.
        match compile(&network, network.masks()) {
            Ok(code) => check(&code, &network, network.masks(), &name),
            Err(Error::TooLarge { instructions, .. }) => assert!(instructions > MEMORY_WORDS),
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn simplified_networks_keep_the_promise() {
    for (name, network) in shipped() {
        let simplified = simplify(&network, network.masks());
        let code = compile(&simplified, &Masks::new()).unwrap();
        check_promise(&code, &name);
        prove(&code, &network, network.masks()).unwrap_or_else(|f| panic!("{name}: {f}"));
    }
}

#[test]
fn random_networks_are_played_exactly_and_keep_the_promise() {
    let mut near = 0;
    for (width, layers) in [
        (8, 3),
        (16, 20),
        (24, 30),
        (32, 24),
        (40, 12),
        (40, 24),
        (44, 16),
    ] {
        for seed in 1..=2 {
            let network = Network::random(10, &vec![width; layers], Ops::XorRich, seed).unwrap();
            let what = format!("{width} x {layers}, seed {seed}");
            let code = compile(&network, &Masks::new()).unwrap();
            check(&code, &network, &Masks::new(), &what);
            check_promise(&code, &what);
            near += usize::from(code.statistics().gates >= 100 && code.statistics().peak <= 50);
        }
    }
    assert!(near >= 8, "too few networks to which the promise applies");
}

/// Narrow and wide, shallow and deep networks, so that every kind of spill occurs.
#[test]
fn networks_of_many_shapes_are_played_exactly() {
    let mut rng = Rng::new(11);
    let (mut spilled, mut in_memory) = (0, 0);
    for _ in 0..250 {
        let (width, layers) = (8 + rng.below(80) as usize, 1 + rng.below(20) as usize);
        let network = Network::random(6, &vec![width; layers], Ops::XorRich, rng.next()).unwrap();
        let Ok(code) = compile(&network, &Masks::new()) else {
            continue;
        };
        check(
            &code,
            &network,
            &Masks::new(),
            &format!("{width} x {layers}"),
        );
        let statistics = code.statistics();
        // Data RAM is for values beyond about 28 in registers and 30 in the bank.
        let memory = statistics.memory > 0;
        assert!(
            !memory || statistics.transfers > 0 && statistics.peak > 50,
            "{statistics:?}"
        );
        spilled += usize::from(statistics.transfers > 0);
        in_memory += usize::from(memory);
    }
    assert!(spilled > 50 && in_memory > 20, "{spilled} {in_memory}");
}

#[test]
fn bends_are_played_exactly() {
    let mut rng = Rng::new(5);
    for seed in 0..12 {
        let network = Network::random(9, &[30; 8], Ops::Uniform, seed).unwrap();
        let masks: Masks = (0..6)
            .map(|_| {
                let mask = match rng.below(3) {
                    0 => Mask::Force(false),
                    1 => Mask::Force(true),
                    _ => Mask::Invert,
                };
                (rng.below(network.nodes()), mask)
            })
            .collect();
        let code = compile(&network, &masks).unwrap();
        check(&code, &network, &masks, &format!("seed {seed}"));
    }
}

/// Networks with layers so wide that values are stored in near and in far data RAM.
#[test]
fn wide_networks_use_data_ram() {
    let masks = Masks::new();
    let wide = |width: usize, layers: usize| {
        let network = Network::random(9, &vec![width; layers], Ops::XorRich, 3).unwrap();
        let code = compile(&network, &masks).unwrap();
        check(&code, &network, &masks, &format!("width {width}"));
        code.statistics()
    };
    let near = wide(100, 7);
    assert!(near.memory > 0 && near.peak > 60, "{near:?}");
    let far = wide(150, 8);
    assert!(far.memory > near.memory && far.peak > 110, "{far:?}");
}

fn parts(inputs: u32, gates: &[(u8, u32, u32)], outputs: &[u32]) -> Network {
    let gates = gates.iter().map(|&(op, a, b)| Gate {
        op: Op::new(op).unwrap(),
        a,
        b,
    });
    Network::try_from(Parts {
        name: "case".into(),
        sources: vec![logicnet::Source::time(inputs as u8)],
        layers: vec![NetworkLayer {
            gates: gates.collect(),
            ..NetworkLayer::default()
        }],
        outputs: outputs.to_vec(),
        ..Parts::default()
    })
    .unwrap()
}

#[test]
fn small_and_unusual_networks_are_played_exactly() {
    let none = Masks::new();
    for (inputs, gates, outputs) in [
        // Inputs, low and high bits of t, and their complements.
        (
            9,
            vec![(12, 0, 0), (12, 8, 8)],
            vec![0, 8, 9, 10, 4, 5, 1, 7],
        ),
        // Constants only.
        (3, vec![(0, 0, 0), (15, 0, 0)], vec![3, 4, 3, 4, 4, 3, 3, 3]),
        // Fewer outputs than bits, and more.
        (7, vec![(6, 0, 6)], vec![7]),
        (
            7,
            vec![(6, 0, 6), (1, 1, 6), (7, 2, 5)],
            vec![0, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7],
        ),
        // A period shorter than a pass.
        (2, vec![(1, 0, 1), (8, 0, 1)], vec![0, 1, 2, 3, 2, 1, 0, 3]),
        // As many bits of t as fit.
        (
            13,
            (0..12).map(|i| (14, i, i + 1)).collect(),
            (13..25).collect(),
        ),
    ] {
        let network = parts(inputs, &gates, &outputs);
        let code = compile(&network, &none).unwrap();
        check(&code, &network, &none, &format!("{gates:?} {outputs:?}"));
    }
}

#[test]
fn overhead_is_at_most_80_cycles_for_any_inputs() {
    // All 24 bits of t, and each output a different value.
    let gates: Vec<_> = (0..23)
        .map(|i| (6, if i == 0 { 0 } else { 23 + i }, i + 1))
        .collect();
    let outputs: Vec<_> = (39..47).collect();
    let statistics = compile(&parts(24, &gates, &outputs), &Masks::new())
        .unwrap()
        .statistics();
    assert!(statistics.overhead_cycles <= 80, "{statistics:?}");
}

#[test]
fn errors_of_large_programs_name_the_count() {
    let network = Network::random(16, &[128; 20], Ops::XorRich, 1).unwrap();
    let Err(
        error @ Error::TooLarge {
            instructions,
            gates,
        },
    ) = compile(&network, &Masks::new())
    else {
        panic!("the network is too large");
    };
    assert!(instructions > MEMORY_WORDS && gates > 1500, "{error:?}");
    assert!(error.to_string().contains(&instructions.to_string()));

    let sum = Network::try_from(Parts {
        output_encoding: OutputEncoding::GroupSum { groups: 1 },
        ..network.into_parts()
    })
    .unwrap();
    assert_eq!(compile(&sum, &Masks::new()).unwrap_err(), Error::GroupSum);
}

#[test]
fn networks_of_more_than_t_and_a_byte_are_left_to_the_cpu() {
    let mut parts = parts(4, &[(6, 0, 1), (7, 2, 4)], &[5, 1]).into_parts();
    parts.output_encoding = OutputEncoding::Channels { left: 1, right: 1 };
    let stereo = Network::try_from(parts.clone()).unwrap();
    assert_eq!(
        compile(&stereo, &Masks::new()).unwrap_err(),
        Error::Channels
    );

    parts.output_encoding = OutputEncoding::Binary;
    let audio = Signal::Audio { channel: 0 };
    parts.sources = vec![
        Source {
            signal: audio,
            ..Source::time(1)
        },
        Source::time(3),
    ];
    let listening = Network::try_from(parts).unwrap();
    assert_eq!(
        compile(&listening, &Masks::new()).unwrap_err(),
        Error::Signals
    );
    // Node 0 is the input, and bends may leave nothing to hear.
    let deaf = Masks::from_iter([(0, Mask::Force(true))]);
    assert!(compile(&listening, &deaf).is_ok());
}

#[test]
fn an_empty_graph_is_silence() {
    let code = compile_graph(&Xag::new(4)).unwrap();
    assert_eq!(code.statistics().gates, 0);
}

#[test]
fn a_wrong_program_is_detected() {
    let (a, b) = (
        parts(8, &[(6, 0, 7)], &[8]),
        parts(8, &[(6, 0, 7), (1, 3, 6), (7, 8, 9)], &[10]),
    );
    let code = compile(&a, &Masks::new()).unwrap();
    let failure = prove(&code, &b, &Masks::new()).unwrap_err();
    assert!(
        matches!(failure, ProofError::Sample { t: 72, .. }),
        "{failure}"
    );
}

/// Uses the mailbox as the ARM does.
#[test]
fn the_mailbox_answers_requests_and_stops() {
    let network = parts(8, &[(6, 0, 7)], &[8, 0, 0, 0, 0, 0, 0, 5]);
    let code = compile(&network, &Masks::new()).unwrap();
    let mut pru = Subsystem::new();
    let own = 0..0x2000;
    pru.core_mut(0).allow(std::slice::from_ref(&own), &[BANK]);
    pru.load(0, &code.words(0xabcd)).unwrap();
    // A request left behind by another program is ignored.
    pru.write(REQUEST, 7).unwrap();
    pru.write(ANSWER, 7).unwrap();
    pru.write(CONTROL[0], ENABLE).unwrap();
    pru.run(1000).unwrap();
    assert_eq!(pru.read(EPOCH), Ok(0));
    let beat = pru.read(BEAT).unwrap();
    pru.run(100).unwrap();
    assert!(pru.read(BEAT).unwrap() > beat);

    pru.write(TIME, 160).unwrap();
    pru.write(REQUEST, 8).unwrap();
    pru.run(code.statistics().cycles().into()).unwrap();
    pru.run(12).unwrap(); // the poll may have just missed the request
    assert_eq!(pru.read(ANSWER), Ok(8));
    assert_eq!(pru.read(EPOCH), Ok(0xabcd));
    assert_eq!(pru.read(PLANES), Ok(0xaaaa_aaaa ^ u32::MAX));
    assert_eq!(pru.read(PLANES + 28), Ok(u32::MAX)); // 160 has bit 5 set
    let planes: [u32; 8] = from_fn(|bit| pru.read(PLANES + 4 * bit as u32).unwrap());
    assert_eq!(pru.read(CHECK), Ok(check_of(&planes)));
    // All zeros are not mistaken for samples.
    assert_ne!(check_of(&[0; 8]), 0);

    pru.write(STOP, 1).unwrap();
    assert!(pru.run_until_halted(100).unwrap());
}

#[test]
fn compilation_is_deterministic() {
    let network = Network::random(10, &[30; 12], Ops::XorRich, 9).unwrap();
    let words = || compile(&network, &Masks::new()).unwrap().words(3);
    assert_eq!(words(), words());
}
