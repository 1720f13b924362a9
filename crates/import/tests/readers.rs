//! Random networks come back equal from every format, and damaged files get a sentence.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write;

use common::{blif, outputs};
use import::{Format, Options, import};
use logicnet::random::{Ops, Rng};
use logicnet::{InputEncoding, Network, Op};
use proptest::prelude::*;

/// A network of layers whose last one has the 8 outputs, as models have.
fn network() -> impl Strategy<Value = Network> {
    (
        1..10u32,
        proptest::collection::vec(1..20usize, 0..4),
        any::<u64>(),
    )
        .prop_map(|(inputs, mut widths, seed)| {
            widths.push(8);
            Network::random(inputs, &widths, Ops::Uniform, seed).unwrap()
        })
}

/// The layers of a network: operations, and operands in the layer before.
fn layers(network: &Network) -> Vec<Vec<(Op, u32, u32)>> {
    let mut before = 0;
    let layer = network.layers().map(|(first, gates)| {
        let own = gates
            .iter()
            .map(|gate| (gate.op, gate.a - before, gate.b - before));
        let own = own.collect();
        before = first;
        own
    });
    layer.collect()
}

fn assert_equal(network: &Network, bytes: &[u8], format: Format) {
    let (read, told) = import(bytes, &Options::default()).unwrap();
    assert_eq!(told, format);
    assert_eq!(read.inputs(), network.inputs());
    for t in 0..network.period() {
        assert_eq!(outputs(&read, t), outputs(network, t), "{format} at {t}");
    }
}

/// Asserts that the gates are the same, too.
fn assert_same(network: &Network, bytes: &[u8], format: Format) {
    assert_equal(network, bytes, format);
    let (read, _) = import(bytes, &Options::default()).unwrap();
    assert_eq!(read.gates(), network.gates());
    assert_eq!(read.outputs(), network.outputs());
}

fn circuit(network: &Network) -> Vec<u8> {
    let names = [
        ("CONST_FALSE", 0),
        ("AND", 3),
        ("AND_NOT_B", 3),
        ("WIRE", 1),
        ("AND_NOT_A", 3),
        ("WIRE", 2),
        ("XOR", 3),
        ("OR", 3),
        ("NOR", 3),
        ("XNOR", 3),
        ("NOT", 2),
        ("OR_NOT_B", 3),
        ("NOT_A", 1),
        ("OR_NOT_A", 3),
        ("NAND", 3),
        ("CONST_TRUE", 0),
    ];
    let mut gates = Vec::new();
    for (node, gate) in (network.inputs()..).zip(network.gates()) {
        let (name, reads) = names[usize::from(gate.op.number())];
        let (in0, in1) = match reads {
            0 => (-1, -1),
            1 => (i64::from(gate.a), -1),
            2 => (i64::from(gate.b), -1),
            _ => (gate.a.into(), gate.b.into()),
        };
        // Numbers have gaps, as after torchlogix's simplification.
        let node = i64::from(node);
        let id = |node: i64| {
            if node < network.inputs().into() {
                node
            } else {
                10 * node
            }
        };
        let (in0, in1) = (id(in0), id(in1));
        gates.push(format!(
            r#"{{"gate_id": {}, "op": "{name}", "in0": {in0}, "in1": {in1}, "node_idx": -1}}"#,
            id(node)
        ));
    }
    let outputs: Vec<u32> = network.outputs().iter().map(|node| 10 * node).collect();
    let (inputs, gates) = (network.inputs(), gates.join(", "));
    format!(
        r#"{{"n_inputs": {inputs}, "input_shape": [1], "outputs": {outputs:?}, "gates": [{gates}]}}"#
    )
    .into_bytes()
}

fn difflogic_c(network: &Network) -> Vec<u8> {
    let mut text = "void logic_gate_net(long long const *inp, long long *out) {\n".to_string();
    let inputs = network.inputs();
    let name = |node: u32| match node.checked_sub(inputs) {
        Some(gate) => format!("v{gate}"),
        None => format!("inp[{node}]"),
    };
    let first_output = network.outputs()[0];
    for (node, gate) in (inputs..).zip(network.gates()) {
        let (a, b) = (name(gate.a), name(gate.b));
        let expression = match gate.op.number() {
            0 => "0LL".into(),
            1 => format!("{a} & {b}"),
            2 => format!("{a} & ~{b}"),
            3 => a,
            4 => format!("{b} & ~{a}"),
            5 => b,
            6 => format!("{a} ^ {b}"),
            7 => format!("{a} | {b}"),
            8 => format!("~({a} | {b})"),
            9 => format!("~({a} ^ {b})"),
            10 => format!("~{b}"),
            11 => format!("~{b} | {a}"),
            12 => format!("~{a}"),
            13 => format!("~{a} | {b}"),
            14 => format!("~({a} & {b})"),
            _ => "~0LL".into(),
        };
        match node.checked_sub(first_output) {
            Some(output) => writeln!(text, "\tout[{output}] = {expression};").unwrap(),
            None => writeln!(text, "\tconst long long {} = {expression};", name(node)).unwrap(),
        }
    }
    write!(text, "}}\nfor(size_t d = 0; d < {inputs}; ++d)").unwrap();
    text.into_bytes()
}

