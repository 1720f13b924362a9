//! The C that difflogic generates (`CompiledLogicNet.get_c_code`), before it compiles it.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::CharIndices;

use logicnet::{MAX_GROUP_SUM_OUTPUTS, Network, Op, quote};

use crate::circuit::Circuit;
use crate::{ImportError, Options};

/// The function that evaluates the gates, which every such file has.
pub(crate) const FUNCTION: &str = "logic_gate_net";

/// Deepest nesting of parentheses and inversions.
const MAX_DEPTH: usize = 64;

/// Reads a file. Each statement becomes a gate.
pub(crate) fn read(text: &str, options: &Options) -> Result<Network, ImportError> {
    let start = text.find(FUNCTION).ok_or_else(|| {
        ImportError::whole(format!("no function {FUNCTION}, which difflogic's C has"))
    })?;
    let (body, rest) = body(&text[start..])?;
    let first_line = 1 + text[..text.len() - rest.len() - body.len()]
        .matches('\n')
        .count();
    let inputs = inputs(body).max(bound(rest, "d < ").unwrap_or(0));
    let mut reader = Reader {
        circuit: Circuit::new(inputs)?,
        values: BTreeMap::new(),
        outputs: BTreeMap::new(),
    };
    // Lines begin with the statement, so that an error has the right one.
    let mut line = first_line;
    for statement in body.split(';') {
        let blank = statement.len() - statement.trim_start().len();
        let at = line + statement[..blank].matches('\n').count();
        line += statement.matches('\n').count();
        if !statement.trim().is_empty() {
            reader
                .read(statement)
                .map_err(|problem| problem.at(at, statement))?;
        }
    }
    let outputs = reader.outputs.len();
    let missing = (0..)
        .zip(reader.outputs.keys())
        .find(|(i, output)| i != *output);
    if let Some((i, _)) = missing {
        return Err(ImportError::whole(format!("out[{i}] is not assigned")));
    }
    let groups = bound(rest, "c < ").filter(|groups| outputs % groups.max(&1) == 0);
    let nodes = reader.outputs.into_values().collect();
    reader.circuit.network(nodes, groups, options)
}

/// Returns the body of the function at the start of a text, and what follows it.
fn body(text: &str) -> Result<(&str, &str), ImportError> {
    let open = text.find('{');
    let body = open.map(|open| &text[open + 1..]);
    let parts = body.and_then(|body| Some((body, body.find('}')?)));
    let (body, close) =
        parts.ok_or_else(|| ImportError::whole(format!("the function {FUNCTION} does not end")))?;
    Ok((&body[..close], &body[close..]))
}

/// Returns the number of inputs that the statements read.
fn inputs(body: &str) -> usize {
    let parts = body.split("inp[").skip(1);
    let numbers = parts.filter_map(|part| part.split(']').next()?.trim().parse().ok());
    let most: usize = numbers.max().unwrap_or(0);
    most.saturating_add(1)
}

/// Returns the number that follows a text.
fn bound(text: &str, before: &str) -> Option<usize> {
    let rest = &text[text.find(before)? + before.len()..];
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    rest[..end].parse().ok()
}

