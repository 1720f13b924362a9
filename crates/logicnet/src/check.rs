//! The rules that make a network of parts.

use alloc::format;
use alloc::string::{String, ToString};

use crate::parts::{
    MAX_BINARY_OUTPUTS, MAX_COUNTER_BITS, MAX_GATES, MAX_GROUP_SUM_OUTPUTS, MAX_INPUTS,
    MAX_SAMPLE_RATE, MAX_TEXT_BYTES, NetworkLayer, Parts,
};
use crate::source::{MAX_CONTROL_BITS, MAX_CONTROL_NAME, MAX_VALUE_BITS};
use crate::{Mask, Masks, NetworkError, OutputEncoding, Signal, Source, quote};

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

/// Numbers that follow from the sources of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    /// Number of input nodes.
    pub(crate) inputs: u32,
    /// Number of bits of t.
    pub(crate) counter_bits: u32,
    /// Number of bits of all values.
    pub(crate) variables: u32,
}

/// Checks parts.
pub(crate) fn check(parts: &Parts) -> Result<Counts, NetworkError> {
    check_rate(parts.sample_rate)?;
    let counts = check_sources(&parts.sources)?;
    let gates: usize = parts.layers.iter().map(|layer| layer.gates.len()).sum();
    check_count(gates, parts.layers.len())?;
    check_texts(parts)?;
    check_operands(counts.inputs, &parts.layers)?;
    let nodes = counts.inputs + gates as u32;
    check_outputs(&parts.outputs, nodes, parts.output_encoding)?;
    check_masks(&parts.masks, counts.inputs, nodes)?;
    Ok(counts)
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

/// Checks the sources; returns the numbers of inputs, bits of t and variables.
pub(crate) fn check_sources(sources: &[Source]) -> Result<Counts, NetworkError> {
    let mut counts = Counts::default();
    let mut control_bits = 0;
    for (i, source) in sources.iter().enumerate() {
        let wrong =
            |field: &str, problem| Err(NetworkError::new(format!("inputs[{i}]{field}"), problem));
        let most = match source.signal {
            Signal::Time => MAX_COUNTER_BITS as u8,
            _ => MAX_VALUE_BITS,
        };
        if !(1..=most).contains(&source.bits) {
            let problem = format!(
                "{} bits of {}, but there are 1..{most}",
                source.bits, source.signal
            );
            return wrong(".bits", problem);
        }
        let digit_bits = source.encoding.digit_bits();
        if !(1..=12).contains(&digit_bits) {
            let problem = format!("digits of {digit_bits} bits, but they have 1..12");
            return wrong(".encoding.digit_bits", problem);
        }
        let Some(inputs) = source.inputs() else {
            let problem = format!(
                "{} bits are not whole digits of {digit_bits} bits",
                source.bits
            );
            return wrong(".bits", problem);
        };
        if sources[..i]
            .iter()
            .any(|other| other.signal.is_same(&source.signal))
        {
            return wrong("", format!("{} is an input twice", source.signal));
        }
        match &source.signal {
            Signal::Time => counts.counter_bits = source.bits.into(),
            Signal::Audio { channel } if *channel > 1 => {
                return wrong(".channel", format!("{channel} is not 0 or 1"));
            }
            Signal::Audio { .. } => {}
            Signal::Control { name, default } => {
                if let Err(problem) = check_control(name, *default) {
                    return wrong("", problem);
                }
                control_bits += u32::from(source.bits);
            }
        }
        counts.inputs += inputs;
        counts.variables += u32::from(source.bits);
    }
    let problem = if counts.inputs == 0 {
        "a network has at least 1 input".to_string()
    } else if counts.inputs > MAX_INPUTS {
        format!(
            "{} inputs, but a network has at most {MAX_INPUTS}",
            counts.inputs
        )
    } else if control_bits > MAX_CONTROL_BITS {
        format!("{control_bits} bits of controls, but a network has at most {MAX_CONTROL_BITS}")
    } else {
        return Ok(counts);
    };
    Err(NetworkError::new("inputs", problem))
}

/// Checks the name and the default of a control; returns the problem.
fn check_control(name: &str, default: f64) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !begins || name.len() > MAX_CONTROL_NAME || !name.chars().all(plain) {
        return Err(format!(
            "{} is not the name of a control: a letter, then letters, digits or _, \
             at most {MAX_CONTROL_NAME} in all",
            quote(name)
        ));
    }
    if !(0.0..=1.0).contains(&default) {
        return Err(format!("the default {default} is not a number from 0 to 1"));
    }
    Ok(())
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
        OutputEncoding::Channels { left, right } => {
            check_channels(left, right, outputs.len())?;
            (MAX_BINARY_OUTPUTS, "in two channels")
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
            match encoding {
                OutputEncoding::Channels { left, .. } => match i.checked_sub(left.into()) {
                    Some(bit) => format!("outputs[1][{bit}]"),
                    None => format!("outputs[0][{i}]"),
                },
                _ => format!("outputs[{i}]"),
            },
            format!(
                "node {} does not exist; nodes are 0..{}",
                outputs[i],
                nodes - 1
            ),
        )),
    }
}

/// Checks the numbers of bits of two channels, the second of which may be missing.
fn check_channels(left: u8, right: u8, outputs: usize) -> Result<(), NetworkError> {
    for (i, bits) in [left, right].into_iter().enumerate() {
        if bits > MAX_VALUE_BITS || (i == 0 && bits == 0) {
            let problem = format!("{bits} outputs, but a channel has 1..{MAX_VALUE_BITS}");
            return Err(NetworkError::new(format!("outputs[{i}]"), problem));
        }
    }
    if usize::from(left) + usize::from(right) == outputs {
        return Ok(());
    }
    let problem = format!("{outputs} outputs, but the channels have {left} and {right}");
    Err(NetworkError::new("outputs", problem))
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
