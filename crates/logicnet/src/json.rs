//! The network file, in JSON. `docs/network-format.md` is its reference.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use serde_json::{Map, Value};

use crate::{
    DEFAULT_SAMPLE_RATE, Gate, InputEncoding, MAX_COUNTER_BITS, MAX_INPUTS, Mask, Masks, Network, NetworkError,
    NetworkLayer, Op, OutputEncoding, Parts, Source,
};

/// The `format` field of every network file.
pub const FORMAT: &str = "gatebend-network";
/// The `version` field of the files that this crate reads and writes.
pub const VERSION: u64 = 1;

/// The field of a checksum over the file's bytes, which is not part of the network.
const CHECKSUM: &str = "checksum";

type Fields = Map<String, Value>;

impl Network {
    /// Reads a network file.
    ///
    /// # Errors
    /// Fails if the text is not JSON or not a network. The error has the path, such as
    /// `layers[2].gates[17][1]`, or the line and column of the first syntax error.
    pub fn from_json(text: &str) -> Result<Network, NetworkError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text); // byte order mark
        let value = serde_json::from_str(text)
            .map_err(|error| NetworkError::new("", format!("not JSON: {error}")))?;
        let Value::Object(mut fields) = value else {
            return Err(NetworkError::new(
                "",
                "a network file is a JSON object: { ... }",
            ));
        };
        check_format(&mut fields)?;
        // The checksum is of this text and would not match the next.
        fields.remove(CHECKSUM);
        let default = Parts::default();
        let inputs = required(&mut fields, "inputs")?;
        let layers = required(&mut fields, "layers")?;
        let outputs = required(&mut fields, "outputs")?;
        let parts = Parts {
            name: text_field(&mut fields, "name")?.unwrap_or(default.name),
            description: text_field(&mut fields, "description")?,
            source: text_field(&mut fields, "source")?,
            sample_rate: match fields.remove("sample_rate") {
                Some(rate) => whole(&rate, "sample_rate")?,
                None => DEFAULT_SAMPLE_RATE,
            },
            sources: sources(&inputs, fields.remove("input_encoding"))?,
            layers: items(layers, "layers")?
                .into_iter()
                .enumerate()
                .map(|(i, layer)| parse_layer(layer, &format!("layers[{i}]")))
                .collect::<Result<_, _>>()?,
            outputs: items(outputs, "outputs")?
                .iter()
                .enumerate()
                .map(|(i, node)| whole(node, &format!("outputs[{i}]")))
                .collect::<Result<_, _>>()?,
            output_encoding: output_encoding(fields.remove("output_encoding"))?,
            masks: match fields.remove("masks") {
                Some(masks) => Masks::try_from(masks)?,
                None => Masks::new(),
            },
            extra: fields,
        };
        Network::try_from(parts)
    }

    /// Writes a network file with one line a layer and fields in a fixed order, unknown
    /// ones last. Loading it gives an equal network.
    pub fn to_json(&self) -> String {
        self.write(list_gates)
    }

    /// Writes a network file with the gates of each layer in one text, 11 hexadecimal digits
    /// a gate: one for the operation and five for each operand. Other threads and programs
    /// read it many times faster.
    pub fn to_compact_json(&self) -> String {
        self.write(pack_gates)
    }

    fn write(&self, gates: fn(&[Gate], &mut String)) -> String {
        let mut file = Writer { text: "{".into() };
        file.field("format", &FORMAT.into());
        file.field("version", &VERSION.into());
        file.field("name", &self.name().into());
        for (key, text) in [
            ("description", self.description()),
            ("source", self.source()),
        ] {
            if let Some(text) = text {
                file.field(key, &text.into());
            }
        }
        file.field("sample_rate", &self.sample_rate().into());
        file.field("inputs", &self.inputs().into());
        if let Some(encoding) = input_encoding_value(self.sources()[0].encoding) {
            file.field("input_encoding", &encoding);
        }
        file.layers(self, gates);
        file.field("outputs", &self.outputs().into());
        if let OutputEncoding::GroupSum { groups } = self.output_encoding() {
            let encoding = [("type", "group-sum".into()), ("groups", groups.into())];
            file.field("output_encoding", &object(encoding));
        }
        if !self.masks().is_empty() {
            file.field("masks", &self.masks().into());
        }
        for (key, value) in self.extra() {
            file.field(key, value);
        }
        file.text + "\n}\n"
    }
}