/// Returns the ANDs of a network, and its outputs, as literals.
fn ands(network: &Network) -> (Vec<(u32, u32)>, Vec<u32>) {
    let first = network.inputs() + 1;
    let mut ands: Vec<(u32, u32)> = Vec::new();
    let mut literals: Vec<u32> = (1..first).map(|variable| 2 * variable).collect();
    for gate in network.gates() {
        let (a, b) = (literals[gate.a as usize], literals[gate.b as usize]);
        let mut and = |a: u32, b: u32| {
            ands.push((a.max(b), a.min(b)));
            2 * (first + ands.len() as u32 - 1)
        };
        // An OR of the rows with output 1.
        let mut sum = 0;
        for (x, y, bit) in [(1, 1, 3), (1, 0, 2), (0, 1, 1), (0, 0, 0)] {
            if gate.op.number() >> bit & 1 == 1 {
                let row = and(a ^ x, b ^ y);
                sum = and(sum ^ 1, row ^ 1) ^ 1;
            }
        }
        literals.push(sum);
    }
    let outputs = network
        .outputs()
        .iter()
        .map(|&node| literals[node as usize]);
    let outputs = outputs.collect();
    (ands, outputs)
}

fn aiger(network: &Network, binary: bool, seed: u64) -> Vec<u8> {
    let (ands, outputs) = ands(network);
    let inputs = network.inputs();
    let (all, first) = (inputs as usize + ands.len(), inputs + 1);
    let (kind, count) = (if binary { "aig" } else { "aag" }, outputs.len());
    // The variables of a text may be any, and its ANDs in any order.
    let spread = if binary { 1 } else { 3 };
    let literal = |literal: u32| literal / 2 * spread * 2 + literal % 2;
    let most = all as u32 * spread;
    let mut text = format!("{kind} {most} {inputs} 0 {count} {}\n", ands.len());
    if !binary {
        for variable in 1..first {
            writeln!(text, "{}", literal(2 * variable)).unwrap();
        }
    }
    for output in outputs {
        writeln!(text, "{}", literal(output)).unwrap();
    }
    let mut rows: Vec<(u32, u32, u32)> = (first..)
        .zip(&ands)
        .map(|(variable, &(a, b))| (2 * variable, a, b))
        .collect();
    if !binary {
        Rng::new(seed).shuffle(&mut rows);
        for (own, a, b) in rows {
            writeln!(text, "{} {} {}", literal(own), literal(a), literal(b)).unwrap();
        }
        return (text + "i0 name\nc\ncomment\n").into_bytes();
    }
    let mut bytes = text.into_bytes();
    for (own, a, b) in rows {
        for mut delta in [own - a, a - b] {
            while delta >= 128 {
                bytes.push(delta as u8 | 128);
                delta >>= 7;
            }
            bytes.push(delta as u8);
        }
    }
    bytes
}

