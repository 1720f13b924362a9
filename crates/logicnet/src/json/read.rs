//! Reads network files.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::extra::{Room, Unknown};
use super::sources::{counter, read_sources};
use super::text::{check, each_field, each_item, natural, quoted, unquoted, wrong};
use super::values::{each_of, encoding, read_text, whole};
use super::{BENDS, CHECKSUM, FORMAT, VERSION};
use crate::check::{FIELDS, check_count};
use crate::{
    DEFAULT_SAMPLE_RATE, Gate, MAX_GATES, MAX_GROUP_SUM_OUTPUTS, Masks, Network, NetworkError,
    NetworkLayer, Op, OutputEncoding, Parts,
};

impl Network {
    /// Reads a network file. Of a preset, this is the network as it sounds: fields that say
    /// which masks are the player's bends are left out.
    ///
    /// # Errors
    /// Fails if the text is not JSON or not a network. The error has the path, such as
    /// `layers[2].gates[17][1]`, or the line and column of the first syntax error.
    pub fn from_json(text: &str) -> Result<Network, NetworkError> {
        Ok(Network::from_json_with(text, BENDS)?.0)
    }

    /// Reads a network file with more fields, and returns their values in JSON. They are
    /// neither checked nor bounded.
    ///
    /// # Errors
    /// Fails as [`Network::from_json`] does.
    pub fn from_json_with<'t, const N: usize>(
        text: &'t str,
        more: [&str; N],
    ) -> Result<(Network, [Option<&'t str>; N]), NetworkError> {
        let mut room = Room::new();
        let mut values = [None; N];
        let file = File::read(text, &mut room, |name, value| {
            let field = more.iter().position(|other| *other == name);
            if let Some(field) = field {
                values[field] = Some(value);
            }
            field.is_some()
        })?;
        Ok((Network::try_from(file.parts(&mut room)?)?, values))
    }
}

/// The fields of a file, each with its value in JSON.
struct File<'t> {
    /// The values of [`FIELDS`].
    known: [Option<&'t str>; FIELDS.len()],
    unknown: Unknown<'t>,
}

impl<'t> File<'t> {
    /// Finds the fields of a file. Those for which `take` returns true are not part of it.
    fn read(
        text: &'t str,
        room: &mut Room,
        mut take: impl FnMut(&str, &'t str) -> bool,
    ) -> Result<File<'t>, NetworkError> {
        let mut file = File {
            known: [None; FIELDS.len()],
            unknown: Unknown::default(),
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text); // byte order mark
        let mut too_many = Ok(());
        let read = each_field(text, |name, value| {
            if let Some(field) = FIELDS.iter().position(|known| *known == name) {
                file.known[field] = Some(value);
            // The checksum is of this text and would not match the next.
            } else if name != CHECKSUM && !take(&name, value) && too_many.is_ok() {
                too_many = file.unknown.add(room, name, value, String::new);
            }
            Ok::<(), NetworkError>(())
        })?;
        if let Err(error) = read {
            return Err(match check(text) {
                Ok(()) => NetworkError::new("", "a network file is a JSON object: { ... }"),
                Err(_) => NetworkError::new("", format!("not JSON: {error}")),
            });
        }
        file.check_format()?;
        too_many.map(|()| file)
    }

    fn check_format(&self) -> Result<(), NetworkError> {
        let Some(format) = self.get("format") else {
            let problem = format!("missing; a network file starts with \"format\": \"{FORMAT}\"");
            return Err(NetworkError::new("format", problem));
        };
        if unquoted(format).as_deref() != Some(FORMAT) {
            return Err(wrong("format", format, &format!("\"{FORMAT}\"")));
        }
        self.version().map(|_| ())
    }

    fn version(&self) -> Result<u64, NetworkError> {
        let json = self.required("version")?;
        let version = natural(json).map(u64::from);
        version
            .filter(|version| (1..=VERSION).contains(version))
            .ok_or_else(|| {
                let wanted = format!("a version this program reads (it reads 1 to {VERSION})");
                wrong("version", json, &wanted)
            })
    }

