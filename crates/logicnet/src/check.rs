//! The rules that make a network of parts.

use alloc::format;
use alloc::string::{String, ToString};

use crate::parts::{
    MAX_BINARY_OUTPUTS, MAX_COUNTER_BITS, MAX_GATES, MAX_GROUP_SUM_OUTPUTS, MAX_INPUTS,
    MAX_SAMPLE_RATE, MAX_TEXT_BYTES, NetworkLayer, Parts,
};
use crate::{InputEncoding, Mask, Masks, NetworkError, OutputEncoding};

/// Fields of a network file.
pub(crate) const FIELDS: [&str; 12] = [
    "format",
    "version",
    "name",
    "description",
    "source",
    "sample_rate",
    "inputs",
    "input_encoding",
    "layers",
    "outputs",
    "output_encoding",
    "masks",
];

/// Checks parts; returns the number of bits of t that the network reads.
pub(crate) fn check(parts: &Parts) -> Result<u32, NetworkError> {
    check_rate(parts.sample_rate)?;
    let counter_bits = check_inputs(parts.inputs, parts.input_encoding)?;
    let gates: usize = parts.layers.iter().map(|layer| layer.gates.len()).sum();
    check_count(gates, parts.layers.len())?;
    check_texts(parts)?;
    check_operands(parts.inputs, &parts.layers)?;
    let nodes = parts.inputs + gates as u32;
    check_outputs(&parts.outputs, nodes, parts.output_encoding)?;
    check_masks(&parts.masks, parts.inputs, nodes)?;
    Ok(counter_bits)
}

/// Rejects too many gates and too many layers.
pub(crate) fn check_count(gates: usize, layers: usize) -> Result<(), NetworkError> {
    for (count, kind) in [(gates, "gates"), (layers, "layers")] {
        if count > MAX_GATES {
            let problem = format!("{count} {kind}, but a network has at most {MAX_GATES}");
            return Err(NetworkError::new("layers", problem));
        }
    }
    Ok(())
}

fn check_texts(parts: &Parts) -> Result<(), NetworkError> {
    let texts = [
        ("name", Some(&parts.name)),
        ("description", parts.description.as_ref()),
        ("source", parts.source.as_ref()),
    ];
    for (name, text) in texts {
        let bytes = text.map_or(0, String::len);
        if bytes > MAX_TEXT_BYTES {
            let problem = format!("{bytes} bytes, but a text has at most {MAX_TEXT_BYTES}");
            return Err(NetworkError::new(name, problem));
        }
    }
    Ok(())
}

fn check_rate(rate: u32) -> Result<(), NetworkError> {
    if (1..=MAX_SAMPLE_RATE).contains(&rate) {
        return Ok(());
    }
    let problem = format!("{rate} Hz is outside 1..{MAX_SAMPLE_RATE}");
    Err(NetworkError::new("sample_rate", problem))
}

fn check_inputs(inputs: u32, encoding: InputEncoding) -> Result<u32, NetworkError> {
    let digit_bits = encoding.digit_bits();
    if !(1..=12).contains(&digit_bits) {
        let problem = format!("digits of {digit_bits} bits, but they have 1..12");
        return Err(NetworkError::new("input_encoding.digit_bits", problem));
    }
    let problem = match encoding.counter_bits(inputs) {
        None => format!(
            "{inputs} inputs are not whole digits of {} inputs",
            encoding.inputs_per_digit()
        ),
        Some(0) => "a network has at least 1 input".to_string(),
        Some(bits) if bits > MAX_COUNTER_BITS => {
            format!("{bits} bits of t, but a network reads at most {MAX_COUNTER_BITS}")
        }
        Some(_) if inputs > MAX_INPUTS => {
            format!("{inputs} inputs, but a network has at most {MAX_INPUTS}")
        }
        Some(bits) => return Ok(bits),
    };
    Err(NetworkError::new("inputs", problem))
}

fn check_operands(inputs: u32, layers: &[NetworkLayer]) -> Result<(), NetworkError> {
    let mut node = inputs;
    for (l, layer) in layers.iter().enumerate() {
        for (g, gate) in layer.gates.iter().enumerate() {
            for (which, operand) in [(1, gate.a), (2, gate.b)] {
                if operand >= node {
                    return Err(NetworkError::new(
                        format!("layers[{l}].gates[{g}][{which}]"),
                        format!(
                            "gate {node} reads node {operand}, but may only read the nodes \
                             before it, 0..{}",
                            node - 1
                        ),
                    ));
                }
            }
            node += 1;
        }
    }
    Ok(())
}

fn check_outputs(
    outputs: &[u32],
    nodes: u32,
    encoding: OutputEncoding,
) -> Result<(), NetworkError> {
    let (most, kind) = match encoding {
        OutputEncoding::Binary => (MAX_BINARY_OUTPUTS, "in binary"),
        OutputEncoding::GroupSum { groups } => {
            if !(1..=16).contains(&groups) || outputs.len() % usize::from(groups) != 0 {
                return Err(NetworkError::new(
                    "output_encoding.groups",
                    format!(
                        "{groups} groups of {} outputs; groups are 1..16 and divide the outputs",
                        outputs.len()
                    ),
                ));
            }
            (MAX_GROUP_SUM_OUTPUTS, "in a group sum")
        }
    };
    if outputs.is_empty() || outputs.len() > most {
        return Err(NetworkError::new(
            "outputs",
            format!("{} outputs, but there are 1..{most} {kind}", outputs.len()),
        ));
    }
    match outputs.iter().position(|&node| node >= nodes) {
        None => Ok(()),
        Some(i) => Err(NetworkError::new(
            format!("outputs[{i}]"),
            format!(
                "node {} does not exist; nodes are 0..{}",
                outputs[i],
                nodes - 1
            ),
        )),
    }
}

/// Rejects masks of nodes that do not exist, and replaced operations of inputs.
pub(crate) fn check_masks(masks: &Masks, inputs: u32, nodes: u32) -> Result<(), NetworkError> {
    for (i, (node, mask)) in masks.iter().enumerate() {
        let problem = if node >= nodes {
            format!("node {node} does not exist; nodes are 0..{}", nodes - 1)
        } else if node < inputs && matches!(mask, Mask::Replace(_)) {
            format!("node {node} is an input and has no operation to replace")
        } else {
            continue;
        };
        return Err(NetworkError::new(format!("masks[{i}]"), problem));
    }
    Ok(())
}