/// A tensor for a writer: its type, shape and bytes.
type Tensor = (&'static str, Vec<usize>, Vec<u8>);

/// Returns the 16 weights of each gate of a layer, which are random, and its wiring.
fn tensors(layer: &[(Op, u32, u32)], rng: &mut Rng) -> (Tensor, Tensor) {
    let mut weights = Vec::new();
    for (op, ..) in layer {
        for number in 0..16 {
            let chosen = u8::from(number == op.number());
            let weight = f32::from(chosen) + rng.below(100) as f32 / 128.0;
            weights.extend(weight.to_le_bytes());
        }
    }
    let wires = layer
        .iter()
        .map(|(_, a, _)| a)
        .chain(layer.iter().map(|(.., b)| b));
    let wires = wires
        .flat_map(|&wire| i64::from(wire).to_le_bytes())
        .collect();
    (
        ("F32", vec![layer.len(), 16], weights),
        ("I64", vec![2, layer.len()], wires),
    )
}

fn safetensors(network: &Network, seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (i, layer) in layers(network).iter().enumerate() {
        let (weights, wires) = tensors(layer, &mut rng);
        for (name, (kind, shape, bytes)) in [("weight", weights), ("connections.indices", wires)] {
            let start = data.len();
            data.extend(bytes);
            let end = data.len();
            entries.push(format!(
                r#""model.{i}.{name}":{{"dtype":"{kind}","shape":{shape:?},"data_offsets":[{start},{end}]}}"#
            ));
        }
    }
    // Layers have numbers, so their order in the file does not matter.
    rng.shuffle(&mut entries);
    let header = format!("{{{}}}", entries.join(","));
    [
        &(header.len() as u64).to_le_bytes(),
        header.as_bytes(),
        &data[..],
    ]
    .concat()
}

/// Writes a pickle, as far as models need it.
#[derive(Default)]
struct Pickle(Vec<u8>);

impl Pickle {
    fn text(&mut self, text: &str) -> &mut Pickle {
        self.0.push(b'X');
        self.0.extend((text.len() as u32).to_le_bytes());
        self.0.extend(text.bytes());
        self
    }

    fn int(&mut self, number: usize) -> &mut Pickle {
        self.0.push(b'J');
        self.0.extend((number as i32).to_le_bytes());
        self
    }

    fn codes(&mut self, codes: &[u8]) -> &mut Pickle {
        self.0.extend(codes);
        self
    }

    fn tensor(&mut self, key: usize, (kind, shape, _): &Tensor, offset: usize) -> &mut Pickle {
        let storage = if *kind == "F32" { "Float" } else { "Long" };
        self.codes(b"ctorch._utils\n_rebuild_tensor_v2\n((")
            .text("storage");
        self.codes(format!("ctorch\n{storage}Storage\n").as_bytes());
        self.text(&key.to_string())
            .text("cpu")
            .int(1000)
            .codes(b"tQ")
            .int(offset)
            .codes(b"(");
        for &size in shape {
            self.int(size);
        }
        self.codes(b"t(");
        for i in 1..=shape.len() {
            self.int(shape[i..].iter().product());
        }
        self.codes(b"t\x89ccollections\nOrderedDict\n)RtR")
    }
}

/// Returns the pickle and the tensors of a model.
fn model(network: &Network, seed: u64) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut rng = Rng::new(seed);
    let mut pickle = Pickle::default();
    let mut data = Vec::new();
    pickle.codes(b"\x80\x02ctorch.nn.modules.container\nSequential\n)\x81}(");
    pickle.text("_modules").codes(b"}(");
    let mut inputs = network.inputs() as usize;
    for (i, layer) in layers(network).iter().enumerate() {
        let (weights, wires) = tensors(layer, &mut rng);
        pickle
            .text(&i.to_string())
            .codes(b"cdifflogic.difflogic\nLogicLayer\n)\x81}(");
        pickle.text("_parameters").codes(b"}").text("weights");
        pickle.codes(b"ctorch._utils\n_rebuild_parameter\n(");
        pickle
            .tensor(data.len(), &weights, 0)
            .codes(b"\x88NtRs")
            .text("indices");
        let each = ("I64", vec![layer.len()], Vec::new());
        pickle.tensor(data.len() + 1, &each, 0);
        pickle.tensor(data.len() + 1, &each, layer.len());
        pickle
            .codes(b"\x86")
            .text("in_dim")
            .int(inputs)
            .codes(b"ub");
        data.extend([weights.2, wires.2]);
        inputs = layer.len();
    }
    pickle.codes(b"uub.");
    (pickle.0, data)
}

fn checkpoint((pickle, data): (Vec<u8>, Vec<Vec<u8>>)) -> Vec<u8> {
    let mut file = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut file);
    let data = data.into_iter().enumerate();
    let data = data.map(|(i, bytes)| (format!("model/data/{i}"), bytes));
    for (name, bytes) in [("model/data.pkl".to_string(), pickle)]
        .into_iter()
        .chain(data)
    {
        let (mut entry, config) = archive.new_file(&name).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        std::io::Write::write_all(&mut writer, &bytes).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    file
}

