//! The circuit files of torchlogix (`Circuit.write_json`, since 0.2.1).

use std::collections::BTreeMap;

use logicnet::{MAX_GROUP_SUM_OUTPUTS, Network, Op, quote};
use serde::Deserialize;

use crate::circuit::Circuit;
use crate::{ImportError, Options};

/// A file, as far as it is read.
#[derive(Deserialize)]
struct File {
    n_inputs: u64,
    outputs: Vec<i64>,
    gates: Vec<Gate>,
    #[serde(default)]
    sum_nodes: Vec<Sum>,
}

/// A gate; an operand that is not read is -1.
#[derive(Deserialize)]
struct Gate {
    #[serde(rename = "gate_id")]
    id: i64,
    op: String,
    in0: i64,
    in1: i64,
}

/// A sum of gates plus `beta`, divided by `tau`.
#[derive(Deserialize)]
struct Sum {
    node_id: i64,
    input_ids: Vec<i64>,
    #[serde(default = "one")]
    tau: f64,
    #[serde(default)]
    beta: f64,
}

fn one() -> f64 {
    1.0
}

/// Returns whether a JSON text has the fields of such a file.
pub(crate) fn is_circuit(text: &str) -> bool {
    serde_json::from_str::<File>(text).is_ok()
}

/// Returns the operation of a name, and whether it reads `in0` and `in1`.
fn operation(name: &str) -> Option<(Op, bool, bool)> {
    Some(match name {
        "CONST_FALSE" => (Op::FALSE, false, false),
        "CONST_TRUE" => (Op::TRUE, false, false),
        "WIRE" => (Op::A, true, false),
        "NOT" | "NOT_A" => (Op::NOT_A, true, false),
        "NOT_B" => (Op::B.complement(), false, true),
        "AND" => (Op::AND, true, true),
        "OR" => (Op::OR, true, true),
        "XOR" => (Op::XOR, true, true),
        "NAND" => (Op::NAND, true, true),
        "NOR" => (Op::NOR, true, true),
        "XNOR" => (Op::XNOR, true, true),
        "AND_NOT_B" => (Op::A_NOT_B, true, true),
        "AND_NOT_A" => (Op::B_NOT_A, true, true),
        "OR_NOT_B" => (Op::B_NOT_A.complement(), true, true),
        "OR_NOT_A" => (Op::A_NOT_B.complement(), true, true),
        _ => return None,
    })
}

/// Reads a file.
pub(crate) fn read(text: &str, options: &Options) -> Result<Network, ImportError> {
    let file: File = serde_json::from_str(text)
        .map_err(|error| ImportError::whole(format!("not a circuit of torchlogix: {error}")))?;
    let inputs = usize::try_from(file.n_inputs).unwrap_or(usize::MAX);
    let mut circuit = Circuit::new(inputs)?;
    let mut nodes: BTreeMap<i64, u32> = (0..).zip(0..circuit.inputs()).collect();
    for (i, gate) in file.gates.iter().enumerate() {
        let at = |problem: String| ImportError::at(format_args!("gates[{i}]"), problem);
        let Some((op, reads_0, reads_1)) = operation(&gate.op) else {
            return Err(at(format!("the operation {} is unknown", quote(&gate.op))));
        };
        let operand = |id: i64| {
            let problem = || at(format!("nothing before it has the number {id}"));
            nodes.get(&id).copied().ok_or_else(problem)
        };
        let a = reads_0.then(|| operand(gate.in0)).transpose()?;
        let b = reads_1.then(|| operand(gate.in1)).transpose()?;
        let a = a.or(b).unwrap_or(0);
        let node = circuit.push(op, a, b.unwrap_or(a))?;
        if nodes.insert(gate.id, node).is_some() {
            return Err(at(format!("the number {} exists already", gate.id)));
        }
    }
    if file.sum_nodes.is_empty() {
        let outputs = find(&file.outputs, &nodes, "outputs")?;
        return circuit.network(outputs, None, options);
    }
    let outputs = sums(&file, &nodes, &mut circuit)?;
    circuit.network(outputs, Some(file.outputs.len()), options)
}

/// Returns the nodes of gates by their numbers.
fn find(ids: &[i64], nodes: &BTreeMap<i64, u32>, place: &str) -> Result<Vec<u32>, ImportError> {
    let node = |(i, id)| {
        let node = nodes.get(id).copied();
        node.ok_or_else(|| {
            let place = format!("{place}[{i}]");
            ImportError::at(place, format!("no gate has the number {id}"))
        })
    };
    ids.iter().enumerate().map(node).collect()
}

/// Returns the nodes of all sums. The smaller ones are filled up with constants to one size.
fn sums(
    file: &File,
    nodes: &BTreeMap<i64, u32>,
    circuit: &mut Circuit,
) -> Result<Vec<u32>, ImportError> {
    let numbers = file.sum_nodes.iter().enumerate();
    let numbers: BTreeMap<i64, usize> = numbers.map(|(i, sum)| (sum.node_id, i)).collect();
    let mut groups = Vec::new();
    let mut size = 1;
    for (i, id) in file.outputs.iter().enumerate() {
        let at = |problem| ImportError::at(format_args!("outputs[{i}]"), problem);
        let Some(&number) = numbers.get(id) else {
            return Err(at(format!("{id} is not a sum, but others are")));
        };
        let sum = &file.sum_nodes[number];
        if sum.tau != file.sum_nodes[0].tau {
            return Err(at("sums have different tau".to_string()));
        }
        let most = MAX_GROUP_SUM_OUTPUTS as f64;
        if sum.beta.fract() != 0.0 || !(0.0..=most).contains(&sum.beta) {
            let problem = format!("beta is {}, not a whole number from 0 to {most}", sum.beta);
            return Err(at(problem));
        }
        let mut group = find(
            &sum.input_ids,
            nodes,
            &format!("sum_nodes[{number}].input_ids"),
        )?;
        if sum.beta > 0.0 {
            let ones = circuit.constant(true)?;
            group.resize(group.len() + sum.beta as usize, ones);
        }
        size = size.max(group.len());
        if size * file.outputs.len() > MAX_GROUP_SUM_OUTPUTS {
            let problem = format!("more than {MAX_GROUP_SUM_OUTPUTS} outputs in all sums");
            return Err(at(problem));
        }
        groups.push(group);
    }
    for group in &mut groups {
        if group.len() < size {
            let zero = circuit.constant(false)?;
            group.resize(size, zero);
        }
    }
    Ok(groups.concat())
}
