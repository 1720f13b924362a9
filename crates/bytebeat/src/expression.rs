//! Expressions as trees, and their evaluation.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use logicnet::Source;

use crate::dialect::Dialect;

/// A parsed expression. The [crate documentation](crate) describes the language.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub(crate) source: String,
    pub(crate) dialect: Dialect,
    /// A tree for each channel, of which there are one or two.
    pub(crate) trees: Vec<Tree>,
    /// Numbers of the dialect's signals that the trees read, in order.
    pub(crate) reads: Vec<usize>,
}

/// The values of all signals at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment<'a> {
    /// The sample counter.
    pub t: u32,
    /// The values of `in` and `in2`, below two to the power of their bits.
    pub audio: [u32; 2],
    /// The values of the dialect's controls in their order, below two to the power of their
    /// bits. Missing ones are 0.
    pub controls: &'a [u32],
}

impl Moment<'_> {
    /// Returns the moment of time t at which all other signals are 0.
    pub fn at(t: u32) -> Moment<'static> {
        Moment {
            t,
            ..Moment::default()
        }
    }

    /// Returns the value of one of the dialect's signals.
    fn signal(&self, number: usize) -> u32 {
        let value = match number.checked_sub(self.audio.len()) {
            None => self.audio.get(number),
            Some(control) => self.controls.get(control),
        };
        value.copied().unwrap_or(0)
    }
}

/// The place of an operator or a number in the text, in characters from 1.
pub(crate) type Column = u16;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    T,
    /// A signal of the dialect, by its number.
    Signal(usize),
    Number(i32, Column),
    Unary(Unary, Column, Box<Tree>),
    Binary(Binary, Column, Box<(Tree, Tree)>),
    /// Condition, then, else.
    Choice(Box<(Tree, Tree, Tree)>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unary {
    Plus,
    Minus,
    Complement,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Binary {
    Multiply,
    Divide,
    Remainder,
    Add,
    Subtract,
    ShiftLeft,
    ShiftRight,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    Equal,
    NotEqual,
    BitAnd,
    BitXor,
    BitOr,
    And,
    Or,
}

impl Expression {
    /// The text that was parsed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Number of channels, 1 or 2.
    pub fn channels(&self) -> usize {
        self.trees.len()
    }

    /// Iterates over the signals that the expression reads in addition to t: sound, then
    /// controls.
    pub fn signals(&self) -> impl Iterator<Item = &Source> {
        let signals = self.dialect.signals();
        self.reads.iter().map(move |&number| &signals[number])
    }

    /// Returns the values of both channels, which are the same if there is one. Does not
    /// allocate or panic.
    pub fn values(&self, moment: &Moment) -> [i32; 2] {
        let left = self.trees[0].value(moment);
        let right = self.trees.get(1).map(|tree| tree.value(moment));
        [left, right.unwrap_or(left)]
    }

    /// Returns the samples of both channels: the low bits of the values, as many as a sample
    /// of the dialect has.
    pub fn samples(&self, moment: &Moment) -> [u16; 2] {
        let most = u16::MAX >> (16 - self.dialect.sample_bits());
        self.values(moment).map(|value| value as u16 & most)
    }

    /// Returns the value of the first channel at time t, with all other signals 0. Does not
    /// allocate or panic.
    pub fn value(&self, t: u32) -> i32 {
        self.trees[0].value(&Moment::at(t))
    }

    /// Returns the low eight bits of [`Expression::value`].
    pub fn sample(&self, t: u32) -> u8 {
        self.value(t) as u8
    }
}

impl Tree {
    /// Returns the value at a moment.
    fn value(&self, at: &Moment) -> i32 {
        match self {
            Tree::T => at.t as i32,
            Tree::Signal(number) => at.signal(*number) as i32,
            Tree::Number(n, _) => *n,
            Tree::Unary(op, _, x) => op.apply(x.value(at)),
            Tree::Binary(op, _, xy) => op.apply(xy.0.value(at), xy.1.value(at)),
            Tree::Choice(parts) => {
                let (condition, then, otherwise) = &**parts;
                if condition.value(at) != 0 {
                    then.value(at)
                } else {
                    otherwise.value(at)
                }
            }
        }
    }

    /// Returns the value if it does not depend on any signal.
    pub(crate) fn constant(&self) -> Option<i32> {
        match self {
            Tree::T | Tree::Signal(_) => None,
            Tree::Number(n, _) => Some(*n),
            Tree::Unary(op, _, x) => Some(op.apply(x.constant()?)),
            Tree::Binary(op, _, xy) => Some(op.apply(xy.0.constant()?, xy.1.constant()?)),
            Tree::Choice(parts) => match parts.0.constant()? {
                0 => parts.2.constant(),
                _ => parts.1.constant(),
            },
        }
    }
}

impl Unary {
    fn apply(self, x: i32) -> i32 {
        match self {
            Unary::Plus => x,
            Unary::Minus => x.wrapping_neg(),
            Unary::Complement => !x,
            Unary::Not => i32::from(x == 0),
        }
    }
}

impl Binary {
    fn apply(self, x: i32, y: i32) -> i32 {
        match self {
            Binary::Multiply => x.wrapping_mul(y),
            Binary::Divide | Binary::Remainder if y == 0 => 0,
            Binary::Divide => x.wrapping_div(y),
            Binary::Remainder => x.wrapping_rem(y),
            Binary::Add => x.wrapping_add(y),
            Binary::Subtract => x.wrapping_sub(y),
            Binary::ShiftLeft => x.wrapping_shl(y as u32),
            Binary::ShiftRight => x.wrapping_shr(y as u32),
            Binary::Less => i32::from(x < y),
            Binary::Greater => i32::from(x > y),
            Binary::LessOrEqual => i32::from(x <= y),
            Binary::GreaterOrEqual => i32::from(x >= y),
            Binary::Equal => i32::from(x == y),
            Binary::NotEqual => i32::from(x != y),
            Binary::BitAnd => x & y,
            Binary::BitXor => x ^ y,
            Binary::BitOr => x | y,
            Binary::And => i32::from(x != 0 && y != 0),
            Binary::Or => i32::from(x != 0 || y != 0),
        }
    }
}
