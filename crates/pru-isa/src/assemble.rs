//! The assembler.
//!
//! A line is `label: mnemonic operands // comment`, where each part is optional; `;` also
//! starts a comment. Mnemonics and registers are case-insensitive. Numbers are decimal,
//! `0x` or `0b`; `.` is the address of the instruction itself; `+` and `-` combine
//! numbers, constants and labels. Addresses count instructions.
//!
//! `.equ NAME, value` names a number or a register field for the lines that follow.
//! `.word value` inserts a word. The manual's pseudo-instructions are supported:
//! `mov nop ret call wbs wbc zero fill ldi32`. Macros are not.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::instruction::{Instruction, Length, MAX_LENGTH, Op, Operand};
use crate::table::{ROWS, Slot};
use crate::{Field, ONES, ZEROS};

/// Greatest number of words in a program: those that jumps can reach.
const MAX_WORDS: usize = 1 << 16;

/// An assembled program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assembly {
    /// The words, from address 0.
    pub words: Vec<u32>,
    /// The addresses of the labels, counted in instructions.
    pub labels: BTreeMap<String, u16>,
}

/// A syntax error and its location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// A description of the error.
    pub problem: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.problem
        )
    }
}

impl core::error::Error for Error {}

/// Assembles a program.
///
/// # Errors
/// Returns the first error in the order of the lines. Undefined labels are reported only
/// if there is no other error.
pub fn assemble(text: &str) -> Result<Assembly, Error> {
    let mut assembler = Assembler::default();
    for (line, text) in (1..).zip(text.lines()) {
        assembler.line(line, text)?;
    }
    assembler.finish()
}

type Result<T, E = Error> = core::result::Result<T, E>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'t> {
    Name(&'t str),
    Number(i64),
    Sign(char),
}

/// The tokens of a line.
struct Cursor<'t> {
    line: usize,
    tokens: Vec<(usize, Token<'t>)>,
    next: usize,
    end: usize,
}

impl<'t> Cursor<'t> {
    fn new(line: usize, text: &'t str) -> Result<Cursor<'t>> {
        let code = &text[..text.find(';').unwrap_or(text.len())];
        let code = &code[..code.find("//").unwrap_or(code.len())];
        let column = |at: usize| text[..at].chars().count() + 1;
        let error = |at: usize, problem: String| Error {
            line,
            column: column(at),
            problem,
        };
        let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(c) = code[at..].chars().next() {
            let rest = &code[at..];
            let end = match c {
                _ if c.is_whitespace() => {
                    at += c.len_utf8();
                    continue;
                }
                '0'..='9' => rest.find(|c: char| !part_of_name(c)),
                _ if part_of_name(c) => rest.find(|c: char| !part_of_name(c)),
                _ => Some(c.len_utf8()),
            };
            let word = &rest[..end.unwrap_or(rest.len())];
            let token = match c {
                '0'..='9' => Token::Number(number(word).ok_or_else(|| {
                    error(at, format!("`{word}` is not a number of up to 32 bits"))
                })?),
                ',' | ':' | '&' | '+' | '-' => Token::Sign(c),
                _ if part_of_name(c) => Token::Name(word),
                _ => {
                    let problem = format!("`{}` has no meaning here", c.escape_debug());
                    return Err(error(at, problem));
                }
            };
            tokens.push((column(at), token));
            at += word.len();
        }
        Ok(Cursor {
            line,
            tokens,
            next: 0,
            end: column(code.trim_end().len()),
        })
    }

    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.next).map(|&(_, token)| token)
    }

    fn take(&mut self) -> Option<Token<'t>> {
        let token = self.peek();
        self.next += usize::from(token.is_some());
        token
    }

    fn skip(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(Token::Sign(sign));
        self.next += usize::from(found);
        found
    }

    fn column(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |&(at, _)| at)
    }

    fn fail<T>(&self, column: usize, problem: impl Into<String>) -> Result<T> {
        Err(Error {
            line: self.line,
            column,
            problem: problem.into(),
        })
    }
}

fn number(word: &str) -> Option<i64> {
    let digits = word.replace('_', "");
    let parsed = match digits.get(..2) {
        Some("0x" | "0X") => u32::from_str_radix(&digits[2..], 16),
        Some("0b" | "0B") => u32::from_str_radix(&digits[2..], 2),
        _ => digits.parse(),
    };
    parsed.ok().map(i64::from)
}

/// The value of a name or an expression.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Field(Field),
    Number(i64),
    /// The address of a label, which may still be undefined, plus a number.
    Label(String, i64),
}

/// A number that depends on a label and is filled in at the end.
struct Fixup {
    at: usize,
    slot: Option<Slot>,
    label: String,
    plus: i64,
    line: usize,
    column: usize,
}

