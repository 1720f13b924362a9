//! BLIF, the Berkeley Logic Interchange Format (Berkeley 1992), without latches and subcircuits.

use std::collections::BTreeMap;

use logicnet::{MAX_GROUP_SUM_OUTPUTS, MAX_INPUTS, Network, Op, quote};

use crate::circuit::Circuit;
use crate::order::order;
use crate::{ImportError, Options};

/// Tables of more inputs than this are made of their rows, the others by their values.
const MAX_TABLE_INPUTS: usize = 6;

/// Reads a file. A table of one or two inputs becomes a gate or a wire.
pub(crate) fn read(text: &str, options: &Options) -> Result<Network, ImportError> {
    let model = Model::read(text)?;
    let mut circuit = Circuit::new(model.inputs.len())?;
    // The number of each signal: the inputs, then the outputs of the tables.
    let mut signals = BTreeMap::new();
    let tables = model.tables.iter();
    let defined = model.inputs.iter().copied();
    let defined = defined.chain(tables.map(|table| (table.line, table.output)));
    for (number, (line, name)) in defined.enumerate() {
        if signals.insert(name, number).is_some() {
            return Err(at(line, format!("{} is defined twice", quote(name))));
        }
    }
    let signal = |line: usize, name: &str| {
        let problem = || format!("nothing defines {}", quote(name));
        signals
            .get(name)
            .copied()
            .ok_or_else(|| at(line, problem()))
    };
    let mut reads = Vec::with_capacity(model.tables.len());
    for table in &model.tables {
        let inputs = table.inputs.iter().map(|name| signal(table.line, name));
        reads.push(inputs.collect::<Result<Vec<usize>, _>>()?);
    }
    let first = model.inputs.len();
    let sorted = order(model.tables.len(), |table, read| {
        read.extend(
            reads[table]
                .iter()
                .filter_map(|signal| signal.checked_sub(first)),
        );
    });
    let sorted = sorted.map_err(|table| {
        let table = &model.tables[table];
        at(
            table.line,
            format!("{} depends on itself", quote(table.output)),
        )
    })?;
    let mut nodes: Vec<u32> = (0..first as u32).collect();
    nodes.resize(first + model.tables.len(), 0);
    for table in sorted {
        let inputs: Vec<u32> = reads[table].iter().map(|&signal| nodes[signal]).collect();
        nodes[first + table] = model.tables[table].build(&mut circuit, &inputs)?;
    }
    let outputs = model.outputs.iter();
    let outputs = outputs.map(|&(line, name)| Ok(nodes[signal(line, name)?]));
    circuit.network(outputs.collect::<Result<_, ImportError>>()?, None, options)
}

fn at(line: usize, problem: impl std::fmt::Display) -> ImportError {
    ImportError::at(format_args!("line {line}"), problem)
}

/// The model of a file, with the lines of its names.
#[derive(Default)]
struct Model<'a> {
    inputs: Vec<(usize, &'a str)>,
    outputs: Vec<(usize, &'a str)>,
    tables: Vec<Table<'a>>,
}

/// A signal as a table of others.
struct Table<'a> {
    line: usize,
    inputs: Vec<&'a str>,
    output: &'a str,
    /// Values of the inputs, 0, 1 or - for either, at which the output has the value `on`.
    rows: Vec<&'a str>,
    on: bool,
}

