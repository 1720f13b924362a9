//! Expressions as trees, and their evaluation.

use alloc::boxed::Box;
use alloc::string::String;

/// A parsed expression of t. The [crate documentation](crate) describes the language.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub(crate) source: String,
    pub(crate) tree: Tree,
}

/// The place of an operator or a number in the text, in characters from 1.
pub(crate) type Column = u16;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    T,
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

    /// Returns the value at time t. Does not allocate or panic.
    pub fn value(&self, t: u32) -> i32 {
        self.tree.value(t as i32)
    }

    /// Returns the sample at time t: the value's low eight bits.
    pub fn sample(&self, t: u32) -> u8 {
        self.value(t) as u8
    }
}

impl Tree {
    /// Returns the value at time t.
    fn value(&self, t: i32) -> i32 {
        match self {
            Tree::T => t,
            Tree::Number(n, _) => *n,
            Tree::Unary(op, _, x) => op.apply(x.value(t)),
            Tree::Binary(op, _, xy) => op.apply(xy.0.value(t), xy.1.value(t)),
            Tree::Choice(parts) => {
                let (condition, then, otherwise) = &**parts;
                if condition.value(t) != 0 {
                    then.value(t)
                } else {
                    otherwise.value(t)
                }
            }
        }
    }

    /// Returns the value if it does not depend on t.
    pub(crate) fn constant(&self) -> Option<i32> {
        match self {
            Tree::T => None,
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