#[derive(Default)]
struct Assembler {
    instructions: Vec<Code>,
    constants: BTreeMap<String, Value>,
    labels: BTreeMap<String, u16>,
    fixups: Vec<Fixup>,
}

enum Code {
    Instruction(Instruction),
    Word(u32),
}

impl Assembler {
    fn line(&mut self, line: usize, text: &str) -> Result<()> {
        let mut cursor = Cursor::new(line, text)?;
        while let [(column, Token::Name(name)), (_, Token::Sign(':')), ..] =
            cursor.tokens[cursor.next..]
        {
            self.check_new(&cursor, column, name)?;
            self.labels
                .insert(name.to_owned(), self.instructions.len() as u16);
            cursor.next += 2;
        }
        let column = cursor.column();
        let name = match cursor.take() {
            None => return Ok(()),
            Some(Token::Name(name)) => name.to_ascii_lowercase(),
            Some(_) => return cursor.fail(column, "an instruction is expected"),
        };
        match name.as_str() {
            ".equ" => self.equ(&mut cursor)?,
            ".word" => self.word(&mut cursor)?,
            _ => self.instruction(&mut cursor, column, &name)?,
        }
        if cursor.peek().is_some() {
            return cursor.fail(cursor.column(), "the line should end here");
        }
        if self.instructions.len() > MAX_WORDS {
            return cursor.fail(column, format!("more than {MAX_WORDS} instructions"));
        }
        Ok(())
    }

    fn check_new(&self, cursor: &Cursor, column: usize, name: &str) -> Result<()> {
        if name.contains('.') || Field::parse(name).is_some() || constant(name).is_some() {
            return cursor.fail(column, format!("`{name}` cannot be used as a name"));
        }
        if self.labels.contains_key(name) || self.constants.contains_key(name) {
            return cursor.fail(column, format!("`{name}` is already defined"));
        }
        Ok(())
    }

    fn equ(&mut self, cursor: &mut Cursor) -> Result<()> {
        let column = cursor.column();
        let Some(Token::Name(name)) = cursor.take() else {
            return cursor.fail(column, "a name is expected");
        };
        self.check_new(cursor, column, name)?;
        Assembler::comma(cursor)?;
        let column = cursor.column();
        let value = self.value(cursor)?;
        if let Value::Label(label, _) = value {
            let problem = format!("`{label}` is not a constant: .equ cannot name an address");
            return cursor.fail(column, problem);
        }
        if let Value::Number(number) = value {
            word(number).or_else(|p| cursor.fail(column, p))?;
        }
        self.constants.insert(name.to_owned(), value);
        Ok(())
    }

    fn word(&mut self, cursor: &mut Cursor) -> Result<()> {
        let column = cursor.column();
        let word = match self.value(cursor)? {
            Value::Number(number) => word(number).or_else(|p| cursor.fail(column, p))?,
            Value::Field(_) => return cursor.fail(column, "a number is expected"),
            Value::Label(label, plus) => {
                self.fix(None, label, plus, cursor.line, column);
                0
            }
        };
        self.instructions.push(Code::Word(word));
        Ok(())
    }

    fn instruction(&mut self, cursor: &mut Cursor, column: usize, name: &str) -> Result<()> {
        let row = ROWS.iter().find(|row| row.mnemonic == name);
        let bare = Instruction::bare;
        let (mut instruction, slots): (Instruction, &[Slot]) = match (row, name) {
            (Some(row), _) => (bare(row.op), row.slots),
            (None, "mov") => (bare(Op::Or), &[Slot::Rd, Slot::Rs1]),
            (None, "nop") => (Instruction::or(Field::R0, Field::R0, Field::R0), &[]),
            (None, "ret") => {
                let op2 = RETURN.into();
                let back = bare(Op::Jmp);
                (Instruction { op2, ..back }, &[])
            }
            (None, "call") => {
                let (rd, call) = (RETURN, bare(Op::Jal));
                (Instruction { rd, ..call }, &[Slot::Target])
            }
            (None, "wbs") => (bare(Op::Qbbc), &[Slot::Rs1, Slot::Op2]),
            (None, "wbc") => (bare(Op::Qbbs), &[Slot::Rs1, Slot::Op2]),
            (None, "zero" | "fill") => {
                let number = if name == "zero" { ZEROS } else { ONES };
                let xin = bare(Op::Xin);
                let slots = &[Slot::RdBytes, Slot::TransferLength];
                (Instruction { number, ..xin }, slots)
            }
            (None, "ldi32") => (self.ldi32(cursor)?, &[]),
            (None, _) => {
                return cursor.fail(column, format!("there is no instruction `{name}`"));
            }
        };
        self.operands(cursor, slots, &mut instruction)?;
        self.instructions.push(Code::Instruction(instruction));
        Ok(())
    }