    fn parts(self, room: &mut Room) -> Result<Parts, NetworkError> {
        let default = Parts::default();
        let inputs = self.required("inputs")?;
        let layers = self.required("layers")?;
        let outputs = self.required("outputs")?;
        let input_encoding = self.get("input_encoding");
        let sources = if self.version()? == 1 {
            counter(inputs, input_encoding)?.into()
        } else if input_encoding.is_some() {
            let problem = "in version 2, each of the inputs may have an \"encoding\"";
            return Err(NetworkError::new("input_encoding", problem));
        } else {
            read_sources(inputs)?
        };
        let (outputs, channels) = read_outputs(outputs, self.version()?)?;
        Ok(Parts {
            name: self.text("name")?.unwrap_or(default.name),
            description: self.text("description")?,
            source: self.text("source")?,
            sample_rate: match self.get("sample_rate") {
                Some(rate) => whole(rate, "sample_rate")?,
                None => DEFAULT_SAMPLE_RATE,
            },
            sources,
            layers: Layers::read(layers, room)?,
            outputs,
            output_encoding: match (channels, self.get("output_encoding")) {
                (None, encoding) => output_encoding(encoding)?,
                (Some(channels), None) => channels,
                (Some(_), Some(_)) => {
                    let problem = "outputs in lists, one a channel, have no encoding";
                    return Err(NetworkError::new("output_encoding", problem));
                }
            },
            masks: match self.get("masks") {
                Some(masks) => Masks::from_json(masks)?,
                None => Masks::new(),
            },
            extra: self.unknown.into(),
        })
    }

    fn get(&self, name: &str) -> Option<&'t str> {
        let field = FIELDS.iter().position(|known| *known == name)?;
        self.known[field]
    }

    fn required(&self, name: &str) -> Result<&'t str, NetworkError> {
        self.get(name)
            .ok_or_else(|| NetworkError::new(name, "missing"))
    }

    fn text(&self, name: &str) -> Result<Option<String>, NetworkError> {
        self.get(name).map(|json| read_text(json, name)).transpose()
    }
}

/// Layers while they are read. Gates and layers beyond the most are only counted.
#[derive(Default)]
struct Layers {
    list: Vec<NetworkLayer>,
    /// The gates of all layers.
    gates: usize,
    count: usize,
}

impl Layers {
    fn read(json: &str, room: &mut Room) -> Result<Vec<NetworkLayer>, NetworkError> {
        let mut layers = Layers::default();
        each_of(json, "layers", |i, layer| {
            let layer = layers.read_layer(layer, &format!("layers[{i}]"), room)?;
            layers.count += 1;
            if layers.count <= MAX_GATES {
                layers.list.push(layer);
            }
            Ok(())
        })?;
        check_count(layers.gates, layers.count)?;
        Ok(layers.list)
    }

    fn read_layer(
        &mut self,
        json: &str,
        path: &str,
        room: &mut Room,
    ) -> Result<NetworkLayer, NetworkError> {
        let mut unknown = Unknown::default();
        let mut gates = None;
        let read = each_field(json, |name, value| {
            if name == "gates" {
                gates = Some(value);
                return Ok(());
            }
            unknown.add(room, name, value, || format!("{path}."))
        })?;
        if read.is_err() {
            return Err(wrong(path, json, "a layer: {\"gates\": [ ... ]}"));
        }
        let path = format!("{path}.gates");
        let gates = gates.ok_or_else(|| NetworkError::new(&*path, "missing"))?;
        Ok(NetworkLayer {
            gates: self.read_gates(gates, &path)?,
            extra: unknown.into(),
        })
    }

    fn read_gates(&mut self, json: &str, path: &str) -> Result<Vec<Gate>, NetworkError> {
        let mut gates = Vec::new();
        let mut add = |gate| {
            self.gates += 1;
            if self.gates <= MAX_GATES {
                gates.push(gate);
            }
        };
        let packed = json.starts_with('"').then(|| unquoted(json)).flatten();
        if packed.is_some_and(|text| unpack_gates(&text, &mut add).is_some()) {
            return Ok(gates);
        }
        each_of(json, path, |i, item| {
            let gate = parse_gate(item);
            add(gate.map_err(|fault| fault.within(item, &format!("{path}[{i}]")))?);
            Ok(())
        })?;
        Ok(gates)
    }
}

/// Reads the gates of [`Network::to_compact_json`].
fn unpack_gates(text: &str, add: &mut impl FnMut(Gate)) -> Option<()> {
    for at in (0..text.len()).step_by(11) {
        let number = |from, to| u32::from_str_radix(text.get(at + from..at + to)?, 16).ok();
        add(Gate {
            op: Op::new(number(0, 1)? as u8)?,
            a: number(1, 6)?,
            b: number(6, 11)?,
        });
    }
    Some(())
}