/// The reason that a statement is not read.
enum Problem {
    /// It is not one that difflogic writes.
    Statement(&'static str),
    /// There are too many gates.
    Limit(ImportError),
}

impl Problem {
    fn at(self, line: usize, statement: &str) -> ImportError {
        match self {
            Problem::Statement(problem) => ImportError::at(
                format_args!("line {line}"),
                format_args!("{problem}, in {}", quote(statement.trim())),
            ),
            Problem::Limit(error) => error,
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Problem {
        Problem::Limit(error)
    }
}

/// A function of at most two nodes, which is not yet a gate.
#[derive(Clone, Copy)]
struct Function {
    op: Op,
    a: u32,
    b: u32,
}

impl Function {
    fn wire(node: u32) -> Function {
        let (a, b) = (node, node);
        Function { op: Op::A, a, b }
    }

    /// The nodes that it reads.
    fn reads(self) -> impl Iterator<Item = u32> {
        let [a, b] = [self.op.reads_a(), self.op.reads_b()];
        let a = a.then_some(self.a);
        a.into_iter().chain(b.then_some(self.b))
    }

    /// Returns its value where one node, or else the others, have these values.
    fn at(self, node: u32, value: bool, other: bool) -> bool {
        let of = |own| if own == node { value } else { other };
        self.op.apply(of(self.a), of(self.b))
    }
}

struct Reader {
    circuit: Circuit,
    /// Nodes of the variables v0, v1, ... by their numbers.
    values: BTreeMap<usize, u32>,
    outputs: BTreeMap<usize, u32>,
}

impl Reader {
    /// Reads `const TYPE vN = expression` or `out[N] = expression`.
    fn read(&mut self, statement: &str) -> Result<(), Problem> {
        let (left, right) = statement
            .split_once('=')
            .ok_or(Problem::Statement("not an assignment"))?;
        let left = left.split_whitespace().next_back().unwrap_or_default();
        let mut tokens = Tokens(right.char_indices().peekable(), right);
        let function = self.binary(&mut tokens, 0, 0)?;
        if tokens.peek().is_some() {
            return Err(Problem::Statement("not an expression of &, |, ^ and ~"));
        }
        let node = self.circuit.push(function.op, function.a, function.b)?;
        let output = left
            .strip_prefix("out[")
            .and_then(|left| left.strip_suffix(']'));
        let (number, nodes) = match output {
            Some(number) => (number, &mut self.outputs),
            None => (left.strip_prefix('v').unwrap_or_default(), &mut self.values),
        };
        let number: usize = number
            .parse()
            .map_err(|_| Problem::Statement("assigns something else than v0, v1, ... and out"))?;
        if output.is_some() && number >= MAX_GROUP_SUM_OUTPUTS {
            return Err(Problem::Statement("there are at most 4,096 outputs"));
        }
        if nodes.insert(number, node).is_some() {
            return Err(Problem::Statement("assigned twice"));
        }
        Ok(())
    }

    /// Reads operands between operators of one level: |, then ^, then &.
    fn binary(
        &mut self,
        tokens: &mut Tokens,
        level: usize,
        depth: usize,
    ) -> Result<Function, Problem> {
        const OPERATORS: [(char, Op); 3] = [('|', Op::OR), ('^', Op::XOR), ('&', Op::AND)];
        let Some(&(sign, op)) = OPERATORS.get(level) else {
            return self.unary(tokens, depth);
        };
        let mut left = self.binary(tokens, level + 1, depth)?;
        while tokens.peek() == Some(sign) {
            tokens.next();
            let right = self.binary(tokens, level + 1, depth)?;
            left = self.combine(op, left, right)?;
        }
        Ok(left)
    }

    /// Reads an inversion, a cast, an expression in parentheses, a variable or 0.
    fn unary(&mut self, tokens: &mut Tokens, depth: usize) -> Result<Function, Problem> {
        if depth > MAX_DEPTH {
            return Err(Problem::Statement("nested too deeply"));
        }
        match tokens.peek() {
            Some('~') => {
                tokens.next();
                let function = self.unary(tokens, depth + 1)?;
                Ok(Function {
                    op: function.op.complement(),
                    ..function
                })
            }
            Some('(') => {
                tokens.next();
                if tokens.skip_type() {
                    tokens.expect(')')?;
                    return self.unary(tokens, depth + 1);
                }
                let function = self.binary(tokens, 0, depth + 1)?;
                tokens.expect(')')?;
                Ok(function)
            }
            _ => self.variable(tokens),
        }
    }

    fn variable(&mut self, tokens: &mut Tokens) -> Result<Function, Problem> {
        let word = tokens.word();
        if let Some(number) = word.strip_prefix('v') {
            let node = number.parse().ok();
            let node = node.and_then(|number: usize| self.values.get(&number));
            let node = node.ok_or(Problem::Statement("reads a variable that does not exist"))?;
            return Ok(Function::wire(*node));
        }
        match word.trim_end_matches('L') {
            "inp" => {
                tokens.expect('[')?;
                let number: Option<u32> = tokens.word().parse().ok();
                tokens.expect(']')?;
                let number = number.filter(|&number| number < self.circuit.inputs());
                let number = number.ok_or(Problem::Statement("not the number of an input"))?;
                Ok(Function::wire(number))
            }
            "0" => {
                let (a, b) = (0, 0);
                Ok(Function {
                    op: Op::FALSE,
                    a,
                    b,
                })
            }
            _ => Err(Problem::Statement("expected a variable, inp[...] or 0")),
        }
    }

    /// Combines two functions to one; makes gates of them if they read more than two nodes.
    fn combine(&mut self, op: Op, mut f: Function, mut g: Function) -> Result<Function, Problem> {
        let nodes = |f: Function, g: Function| {
            let mut nodes = Vec::new();
            for node in f.reads().chain(g.reads()) {
                if !nodes.contains(&node) {
                    nodes.push(node);
                }
            }
            nodes
        };
        let mut read = nodes(f, g);
        if read.len() > 2 {
            f = Function::wire(self.circuit.push(f.op, f.a, f.b)?);
            g = Function::wire(self.circuit.push(g.op, g.a, g.b)?);
            read = nodes(f, g);
        }
        let a = read.first().copied().unwrap_or(0);
        let b = read.get(1).copied().unwrap_or(a);
        let bits = [(false, false), (false, true), (true, false), (true, true)];
        let number = bits.iter().fold(0, |number, &(x, y)| {
            number << 1 | u8::from(op.apply(f.at(a, x, y), g.at(a, x, y)))
        });
        let op = Op::new(number).unwrap_or(Op::FALSE);
        Ok(Function { op, a, b })
    }
}

/// The characters of an expression.
struct Tokens<'a>(Peekable<CharIndices<'a>>, &'a str);

impl<'a> Tokens<'a> {
    /// Returns the next character after white space.
    fn peek(&mut self) -> Option<char> {
        while self.0.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        self.0.peek().map(|&(_, c)| c)
    }

    fn next(&mut self) {
        self.0.next();
    }

    fn expect(&mut self, wanted: char) -> Result<(), Problem> {
        if self.peek() == Some(wanted) {
            self.next();
            Ok(())
        } else {
            Err(Problem::Statement("not an expression of &, |, ^ and ~"))
        }
    }

    /// Reads letters and digits.
    fn word(&mut self) -> &'a str {
        self.peek();
        let position = |tokens: &mut Self| tokens.0.peek().map_or(tokens.1.len(), |&(i, _)| i);
        let start = position(self);
        while self.0.next_if(|(_, c)| c.is_ascii_alphanumeric()).is_some() {}
        let end = position(self);
        &self.1[start..end]
    }

    /// Reads the words of a type, if one follows.
    fn skip_type(&mut self) -> bool {
        let mut is_type = false;
        loop {
            let before = self.0.clone();
            if !matches!(
                self.word(),
                "char" | "short" | "int" | "long" | "unsigned" | "bool"
            ) {
                self.0 = before;
                return is_type;
            }
            is_type = true;
        }
    }
}
