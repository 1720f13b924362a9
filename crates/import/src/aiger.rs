//! AIGER, the and-inverter graphs of hardware verification, as text and binary (Biere 2007,
//! "The AIGER And-Inverter Graph (AIG) Format", version 20071012).

use std::collections::BTreeMap;

use logicnet::{MAX_GATES, MAX_GROUP_SUM_OUTPUTS, MAX_INPUTS, Network, Op, count, quote};

use crate::circuit::Circuit;
use crate::order::order;
use crate::{ImportError, Options};

/// Reads a file. Each AND becomes a gate; inverted outputs get one more.
pub(crate) fn read(bytes: &[u8], options: &Options) -> Result<Network, ImportError> {
    let mut lines = Lines {
        rest: bytes,
        line: 0,
    };
    let header = Header::read(&mut lines)?;
    let (ands, outputs) = if header.binary {
        let outputs = lines.literals(header.outputs)?;
        (binary(lines.rest, &header)?, outputs)
    } else {
        text(&mut lines, &header)?
    };
    build(&header, &ands, &outputs, options)
}

/// Numbers of the parts of a file.
struct Header {
    binary: bool,
    inputs: usize,
    outputs: usize,
    ands: usize,
}

/// The inputs of an AND, as literals.
struct And {
    left: u32,
    right: u32,
    /// The place in the file.
    place: String,
}

impl Header {
    fn read(lines: &mut Lines) -> Result<Header, ImportError> {
        let line = lines.next()?;
        let mut words = line.split(' ');
        let binary = match words.next() {
            Some("aig") => true,
            Some("aag") => false,
            _ => return Err(lines.error("an AIGER file begins with aag or aig")),
        };
        let numbers: Vec<usize> = words.map_while(|word| word.parse().ok()).collect();
        let &[maximum, inputs, latches, outputs, ands, ref properties @ ..] = &numbers[..] else {
            return Err(lines.error("the header has the numbers M I L O A after aag or aig"));
        };
        if latches > 0 {
            return Err(lines.error(format!(
                "it has latches ({latches}), but a network has no memory; give the combinational part"
            )));
        }
        if properties.iter().any(|&number| number > 0) {
            return Err(lines.error("properties (B, C, J and F) are not read"));
        }
        for (number, most, thing) in [
            (inputs, MAX_INPUTS as usize, "inputs"),
            (outputs, MAX_GROUP_SUM_OUTPUTS, "outputs"),
            (ands, MAX_GATES, "ANDs"),
        ] {
            if number > most {
                return Err(lines.error(format!(
                    "{number} {thing}, but a network has at most {most}"
                )));
            }
        }
        if binary && maximum != inputs + ands {
            return Err(lines.error("M is not I + L + A"));
        }
        Ok(Header {
            binary,
            inputs,
            outputs,
            ands,
        })
    }
}

/// Lines at the beginning of a file, which may go on in binary.
struct Lines<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Lines<'a> {
    /// Returns the next line.
    fn next(&mut self) -> Result<&'a str, ImportError> {
        self.line += 1;
        if self.rest.is_empty() {
            return Err(self.error("the file ends here"));
        }
        let end = self.rest.iter().position(|&byte| byte == b'\n');
        let line = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = &self.rest[end.map_or(self.rest.len(), |end| end + 1)..];
        let line = std::str::from_utf8(line).map_err(|_| self.error("not text"))?;
        Ok(line.trim_end())
    }

    /// Returns the numbers of the next line.
    fn numbers<const N: usize>(&mut self) -> Result<[u32; N], ImportError> {
        let line = self.next()?;
        let numbers = line.split_whitespace().map(str::parse);
        let numbers: Result<Vec<u32>, _> = numbers.collect();
        let numbers = numbers.ok().and_then(|numbers| numbers.try_into().ok());
        numbers.ok_or_else(|| self.error(format!("{} is not {}", quote(line), count(N, "number"))))
    }

    /// Reads lines of one literal each.
    fn literals(&mut self, lines: usize) -> Result<Vec<u32>, ImportError> {
        (0..lines).map(|_| Ok(self.numbers::<1>()?[0])).collect()
    }

    fn error(&self, problem: impl std::fmt::Display) -> ImportError {
        ImportError::at(format_args!("line {}", self.line), problem)
    }
}