/// Returns a network in every format.
fn files(network: &Network, seed: u64) -> BTreeMap<&'static str, Vec<u8>> {
    BTreeMap::from([
        ("circuit", circuit(network)),
        ("c", difflogic_c(network)),
        ("blif", blif(network).into_bytes()),
        ("aag", aiger(network, false, seed)),
        ("aig", aiger(network, true, seed)),
        ("safetensors", safetensors(network, seed)),
        ("pytorch", checkpoint(model(network, seed))),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn networks_come_back_from_every_format(network in network(), seed: u64) {
        let files = files(&network, seed);
        assert_equal(&network, &files["circuit"], Format::Circuit);
        assert_equal(&network, &files["c"], Format::C);
        assert_equal(&network, &files["blif"], Format::Blif);
        assert_equal(&network, &files["aag"], Format::Aiger);
        assert_equal(&network, &files["aig"], Format::Aiger);
        assert_same(&network, &files["pytorch"], Format::PyTorch);
        let read = import(&files["safetensors"], &Options::default()).unwrap().0;
        // Inputs above the highest one that is read are not in a state dictionary.
        if read.inputs() == network.inputs() {
            assert_same(&network, &files["safetensors"], Format::Safetensors);
        }
    }

    #[test]
    fn bits_may_begin_with_the_highest(network in network(), seed: u64) {
        let options = Options {
            first_input_is_highest: true,
            first_output_is_highest: true,
            ..Options::default()
        };
        let bits = network.inputs();
        for bytes in files(&network, seed).values() {
            let Ok((read, _)) = import(bytes, &options) else { continue };
            if read.inputs() != bits {
                continue;
            }
            for t in 0..1u32 << bits {
                let mut expected = outputs(&network, t.reverse_bits() >> (32 - bits));
                expected.reverse();
                prop_assert_eq!(outputs(&read, t), expected);
            }
        }
    }

    #[test]
    fn damaged_files_are_networks_or_errors(
        network in network(),
        seed: u64,
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..5), 1..6),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
    ) {
        let damage = |mut bytes: Vec<u8>| {
            for (place, value, kind) in &damages {
                let place = place.index(bytes.len());
                match kind {
                    0 => bytes[place] ^= 1 << (value & 7),
                    1 => bytes[place] = *value,
                    2 => bytes.insert(place, *value),
                    3 if bytes.len() > 1 => _ = bytes.remove(place),
                    _ => bytes[place] = b"0123456789-(){}[]|~\n"[usize::from(*value) % 20],
                }
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            bytes
        };
        let mut files: Vec<Vec<u8>> = files(&network, seed).into_values().map(damage).collect();
        // Damage that checksums do not find.
        let (pickle, tensors) = model(&network, seed);
        files.push(checkpoint((damage(pickle), tensors)));
        for bytes in files {
            for format in [None, Some(Format::PyTorch), Some(Format::Blif), Some(Format::C)] {
                let options = Options { format, ..Options::default() };
                match import(&bytes, &options) {
                    Ok((network, _)) => prop_assert!(!network.outputs().is_empty()),
                    Err(error) => prop_assert!(!error.problem.is_empty()),
                }
            }
        }
    }

    #[test]
    fn anything_is_a_network_or_an_error(bytes: Vec<u8>) {
        for format in [
            Format::Circuit,
            Format::Safetensors,
            Format::PyTorch,
            Format::C,
            Format::Blif,
            Format::Aiger,
        ] {
            let options = Options { format: Some(format), ..Options::default() };
            let _ = import(&bytes, &options);
        }
    }
}

/// Returns the error of a file.
fn error(bytes: &[u8]) -> String {
    import(bytes, &Options::default()).unwrap_err().to_string()
}