impl<'a> Model<'a> {
    fn read(text: &'a str) -> Result<Model<'a>, ImportError> {
        let mut model = Model::default();
        let mut named = false;
        let mut lines = (1..).zip(text.lines());
        let mut words = Vec::new();
        while let Some((number, mut line)) = lines.next() {
            words.clear();
            // A line that ends in a backslash goes on in the next one.
            loop {
                let end = line.find('#').unwrap_or(line.len());
                let content = line[..end].trim_end();
                let joined = content.strip_suffix('\\');
                words.extend(joined.unwrap_or(content).split_whitespace());
                let next = joined.and_then(|_| lines.next());
                let Some((_, next)) = next else { break };
                line = next;
            }
            let Some(&word) = words.first() else { continue };
            let rest = &words[1..];
            match word {
                ".model" if named => {
                    return Err(at(number, "a second model; flatten the file to one"));
                }
                ".model" => named = true,
                ".inputs" => model.inputs.extend(rest.iter().map(|&name| (number, name))),
                ".outputs" => model
                    .outputs
                    .extend(rest.iter().map(|&name| (number, name))),
                ".names" => {
                    let Some((&output, inputs)) = rest.split_last() else {
                        return Err(at(number, ".names without a signal"));
                    };
                    model.tables.push(Table {
                        line: number,
                        inputs: inputs.to_vec(),
                        output,
                        rows: Vec::new(),
                        on: true,
                    });
                }
                ".end" | ".exdc" => break,
                ".latch" => {
                    let problem = "a latch, but a network has no memory; give the combinational \
                                   part";
                    return Err(at(number, problem));
                }
                ".subckt" | ".gate" | ".mlatch" | ".search" => {
                    let problem = format!(
                        "{word} is not read; flatten the file to tables, as ABC's strash does"
                    );
                    return Err(at(number, problem));
                }
                _ if word.starts_with('.') => {
                    return Err(at(number, format!("{} is not read", quote(word))));
                }
                _ => model.add_row(number, &words)?,
            }
            for (count, most, thing) in [
                (model.inputs.len(), MAX_INPUTS as usize, "inputs"),
                (model.outputs.len(), MAX_GROUP_SUM_OUTPUTS, "outputs"),
            ] {
                if count > most {
                    return Err(at(number, format!("more than {most} {thing}")));
                }
            }
        }
        Ok(model)
    }

    /// Adds a row to the last table.
    fn add_row(&mut self, number: usize, words: &[&'a str]) -> Result<(), ImportError> {
        let Some(table) = self.tables.last_mut() else {
            return Err(at(number, "a row before .names"));
        };
        let (row, value) = match *words {
            [value] => ("", value),
            [row, value] => (row, value),
            _ => {
                return Err(at(
                    number,
                    "a row has values of the inputs and one of the output",
                ));
            }
        };
        let wanted = table.inputs.len();
        if row.len() != wanted || row.bytes().any(|value| !b"01-".contains(&value)) {
            let problem = format!("{} is not {wanted} of 0, 1 and -", quote(row));
            return Err(at(number, problem));
        }
        let on = match value {
            "0" => false,
            "1" => true,
            _ => return Err(at(number, format!("{} is not 0 or 1", quote(value)))),
        };
        if !table.rows.is_empty() && table.on != on {
            return Err(at(number, "a table has rows for 0 or for 1, not both"));
        }
        table.on = on;
        table.rows.push(row);
        Ok(())
    }
}

impl Table<'_> {
    /// Adds the gates of the table; returns its node.
    fn build(&self, circuit: &mut Circuit, inputs: &[u32]) -> Result<u32, ImportError> {
        if inputs.len() > MAX_TABLE_INPUTS {
            return self.build_rows(circuit, inputs);
        }
        let matches = |row: &str, values: u32| {
            row.bytes().enumerate().all(|(i, value)| match value {
                b'-' => true,
                _ => u32::from(value == b'1') == values >> i & 1,
            })
        };
        let values = 0..1u32 << inputs.len();
        let table = values.fold(0, |table, values| {
            let is_row = self.rows.iter().any(|row| matches(row, values));
            table | u64::from(is_row == self.on) << values
        });
        split(circuit, &mut BTreeMap::new(), inputs, table)
    }

    /// Adds an OR of the rows, each an AND of its inputs.
    fn build_rows(&self, circuit: &mut Circuit, inputs: &[u32]) -> Result<u32, ImportError> {
        let mut any = None;
        for row in &self.rows {
            // The node so far, and whether it is to be inverted.
            let mut all: Option<(u32, bool)> = None;
            for (&input, value) in inputs.iter().zip(row.bytes()) {
                let inverted = match value {
                    b'-' => continue,
                    _ => value == b'0',
                };
                all = Some(match all {
                    None => (input, inverted),
                    Some((node, inverted_node)) => {
                        let mut op = Op::AND;
                        if inverted_node {
                            op = op.complement_a();
                        }
                        if inverted {
                            op = op.complement_b();
                        }
                        (circuit.push(op, node, input)?, false)
                    }
                });
            }
            let node = match all {
                None => circuit.constant(true)?,
                Some((node, false)) => node,
                Some((node, true)) => circuit.push(Op::NOT_A, node, node)?,
            };
            any = Some(match any {
                None => node,
                Some(any) => circuit.push(Op::OR, any, node)?,
            });
        }
        match any {
            None => circuit.constant(false),
            Some(node) if self.on => Ok(node),
            Some(node) => circuit.push(Op::NOT_A, node, node),
        }
    }
}

/// Adds gates for a table: bit i is the output where bit j of i is the value of input j. Splits
/// it by its last input, and keeps the nodes of parts in `made`, by their number of inputs.
fn split(
    circuit: &mut Circuit,
    made: &mut BTreeMap<(usize, u64), u32>,
    inputs: &[u32],
    table: u64,
) -> Result<u32, ImportError> {
    let Some((&select, rest)) = inputs.split_last() else {
        return circuit.constant(table & 1 == 1);
    };
    if let Some(&node) = made.get(&(inputs.len(), table)) {
        return Ok(node);
    }
    let half = 1 << rest.len();
    let all = u64::MAX >> (64 - half);
    let (low, high) = (table & all, table >> half & all);
    let node = if low == high {
        split(circuit, made, rest, low)?
    } else if low == 0 && high == all {
        select
    } else if low == all && high == 0 {
        circuit.push(Op::NOT_A, select, select)?
    } else if rest.len() == 1 {
        // The four values of (rest, select), in the order of an operation's digits.
        let digits = [low & 1, high & 1, low >> 1, high >> 1];
        let number = digits.iter().fold(0, |number, digit| number << 1 | digit);
        let op = Op::new(number as u8).unwrap_or(Op::FALSE);
        circuit.push(op, rest[0], select)?
    } else {
        let (op, part) = match (low, high) {
            (0, _) => (Op::AND, high),
            (_, 0) => (Op::B_NOT_A, low),
            _ if low == all => (Op::A_NOT_B.complement(), high),
            _ if high == all => (Op::OR, low),
            _ if low == high ^ all => (Op::XOR, low),
            _ => {
                let high = split(circuit, made, rest, high)?;
                let low = split(circuit, made, rest, low)?;
                let high = circuit.push(Op::AND, select, high)?;
                let low = circuit.push(Op::B_NOT_A, select, low)?;
                let node = circuit.push(Op::OR, high, low)?;
                made.insert((inputs.len(), table), node);
                return Ok(node);
            }
        };
        let part = split(circuit, made, rest, part)?;
        circuit.push(op, select, part)?
    };
    made.insert((inputs.len(), table), node);
    Ok(node)
}