/// The item of a gate that is wrong. Its path is formatted only for an error.
enum GateFault<'t> {
    Shape,
    Op(&'t str),
    Operand(usize, &'t str),
}

impl GateFault<'_> {
    fn within(self, gate: &str, path: &str) -> NetworkError {
        match self {
            GateFault::Shape => wrong(path, gate, "a gate: [op, a, b]"),
            GateFault::Op(op) => wrong(&format!("{path}[0]"), op, "an operation, 0..15"),
            GateFault::Operand(i, node) => wrong(&format!("{path}[{i}]"), node, "a node number"),
        }
    }
}

fn parse_gate(json: &str) -> Result<Gate, GateFault<'_>> {
    let (mut items, mut count) = ([""; 3], 0);
    let is_list = each_item(json, |item| {
        *items.get_mut(count).ok_or(GateFault::Shape)? = item;
        count += 1;
        Ok(())
    })?;
    if !is_list || count < items.len() {
        return Err(GateFault::Shape);
    }
    let operand = |i: usize| natural(items[i]).ok_or(GateFault::Operand(i, items[i]));
    Ok(Gate {
        op: parse_op(items[0]).ok_or(GateFault::Op(items[0]))?,
        a: operand(1)?,
        b: operand(2)?,
    })
}

pub(super) fn parse_op(json: &str) -> Option<Op> {
    natural(json)
        .and_then(|number| u8::try_from(number).ok())
        .and_then(Op::new)
}

/// Reads outputs; those beyond the most of any encoding are only counted. From version 2
/// on, they may be in lists, one a channel.
fn read_outputs(
    json: &str,
    version: u64,
) -> Result<(Vec<u32>, Option<OutputEncoding>), NetworkError> {
    let mut outputs = Outputs::default();
    let (mut sizes, mut lists, mut nodes) = ([0; 2], 0, 0);
    each_of(json, "outputs", |i, item| {
        if version == 1 || !item.starts_with('[') {
            nodes += 1;
            return outputs.add(item, || format!("outputs[{i}]"));
        }
        let before = outputs.count;
        each_of(item, &format!("outputs[{i}]"), |bit, node| {
            outputs.add(node, || format!("outputs[{i}][{bit}]"))
        })?;
        if let Some(size) = sizes.get_mut(lists) {
            *size = outputs.count - before;
        }
        lists += 1;
        Ok(())
    })?;
    let problem = match (outputs.count, lists, nodes) {
        (count, 0, _) if count > MAX_GROUP_SUM_OUTPUTS => {
            format!("{count} outputs, but there are at most {MAX_GROUP_SUM_OUTPUTS}")
        }
        (_, 0, _) => return Ok((outputs.nodes, None)),
        (_, 1.., 1..) => {
            "nodes and lists of nodes; they are either nodes or one list a channel".into()
        }
        (_, 3.., _) => format!("{lists} channels, but there are 1 or 2"),
        _ => {
            // Sizes beyond a byte are beyond the most, too.
            let [left, right] = sizes.map(|size| u8::try_from(size).unwrap_or(u8::MAX));
            if lists == 2 && right == 0 {
                return Err(NetworkError::new(
                    "outputs[1]",
                    "0 outputs, but a channel has 1..16",
                ));
            }
            return Ok((
                outputs.nodes,
                Some(OutputEncoding::Channels { left, right }),
            ));
        }
    };
    Err(NetworkError::new("outputs", problem))
}

/// Outputs while they are read.
#[derive(Default)]
struct Outputs {
    nodes: Vec<u32>,
    count: usize,
}

impl Outputs {
    fn add(&mut self, json: &str, path: impl Fn() -> String) -> Result<(), NetworkError> {
        let node = natural(json).map_or_else(|| whole(json, &path()), Ok)?;
        self.count += 1;
        if self.count <= MAX_GROUP_SUM_OUTPUTS {
            self.nodes.push(node);
        }
        Ok(())
    }
}

fn output_encoding(json: Option<&str>) -> Result<OutputEncoding, NetworkError> {
    const PATH: &str = "output_encoding";
    let Some(json) = json else {
        return Ok(OutputEncoding::Binary);
    };
    let (kind, groups) = encoding(json, PATH, "groups")?;
    match kind.as_str() {
        "binary" if groups.is_none() => Ok(OutputEncoding::Binary),
        "group-sum" => Ok(OutputEncoding::GroupSum {
            groups: groups.unwrap_or(1),
        }),
        _ => {
            let wanted = "\"binary\" or \"group-sum\" (which may have \"groups\")";
            Err(wrong(PATH, &quoted(&kind), wanted))
        }
    }
}
