//! Writes network files.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use super::FORMAT;
use super::sources::{input_encoding_json, source};
use super::text::quoted;
use crate::{Gate, InputEncoding, Network, OutputEncoding, Signal, Source};

impl Network {
    /// Writes a network file with one line a layer and fields in a fixed order, unknown
    /// ones last. Loading it gives an equal network.
    pub fn to_json(&self) -> String {
        self.to_json_with(&[])
    }

    /// Writes a network file as [`Network::to_json`] does, with more fields, whose values
    /// are in JSON without line breaks. They replace unknown ones of the same name.
    /// [`Network::from_json_with`] reads them.
    pub fn to_json_with(&self, more: &[(&str, String)]) -> String {
        self.write(list_gates, more)
    }

    /// Writes a network file with the gates of each layer in one text, 11 hexadecimal digits
    /// a gate: one for the operation and five for each operand. Other threads and programs
    /// read it many times faster.
    pub fn to_compact_json(&self) -> String {
        self.write(pack_gates, &[])
    }

    fn write(&self, gates: fn(&[Gate], &mut String), more: &[(&str, String)]) -> String {
        let mut file = Writer { text: "{".into() };
        file.field("format", &quoted(FORMAT));
        let counter = counter_encoding(self);
        file.field("version", if counter.is_some() { "1" } else { "2" });
        file.field("name", &quoted(self.name()));
        for (key, text) in [
            ("description", self.description()),
            ("source", self.source()),
        ] {
            if let Some(text) = text {
                file.field(key, &quoted(text));
            }
        }
        file.field("sample_rate", &self.sample_rate().to_string());
        if let Some(encoding) = counter {
            file.field("inputs", &self.inputs().to_string());
            if let Some(encoding) = input_encoding_json(encoding) {
                file.field("input_encoding", &encoding);
            }
        } else {
            let sources: Vec<String> = self.sources().iter().map(source).collect();
            file.field("inputs", &format!("[{}]", sources.join(", ")));
        }
        file.layers(self, gates);
        file.field(
            "outputs",
            &match self.output_encoding() {
                OutputEncoding::Channels { left, right } => {
                    let (left, second) = self.outputs().split_at(left.into());
                    let second = if right > 0 {
                        format!(",{}", list(second))
                    } else {
                        String::new()
                    };
                    format!("[{}{second}]", list(left))
                }
                _ => list(self.outputs()),
            },
        );
        if let OutputEncoding::GroupSum { groups } = self.output_encoding() {
            let encoding = format!(r#"{{"groups":{groups},"type":"group-sum"}}"#);
            file.field("output_encoding", &encoding);
        }
        if !self.masks().is_empty() {
            file.field("masks", &self.masks().to_json());
        }
        for (key, value) in self.extra().fields() {
            if more.iter().all(|(name, _)| *name != key) {
                file.field(&key, value);
            }
        }
        for (key, value) in more {
            file.field(key, value);
        }
        file.text + "\n}\n"
    }
}

/// Returns the encoding of t if a network is one of version 1.
fn counter_encoding(network: &Network) -> Option<InputEncoding> {
    let [
        Source {
            signal: Signal::Time,
            encoding,
            ..
        },
    ] = network.sources()
    else {
        return None;
    };
    let is_byte = !matches!(network.output_encoding(), OutputEncoding::Channels { .. });
    (is_byte && *encoding != InputEncoding::Gray).then_some(*encoding)
}

fn list(numbers: &[u32]) -> String {
    let mut text = String::from("[");
    let mut buffer = itoa::Buffer::new();
    for (i, number) in numbers.iter().enumerate() {
        text.push_str(if i > 0 { "," } else { "" });
        text.push_str(buffer.format(*number));
    }
    text + "]"
}

fn pack_gates(gates: &[Gate], text: &mut String) {
    text.push('"');
    for gate in gates {
        let (op, a, b) = (gate.op.number(), gate.a, gate.b);
        write!(text, "{op:x}{a:05x}{b:05x}").expect("writing to a string never fails");
    }
    text.push('"');
}

/// Formats numbers without [`core::fmt`], which takes several times longer.
fn list_gates(gates: &[Gate], text: &mut String) {
    let mut buffer = itoa::Buffer::new();
    text.push('[');
    for (i, gate) in gates.iter().enumerate() {
        text.push_str(if i > 0 { ",[" } else { "[" });
        text.push_str(buffer.format(gate.op.number()));
        for operand in [gate.a, gate.b] {
            text.push(',');
            text.push_str(buffer.format(operand));
        }
        text.push(']');
    }
    text.push(']');
}

/// Formats a file for reading and for line-by-line comparison, with one field and one
/// layer a line, which `serde_json` cannot.
struct Writer {
    text: String,
}

impl Writer {
    fn key(&mut self, key: &str) {
        let comma = if self.text.len() > 1 { "," } else { "" };
        self.text
            .extend([comma, "\n  ", quoted(key).as_str(), ": "]);
    }

    fn field(&mut self, key: &str, value: &str) {
        self.key(key);
        self.text.push_str(value);
    }

    fn layers(&mut self, network: &Network, write: fn(&[Gate], &mut String)) {
        self.key("layers");
        self.text.push('[');
        for (i, (_, gates)) in network.layers().enumerate() {
            self.text.push_str(if i > 0 { ",\n    " } else { "\n    " });
            self.text.push_str("{\"gates\":");
            write(gates, &mut self.text);
            for (key, value) in network.layer_extra(i).fields() {
                self.text.extend([",", quoted(&key).as_str(), ":", value]);
            }
            self.text.push('}');
        }
        self.text.push(']');
    }
}