fn check_format(fields: &mut Fields) -> Result<(), NetworkError> {
    match fields.remove("format") {
        Some(Value::String(format)) if format == FORMAT => {}
        Some(other) => {
            return Err(wrong("format", &other, &format!("\"{FORMAT}\"")));
        }
        None => {
            let problem = format!("missing; a network file starts with \"format\": \"{FORMAT}\"");
            return Err(NetworkError::new("format", problem));
        }
    }
    let version = required(fields, "version")?;
    if natural(&version).map(u64::from) == Some(VERSION) {
        return Ok(());
    }
    let problem = format!("{version} is not a version this program reads (it reads {VERSION})");
    Err(NetworkError::new("version", problem))
}

fn required(fields: &mut Fields, key: &str) -> Result<Value, NetworkError> {
    fields
        .remove(key)
        .ok_or_else(|| NetworkError::new(key, "missing"))
}

fn text_field(fields: &mut Fields, key: &str) -> Result<Option<String>, NetworkError> {
    match fields.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong(key, &other, "a text in quotes")),
    }
}

fn wrong(path: &str, value: &Value, wanted: &str) -> NetworkError {
    const SHOWN: usize = 40;
    let mut shown = value.to_string();
    if let Some((cut, _)) = shown.char_indices().nth(SHOWN) {
        shown.truncate(cut);
        shown.push_str("...");
    }
    NetworkError::new(path, format!("{shown} is not {wanted}"))
}

fn whole(value: &Value, path: &str) -> Result<u32, NetworkError> {
    natural(value).ok_or_else(|| wrong(path, value, "a whole number from 0 to 4294967295"))
}

/// Returns a whole number up to 4294967295, also of `8000.0` or `8e3`: in JSON, these are
/// the same number.
fn natural(value: &Value) -> Option<u32> {
    if let Some(number) = value.as_u64() {
        return u32::try_from(number).ok();
    }
    let float = value.as_f64()?;
    #[allow(clippy::float_cmp)] // the comparison is exact on purpose
    (f64::from(float as u32) == float).then_some(float as u32)
}

fn items(value: Value, path: &str) -> Result<Vec<Value>, NetworkError> {
    match value {
        Value::Array(items) => Ok(items),
        other => Err(wrong(path, &other, "a list: [ ... ]")),
    }
}

fn parse_layer(value: Value, path: &str) -> Result<NetworkLayer, NetworkError> {
    let Value::Object(mut extra) = value else {
        return Err(wrong(path, &value, "a layer: {\"gates\": [ ... ]}"));
    };
    let path = format!("{path}.gates");
    let gates = extra
        .remove("gates")
        .ok_or_else(|| NetworkError::new(&*path, "missing"))?;
    if let Some(gates) = gates.as_str().and_then(unpack_gates) {
        return Ok(NetworkLayer { gates, extra });
    }
    let gates = items(gates, &path)?
        .iter()
        .enumerate()
        .map(|(i, gate)| parse_gate(gate).map_err(|at| at.within(gate, &format!("{path}[{i}]"))))
        .collect::<Result<_, _>>()?;
    Ok(NetworkLayer { gates, extra })
}