/// Reads the rest of a text: inputs, outputs and ANDs, by their variables.
fn text(lines: &mut Lines, header: &Header) -> Result<(BTreeMap<u32, And>, Vec<u32>), ImportError> {
    // The variables of a text may have gaps, so they are numbered as in binary.
    let mut variables = BTreeMap::from([(0, 0)]);
    let mut define = |lines: &Lines, literal: u32| {
        let number = variables.len() as u32;
        if literal < 2 || literal % 2 == 1 || variables.insert(literal / 2, number).is_some() {
            let problem = format!("{literal} is no literal of a new variable");
            return Err(lines.error(problem));
        }
        Ok(number)
    };
    for _ in 0..header.inputs {
        let [literal] = lines.numbers()?;
        define(lines, literal)?;
    }
    let outputs = lines.literals(header.outputs)?;
    let mut ands = BTreeMap::new();
    for _ in 0..header.ands {
        let [literal, left, right] = lines.numbers()?;
        let place = format!("line {}", lines.line);
        ands.insert(define(lines, literal)?, And { left, right, place });
    }
    let renumber = |literal: u32, place: &str| match variables.get(&(literal / 2)) {
        Some(number) => Ok(2 * number + literal % 2),
        None => Err(ImportError::at(
            place,
            format!("the variable of literal {literal} is not defined"),
        )),
    };
    for and in ands.values_mut() {
        and.left = renumber(and.left, &and.place)?;
        and.right = renumber(and.right, &and.place)?;
    }
    let outputs = outputs.iter().enumerate();
    let outputs = outputs.map(|(i, &output)| renumber(output, &format!("output {i}")));
    Ok((ands, outputs.collect::<Result<_, _>>()?))
}

/// Reads the ANDs of a binary file, by their variables.
fn binary(bytes: &[u8], header: &Header) -> Result<BTreeMap<u32, And>, ImportError> {
    let mut bytes = bytes.iter();
    let mut delta = |place: &str, from: u32| {
        let mut number = 0u64;
        for shift in (0..35).step_by(7) {
            let Some(&byte) = bytes.next() else { break };
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let literal = u64::from(from).checked_sub(number);
                let problem = "reads a later variable";
                return literal.ok_or_else(|| ImportError::at(place, problem));
            }
        }
        Err(ImportError::at(
            place,
            "the file ends, or a number does not",
        ))
    };
    (0..header.ands)
        .map(|i| {
            let variable = (1 + header.inputs + i) as u32;
            let place = format!("AND {i}");
            let left = delta(&place, 2 * variable)? as u32;
            if left == 2 * variable {
                return Err(ImportError::at(place, "reads itself"));
            }
            let right = delta(&place, left)? as u32;
            Ok((variable, And { left, right, place }))
        })
        .collect()
}

fn build(
    header: &Header,
    ands: &BTreeMap<u32, And>,
    outputs: &[u32],
    options: &Options,
) -> Result<Network, ImportError> {
    let mut circuit = Circuit::new(header.inputs)?;
    let first = 1 + header.inputs as u32;
    let ands: Vec<&And> = ands.values().collect();
    let sorted = order(ands.len(), |i, reads| {
        let literals = [ands[i].left, ands[i].right];
        let variables = literals.iter().map(|literal| literal / 2);
        reads.extend(variables.filter_map(|variable| Some(variable.checked_sub(first)? as usize)));
    });
    let sorted = sorted.map_err(|i| ImportError::at(&ands[i].place, "depends on itself"))?;
    // The node of each variable.
    let mut nodes = vec![0; 1 + header.inputs + ands.len()];
    for input in 0..header.inputs {
        nodes[1 + input] = input as u32;
    }
    for i in sorted {
        let mut op = Op::AND;
        let mut read = |literal: u32| match literal {
            0 | 1 => circuit.constant(false),
            _ => Ok(nodes[literal as usize / 2]),
        };
        let (left, right) = (read(ands[i].left)?, read(ands[i].right)?);
        if ands[i].left % 2 == 1 {
            op = op.complement_a();
        }
        if ands[i].right % 2 == 1 {
            op = op.complement_b();
        }
        nodes[first as usize + i] = circuit.push(op, left, right)?;
    }
    let mut inverses = BTreeMap::new();
    let mut output_nodes = Vec::with_capacity(outputs.len());
    for (i, &literal) in outputs.iter().enumerate() {
        let Some(&node) = nodes.get(literal as usize / 2) else {
            let problem = format!("literal {literal} does not exist");
            return Err(ImportError::at(format_args!("output {i}"), problem));
        };
        output_nodes.push(match literal {
            0 | 1 => circuit.constant(literal == 1)?,
            _ if literal % 2 == 0 => node,
            _ => {
                if let Some(&inverse) = inverses.get(&node) {
                    inverse
                } else {
                    let inverse = circuit.push(Op::NOT_A, node, node)?;
                    inverses.insert(node, inverse);
                    inverse
                }
            }
        });
    }
    circuit.network(output_nodes, None, options)
}