    /// Expands to two instructions, upper half first. Pushes the first and returns the
    /// second.
    fn ldi32(&mut self, cursor: &mut Cursor) -> Result<Instruction> {
        let column = cursor.column();
        let register = match self.value(cursor)? {
            Value::Field(field) if field.bits() == 32 => field.register(),
            _ => return cursor.fail(column, "a whole register is expected"),
        };
        Assembler::comma(cursor)?;
        let column = cursor.column();
        let number = match self.value(cursor)? {
            Value::Number(number) => word(number).or_else(|p| cursor.fail(column, p))?,
            _ => return cursor.fail(column, "a number is expected"),
        };
        let upper = Instruction::ldi(Field::word(register, 2), (number >> 16) as u16);
        self.instructions.push(Code::Instruction(upper));
        Ok(Instruction::ldi(Field::word(register, 0), number as u16))
    }

    fn operands(
        &mut self,
        cursor: &mut Cursor,
        slots: &[Slot],
        instruction: &mut Instruction,
    ) -> Result<()> {
        for (i, &slot) in slots.iter().enumerate() {
            if i > 0 {
                Assembler::comma(cursor)?;
            }
            if slot == Slot::RdBytes {
                cursor.skip('&');
            }
            let column = cursor.column();
            let at = self.instructions.len() as i64;
            let value = if slot == Slot::Constant {
                let entry = match cursor.peek() {
                    Some(Token::Name(name)) => constant(name),
                    _ => None,
                };
                match entry {
                    Some(entry) => {
                        cursor.take();
                        Value::Number(entry.into())
                    }
                    None => self.value(cursor)?,
                }
            } else {
                self.value(cursor)?
            };
            let set = match value {
                Value::Label(label, plus) => {
                    if !slot.takes_numbers() {
                        return cursor.fail(column, format!("`{label}` is not a register"));
                    }
                    self.fix(Some(slot), label, plus, cursor.line, column);
                    continue;
                }
                Value::Field(field) => slot.set_field(field, instruction),
                Value::Number(number) => slot.set_number(number, at, instruction),
            };
            set.or_else(|problem| cursor.fail(column, problem))?;
        }
        Ok(())
    }

    fn comma(cursor: &mut Cursor) -> Result<()> {
        if cursor.skip(',') {
            return Ok(());
        }
        cursor.fail(cursor.column(), "a comma and another operand are expected")
    }

    fn value(&self, cursor: &mut Cursor) -> Result<Value> {
        let mut value: Option<Value> = None;
        loop {
            let negative = cursor.skip('-');
            let column = cursor.column();
            let term = match cursor.take() {
                Some(Token::Number(number)) => Value::Number(number),
                Some(Token::Name(".")) => Value::Number(self.instructions.len() as i64),
                Some(Token::Name(name)) => match (Field::parse(name), self.constants.get(name)) {
                    (Some(field), _) => Value::Field(field),
                    (None, Some(value)) => value.clone(),
                    (None, None) => Value::Label(name.to_owned(), 0),
                },
                Some(Token::Sign(_)) => return cursor.fail(column, "an operand is expected"),
                None => return cursor.fail(column, "an operand is missing"),
            };
            let sum = match (value, term, negative) {
                (None, term, false) => Some(term),
                (None, Value::Number(b), true) => Some(Value::Number(-b)),
                (Some(Value::Number(a)), Value::Number(b), _) => {
                    Some(Value::Number(if negative { a - b } else { a + b }))
                }
                (Some(Value::Number(a)), Value::Label(label, b), false) => {
                    Some(Value::Label(label, a + b))
                }
                (Some(Value::Label(label, a)), Value::Number(b), _) => {
                    Some(Value::Label(label, if negative { a - b } else { a + b }))
                }
                _ => None,
            };
            // A line has too few tokens for sums of 32-bit numbers to overflow 64 bits.
            let Some(sum) = sum else {
                return cursor.fail(column, "only numbers and one label can be added");
            };
            match cursor.peek() {
                Some(Token::Sign('+')) => cursor.next += 1,
                Some(Token::Sign('-')) => {} // the next iteration takes it as a sign
                _ => return Ok(sum),
            }
            value = Some(sum);
        }
    }

    fn fix(&mut self, slot: Option<Slot>, label: String, plus: i64, line: usize, column: usize) {
        self.fixups.push(Fixup {
            at: self.instructions.len(),
            slot,
            label,
            plus,
            line,
            column,
        });
    }