/// Reads the gates of [`Network::to_compact_json`].
fn unpack_gates(text: &str) -> Option<Vec<Gate>> {
    let gate = |at| {
        let number = |from, to| u32::from_str_radix(text.get(at + from..at + to)?, 16).ok();
        Some(Gate {
            op: Op::new(number(0, 1)? as u8)?,
            a: number(1, 6)?,
            b: number(6, 11)?,
        })
    };
    (0..text.len()).step_by(11).map(gate).collect()
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

/// The item of a gate that is wrong. Its path is formatted only for an error.
enum GateFault {
    Shape,
    Op,
    Operand(usize),
}

impl GateFault {
    fn within(self, gate: &Value, path: &str) -> NetworkError {
        match self {
            GateFault::Shape => wrong(path, gate, "a gate: [op, a, b]"),
            GateFault::Op => wrong(&format!("{path}[0]"), &gate[0], "an operation, 0..15"),
            GateFault::Operand(i) => wrong(&format!("{path}[{i}]"), &gate[i], "a node number"),
        }
    }
}

fn parse_gate(value: &Value) -> Result<Gate, GateFault> {
    let Some([op, a, b]) = value.as_array().map(Vec::as_slice) else {
        return Err(GateFault::Shape);
    };
    let operand = |i: usize, v: &Value| natural(v).ok_or(GateFault::Operand(i));
    let op = parse_op(op).ok_or(GateFault::Op)?;
    Ok(Gate {
        op,
        a: operand(1, a)?,
        b: operand(2, b)?,
    })
}

fn parse_op(value: &Value) -> Option<Op> {
    natural(value)
        .and_then(|n| u8::try_from(n).ok())
        .and_then(Op::new)
}

/// Reads the type of an encoding and its optional number, given as `"binary"` or as
/// `{"type": "thermometer", "digit_bits": 4}`.
fn encoding(value: Value, path: &str, number: &str) -> Result<(String, Option<u8>), NetworkError> {
    match value {
        Value::String(kind) => Ok((kind, None)),
        Value::Object(mut fields) => {
            let kind = text_field(&mut fields, "type")
                .map_err(|error| NetworkError::new(format!("{path}.type"), error.problem))?
                .ok_or_else(|| NetworkError::new(format!("{path}.type"), "missing"))?;
            let path_of_number = format!("{path}.{number}");
            let parsed = match fields.remove(number) {
                None => None,
                Some(n) => Some(
                    whole(&n, &path_of_number)?
                        .try_into()
                        .map_err(|_| wrong(&path_of_number, &n, "a small number"))?,
                ),
            };
            match fields.keys().next() {
                None => Ok((kind, parsed)),
                Some(key) => Err(NetworkError::new(
                    format!("{path}.{key}"),
                    format!("unknown; an encoding has \"type\" and \"{number}\""),
                )),
            }
        }
        other => Err(wrong(path, &other, "the name of an encoding")),
    }
}

fn input_encoding(value: Option<Value>, inputs: &Value) -> Result<InputEncoding, NetworkError> {
    const PATH: &str = "input_encoding";
    let Some(value) = value else {
        return Ok(InputEncoding::Binary);
    };
    let (kind, digit_bits) = encoding(value, PATH, "digit_bits")?;
    // Without `digit_bits`, all inputs are one digit.
    let inputs = natural(inputs).unwrap_or(0).min(MAX_INPUTS);
    let one_digit = |values: u32| values.next_power_of_two().ilog2() as u8;
    match kind.as_str() {
        "binary" if digit_bits.is_none() => Ok(InputEncoding::Binary),
        "thermometer" => Ok(InputEncoding::Thermometer {
            digit_bits: digit_bits.unwrap_or(one_digit(inputs + 1)),
        }),
        "one-hot" => Ok(InputEncoding::OneHot {
            digit_bits: digit_bits.unwrap_or(one_digit(inputs)),
        }),
        _ => Err(NetworkError::new(
            PATH,
            format!(
                "\"{kind}\" is not \"binary\", \"thermometer\" or \"one-hot\" \
                 (the last two may have \"digit_bits\")"
            ),
        )),
    }
}

/// Returns the source of version 1, t.
fn sources(inputs: &Value, encoding: Option<Value>) -> Result<Vec<Source>, NetworkError> {
    let encoding = input_encoding(encoding, inputs)?;
    let inputs = whole(inputs, "inputs")?;
    let problem = match encoding.bits(inputs) {
        None => format!(
            "{inputs} inputs are not whole digits of {} inputs",
            encoding.inputs_per_digit()
        ),
        Some(bits) if bits > MAX_COUNTER_BITS => {
            format!("{bits} bits of t, but a network reads at most {MAX_COUNTER_BITS}")
        }
        Some(0) => "a network has at least 1 input".to_string(),
        Some(bits) => {
            return Ok([Source { encoding, ..Source::time(bits as u8) }].into());
        }
    };
    Err(NetworkError::new("inputs", problem))
}

fn output_encoding(value: Option<Value>) -> Result<OutputEncoding, NetworkError> {
    const PATH: &str = "output_encoding";
    let Some(value) = value else {
        return Ok(OutputEncoding::Binary);
    };
    let (kind, groups) = encoding(value, PATH, "groups")?;
    match kind.as_str() {
        "binary" if groups.is_none() => Ok(OutputEncoding::Binary),
        "group-sum" => Ok(OutputEncoding::GroupSum {
            groups: groups.unwrap_or(1),
        }),
        _ => Err(NetworkError::new(
            PATH,
            format!("\"{kind}\" is not \"binary\" or \"group-sum\" (which may have \"groups\")"),
        )),
    }
}

fn input_encoding_value(encoding: InputEncoding) -> Option<Value> {
    let kind = match encoding {
        InputEncoding::Binary => return None,
        InputEncoding::Gray => return Some("gray".into()),
        InputEncoding::Thermometer { .. } => "thermometer",
        InputEncoding::OneHot { .. } => "one-hot",
    };
    Some(object([
        ("type", kind.into()),
        ("digit_bits", encoding.digit_bits().into()),
    ]))
}

/// Reads masks as in a file. Does not check them against a network.
impl TryFrom<Value> for Masks {
    type Error = NetworkError;

    fn try_from(value: Value) -> Result<Masks, NetworkError> {
        let mut masks = Masks::new();
        for (i, mask) in items(value, "masks")?.iter().enumerate() {
            let path = format!("masks[{i}]");
            let wanted = "a mask: {\"node\": N, and one of \"force\": 0 or 1, \
                          \"invert\": true, \"op\": 0..15}";
            let (node, mask) = parse_mask(mask).ok_or_else(|| wrong(&path, mask, wanted))?;
            if masks.set(node, mask).is_some() {
                return Err(NetworkError::new(
                    path,
                    format!("node {node} is masked twice"),
                ));
            }
        }
        Ok(masks)
    }
}

impl From<&Masks> for Value {
    fn from(masks: &Masks) -> Value {
        masks.iter().map(mask_value).collect()
    }
}

fn parse_mask(value: &Value) -> Option<(u32, Mask)> {
    let fields = value.as_object().filter(|fields| fields.len() == 2)?;
    let node = natural(fields.get("node")?)?;
    let mask = match fields.iter().find(|(key, _)| *key != "node")? {
        (key, bit) if key == "force" => match natural(bit)? {
            0 => Mask::Force(false),
            1 => Mask::Force(true),
            _ => return None,
        },
        (key, Value::Bool(true)) if key == "invert" => Mask::Invert,
        (key, op) if key == "op" => Mask::Replace(parse_op(op)?),
        _ => return None,
    };
    Some((node, mask))
}

fn mask_value((node, mask): (u32, Mask)) -> Value {
    let field = match mask {
        Mask::Force(bit) => ("force", u8::from(bit).into()),
        Mask::Invert => ("invert", true.into()),
        Mask::Replace(op) => ("op", op.number().into()),
    };
    object([("node", node.into()), field])
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(
        fields
            .into_iter()
            .map(|(key, value)| (key.to_string(), value))
            .collect(),
    )
}

/// Formats a file for reading and for line-by-line comparison, with one field and one
/// layer a line, which `serde_json` cannot.
struct Writer {
    text: String,
}

impl Writer {
    fn key(&mut self, key: &str) {
        let comma = if self.text.len() > 1 { "," } else { "" };
        self.push(format_args!("{comma}\n  {}: ", Value::from(key)));
    }

    fn field(&mut self, key: &str, value: &Value) {
        self.key(key);
        self.push(format_args!("{value}"));
    }

    fn layers(&mut self, network: &Network, write: fn(&[Gate], &mut String)) {
        self.key("layers");
        self.text.push('[');
        for (i, (_, gates)) in network.layers().enumerate() {
            self.text.push_str(if i > 0 { ",\n    " } else { "\n    " });
            self.text.push_str("{\"gates\":");
            write(gates, &mut self.text);
            for (key, value) in network.layer_extra(i) {
                self.push(format_args!(",{}:{value}", Value::from(key.as_str())));
            }
            self.text.push('}');
        }
        self.text.push(']');
    }

    fn push(&mut self, text: core::fmt::Arguments) {
        self.text
            .write_fmt(text)
            .expect("writing to a string never fails");
    }
}