#[test]
fn errors_name_the_place_and_the_remedy() {
    for (bytes, expected) in [
        (&b""[..], "not a format that is read"),
        (b"{\"format\": \"gatebend-network\"}", "a network of Gatebend already"),
        (b"\x80\x02\x8a\x0a", "a file of PyTorch before 1.6"),
        (b"\x7fELF", "import the model or the C"),
        (b"aag 3 1 1 1 1\n", "line 1: it has latches (1), but a network has no"),
        (b"aag 3 2 0 1 1\n2\n4\n6\n6 2 8\n", "line 5: the variable of literal 8"),
        (b"aag 3 1 0 1 2\n2\n6\n4 6 2\n6 4 2\n", "depends on itself"),
        (b"aig 99999999999 2 0 1 99999999997\n", "99999999997 ANDs, but a network has at most"),
        (b"aig 3 2 0 1 1\n6\n\x80", "AND 0: the file ends"),
        (b"aig 3 2 0 1 1\n99\n\x02\x02", "output 0: literal 99 does not exist"),
        (b".model a\n.inputs x\n.outputs y\n.latch x y 0\n", "line 4: a latch"),
        (b".inputs x\n.outputs y\n.subckt f a=x\n", "line 3: .subckt is not read; flatten"),
        (b".inputs x\n.outputs y\n.names x z y\n11 1\n", "line 3: nothing defines \"z\""),
        (b".inputs x\n.outputs y\n.names y x y\n11 1\n", "line 3: \"y\" depends on itself"),
        (b".inputs x\n.outputs y\n.names x y\n1 1\n0 0\n", "line 5: a table has rows for 0 or"),
        (b"void logic_gate_net(a) {\nout[0] = inp[4000000000] & inp[0];}", "inputs, but a network"),
        (b"void logic_gate_net(a) {\nconst int v0 =\n  inp[0];\nout[0] = v0 + v0;\n}", "line 4:"),
        (b"void logic_gate_net(a) {\nout[1] = inp[0];\n}", "out[0] is not assigned"),
        (
            br#"{"n_inputs": 1, "outputs": [1], "gates": [{"gate_id": 1, "op": "AND", "in0": 0, "in1": 2}]}"#,
            "gates[0]: nothing before it has the number 2",
        ),
        (
            br#"{"n_inputs": 30, "outputs": [0], "gates": []}"#,
            "30 inputs, but a network reads t, which has at most 24 bits",
        ),
        (
            br#"{"n_inputs": 1, "outputs": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "gates": []}"#,
            "if the outputs are summed in K groups, give --groups K",
        ),
        (
            br#"{"n_inputs": 1, "outputs": [1], "gates": [], "sum_nodes": [{"node_id": 1, "input_ids": [0], "beta": 0.5}]}"#,
            "beta is 0.5, not a whole number",
        ),
    ] {
        let error = error(bytes);
        assert!(error.contains(expected), "{error:?} lacks {expected:?}");
    }
}

/// Returns a safetensors file with this header and no more than a few numbers.
fn header(header: &str) -> Vec<u8> {
    let numbers = [0u8; 64];
    [
        &(header.len() as u64).to_le_bytes(),
        header.as_bytes(),
        &numbers,
    ]
    .concat()
}

#[test]
fn state_dictionaries_that_are_not_read_say_why() {
    let entry = |name: &str, kind: &str, shape: &str, bytes: usize| {
        format!(r#""{name}":{{"dtype":"{kind}","shape":{shape},"data_offsets":[0,{bytes}]}}"#)
    };
    for (entries, expected) in [
        (
            entry("0.thresholds", "F32", "[16]", 64),
            "turns numbers into bits by thresholds",
        ),
        (
            entry("0.running_mean", "F32", "[16]", 64),
            "0.running_mean: is not a tensor of logic",
        ),
        (
            entry("0.weight", "F32", "[1,16]", 64),
            "0: its wiring is not in the file",
        ),
        (
            entry("0.weight", "F32", "[4000000000,16]", 64),
            "not a safetensors file",
        ),
    ] {
        let error = error(&header(&format!("{{{entries}}}")));
        assert!(error.contains(expected), "{error:?} lacks {expected:?}");
    }
}

#[test]
fn tables_of_many_inputs_become_gates() {
    // The parity of five inputs, and one of seven as rows, in the other polarity.
    let mut text = ".inputs a b c d e f g\n.outputs p \\\n q r\n.names a b c d e p\n".to_string();
    for values in (0..32u32).filter(|values| values.count_ones() % 2 == 1) {
        let row: String = (0..5)
            .map(|i| ['0', '1'][(values >> i & 1) as usize])
            .collect();
        writeln!(text, "{row} 1").unwrap();
    }
    text += ".names a b c d e f g q # not (a and not g, or b and c)\n1-----0 0\n-11---- 0\n";
    text += ".names r\n.end\n";
    let network = import(text.as_bytes(), &Options::default()).unwrap().0;
    assert!(network.gates().len() < 12, "{}", network.gates().len());
    for t in 0..128u32 {
        let bit = |i: u32| t >> i & 1 == 1;
        let parity = (t & 31).count_ones() % 2 == 1;
        let expected = [parity, !(bit(0) && !bit(6) || bit(1) && bit(2)), false];
        assert_eq!(outputs(&network, t), expected);
    }
}

#[test]
fn t_may_have_other_encodings() {
    let options = Options {
        encoding: InputEncoding::Thermometer { digit_bits: 2 },
        ..Options::default()
    };
    let text = b".inputs a b c d e f\n.outputs y\n.names b d y\n11 1\n";
    let network = import(text, &options).unwrap().0;
    assert_eq!(network.counter_bits(), 4);
    // Both digits are above 1 and 0.
    for t in 0..16u32 {
        assert_eq!(outputs(&network, t), [t & 3 > 1 && t >> 2 > 0]);
    }
    let error = import(b".inputs a b\n.outputs a\n", &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "2 inputs are not digits of 3 inputs each"
    );
}