    fn finish(mut self) -> Result<Assembly> {
        for fixup in &self.fixups {
            let fail = |problem| Error {
                line: fixup.line,
                column: fixup.column,
                problem,
            };
            let Some(&address) = self.labels.get(&fixup.label) else {
                return Err(fail(format!(
                    "`{}` is not a register, constant or label",
                    fixup.label
                )));
            };
            let number = i64::from(address) + fixup.plus;
            let set = match (&mut self.instructions[fixup.at], fixup.slot) {
                (Code::Instruction(instruction), Some(slot)) => {
                    slot.set_number(number, fixup.at as i64, instruction)
                }
                (code, _) => word(number).map(|word| *code = Code::Word(word)),
            };
            set.map_err(fail)?;
        }
        let encode = |code: &Code| match code {
            Code::Instruction(instruction) => instruction.encode(),
            Code::Word(word) => *word,
        };
        Ok(Assembly {
            words: self.instructions.iter().map(encode).collect(),
            labels: self.labels,
        })
    }
}

/// Smallest distance to the end of a loop: an empty loop would not end correctly.
pub(crate) const MIN_LOOP_DISTANCE: i16 = 2;

/// The half register that `call` and `ret` use.
const RETURN: Field = Field::word(3, 2);

/// Parses the name of an entry of the constant table, such as `c24`.
fn constant(name: &str) -> Option<u8> {
    let number = name.strip_prefix(['c', 'C'])?;
    let digits = (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let number: u8 = digits.then(|| number.parse().ok())??;
    (number < 32).then_some(number)
}

fn word(number: i64) -> Result<u32, String> {
    u32::try_from(number)
        .or_else(|_| i32::try_from(number).map(|number| number as u32))
        .map_err(|_| format!("{number} does not fit into 32 bits"))
}

impl Slot {
    fn takes_numbers(self) -> bool {
        !matches!(self, Slot::Rd | Slot::RdBytes | Slot::Rs1 | Slot::Base)
    }

    fn set_field(self, field: Field, to: &mut Instruction) -> Result<(), String> {
        let whole = field.bits() == 32;
        match self {
            Slot::Rd => to.rd = field,
            Slot::Rs1 => to.rs1 = field,
            Slot::RdBytes if whole => to.rd = Field::byte(field.register(), 0),
            Slot::RdBytes if field.bits() == 8 => to.rd = field,
            Slot::RdBytes => return Err(format!("`{field}` is neither a register nor a byte")),
            Slot::Base if whole => to.rs1 = field,
            Slot::Base => return Err(format!("`{field}` is not a whole register")),
            Slot::Op2 | Slot::Target | Slot::LoopCount => to.op2 = Operand::Field(field),
            Slot::MemoryLength | Slot::TransferLength
                if field.register() == 0 && field.bits() == 8 =>
            {
                to.length = Length::InR0((field.shift() / 8) as u8);
            }
            Slot::MemoryLength | Slot::TransferLength => {
                return Err(format!("only bytes of r0 can be a length, not `{field}`"));
            }
            Slot::Constant => {
                return Err(format!("`{field}` is not an entry of the constant table"));
            }
            _ => return Err(format!("a number is expected, not `{field}`")),
        }
        Ok(())
    }

    fn set_number(self, number: i64, at: i64, to: &mut Instruction) -> Result<(), String> {
        let within = |least: i64, most: i64| {
            if (least..=most).contains(&number) {
                Ok(number as u16)
            } else {
                Err(format!("{number} is not within {least} to {most}"))
            }
        };
        match self {
            Slot::Rd | Slot::RdBytes | Slot::Rs1 | Slot::Base => {
                return Err(format!("a register is expected, not {number}"));
            }
            Slot::Op2 => to.op2 = Operand::Immediate(within(0, 255)?),
            Slot::Wide | Slot::Target => to.op2 = Operand::Immediate(within(0, 0xffff)?),
            Slot::LoopCount => to.op2 = Operand::Immediate(within(1, 256)?),
            Slot::Distance | Slot::LoopEnd => {
                let distance = number - at;
                let (least, most) = match self {
                    Slot::Distance => (-512, 511),
                    _ => (MIN_LOOP_DISTANCE.into(), 255),
                };
                if !(least..=most).contains(&distance) {
                    return Err(format!(
                        "{distance:+} instructions are too far: {least:+} to {most:+} are in reach"
                    ));
                }
                to.offset = distance as i16;
            }
            Slot::MemoryLength | Slot::TransferLength => {
                to.length = Length::Bytes(within(1, MAX_LENGTH.into())? as u8);
            }
            Slot::Constant => to.number = within(0, 31)? as u8,
            Slot::Device => to.number = within(0, 255)? as u8,
            Slot::Wake => to.number = within(0, 1)? as u8,
        }
        Ok(())
    }
}
