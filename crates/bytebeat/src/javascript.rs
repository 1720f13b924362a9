//! Places where an expression's value is another one in JavaScript.
//!
//! JavaScript computes with 64-bit floating-point numbers, and makes 32-bit integers of
//! them for `& | ^ ~ << >>` and for the sample. Each part of an expression is a [`Facts`]:
//! bounds on its number in JavaScript, of which the 32-bit integer is the value here, as long
//! as no difference is found. Bounds are never too narrow, so no difference is missed; a
//! difference that is found may not occur at any t.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{borrow::ToOwned, format};

use crate::dialect::Dialect;
use crate::expression::{Binary, Column, Expression, Tree, Unary};

/// Largest whole number up to which all are exact in JavaScript.
const MAX_WHOLE: i128 = 1 << 53;
const MIN: i128 = i32::MIN as i128;
const MAX: i128 = i32::MAX as i128;

/// A place where JavaScript may compute another value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The place of the operator or number, in characters from 1.
    pub column: usize,
    /// The reason.
    pub reason: Reason,
}

/// The reason for another value in JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A division drops its fraction, which matters later.
    Fraction,
    /// A division by 0 gives 0, and not infinity or NaN.
    Zero,
    /// A value wraps to 32 bits, which matters later.
    Wrap,
    /// A value has more than 53 bits, to which JavaScript rounds it.
    Rounding,
    /// `&&` and `||` give 0 or 1, and not one of their operands.
    Operand,
}

impl Difference {
    /// Describes the difference, beginning with the symbol at its place.
    pub fn describe(&self, source: &str) -> String {
        let symbol: String = symbol(source, self.column);
        let text = match self.reason {
            Reason::Fraction => "drops the fraction, as in C; JavaScript keeps it",
            Reason::Zero => "by 0 is 0; in JavaScript it is no number",
            Reason::Wrap => "wraps to 32 bits, as in C; JavaScript keeps the larger number",
            Reason::Rounding => "wraps to 32 bits, as in C; JavaScript rounds to 53 bits",
            Reason::Operand => "gives 0 or 1, as in C; JavaScript gives one of its sides",
        };
        format!("{symbol} {text}")
    }
}

/// Returns the number or the operator at a column.
fn symbol(source: &str, column: usize) -> String {
    let rest = source.char_indices().nth(column - 1);
    let rest = rest.map_or("", |(at, _)| &source[at..]);
    let word = |c: char| c.is_ascii_alphanumeric();
    let end = match rest.chars().next() {
        Some(c) if word(c) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
        Some('&' | '|') => 2,
        Some(c) => c.len_utf8(),
        None => 0,
    };
    rest.get(..end).unwrap_or(rest).to_owned()
}

impl Expression {
    /// Returns the places where JavaScript may compute another sample at a t below
    /// 2^bits and any values of the other signals, in the order of their columns. If there are none, all samples are the same.
    pub fn differences(&self, bits: u32) -> Vec<Difference> {
        let mut analysis = Analysis {
            greatest_t: (1 << bits.min(31)) - 1,
            dialect: &self.dialect,
            found: Vec::new(),
        };
        for tree in &self.trees {
            let value = analysis.facts(tree);
            analysis.integer(value);
        }
        let mut found = analysis.found;
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Facts about the number that a part of an expression is in JavaScript.
#[derive(Clone, Copy)]
struct Facts {
    /// Bounds, outward to whole numbers.
    low: i128,
    high: i128,
    /// Number of low bits that are 0.
    zeros: u32,
    /// The division that may leave a fraction.
    fraction: Option<Column>,
    /// The division by a divisor that may be 0.
    zero: Option<Column>,
    /// The operator that may leave the range of 32 bits.
    wide: Option<Column>,
    /// The operator of which only the truth is the same as here.
    operand: Option<Column>,
}

impl Facts {
    /// Describes a whole number of 32 bits within these bounds.
    fn whole(low: i128, high: i128) -> Facts {
        Facts {
            low,
            high,
            zeros: 0,
            fraction: None,
            zero: None,
            wide: None,
            operand: None,
        }
    }

    /// Describes any 32-bit integer.
    fn any() -> Facts {
        Facts::whole(MIN, MAX)
    }

    fn zeros(self, zeros: u32) -> Facts {
        Facts { zeros, ..self }
    }

    /// Returns the value if it is the same at every t.
    fn constant(self) -> Option<i128> {
        (self.low == self.high).then_some(self.low)
    }

    fn fits(self) -> bool {
        MIN <= self.low && self.high <= MAX
    }

    fn may_be_zero(self) -> bool {
        self.low <= 0 && self.high >= 0
    }

    /// Widens the bounds to include 0 if the value may be the 0 of a division by 0.
    fn include_zero(&mut self) {
        if self.zero.is_some() {
            (self.low, self.high) = (self.low.min(0), self.high.max(0));
        }
    }

    fn is_truth(self) -> bool {
        self.low >= 0 && self.high <= 1 && self.fraction.is_none() && self.operand.is_none()
    }

    /// Returns the greatest magnitude.
    fn magnitude(self) -> i128 {
        self.high.max(-self.low)
    }

    /// Returns what holds for either of two numbers.
    fn or(self, other: Facts) -> Facts {
        Facts {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            zeros: self.zeros.min(other.zeros),
            fraction: self.fraction.or(other.fraction),
            zero: self.zero.or(other.zero),
            wide: self.wide.or(other.wide),
            operand: self.operand.or(other.operand),
        }
    }
}

struct Analysis<'a> {
    greatest_t: i128,
    dialect: &'a Dialect,
    found: Vec<Difference>,
}

impl Analysis<'_> {
    /// Notes a difference if there is a place of one, and forgets the place.
    fn note(&mut self, place: &mut Option<Column>, reason: Reason) {
        if let Some(column) = place.take() {
            let column = column.into();
            self.found.push(Difference { column, reason });
        }
    }

    fn facts(&mut self, tree: &Tree) -> Facts {
        match tree {
            Tree::T => Facts::whole(0, self.greatest_t),
            Tree::Signal(number) => {
                let bits = self.dialect.signals()[*number].bits;
                Facts::whole(0, (1 << bits) - 1)
            }
            // Numbers from 2^31 on are negative here.
            Tree::Number(number, column) => {
                let value = i128::from(*number as u32);
                Facts {
                    wide: (value > MAX).then_some(*column),
                    ..Facts::whole(value, value).zeros(value.trailing_zeros().min(32))
                }
            }
            Tree::Unary(op, column, x) => {
                let x = self.facts(x);
                self.unary(*op, *column, x)
            }
            Tree::Binary(op, column, xy) => {
                let (x, y) = (self.facts(&xy.0), self.facts(&xy.1));
                self.binary(*op, *column, x, y)
            }
            Tree::Choice(parts) => {
                let (condition, then, otherwise) = &**parts;
                let condition = self.facts(condition);
                self.truth(condition);
                match condition.constant() {
                    Some(0) => self.facts(otherwise),
                    Some(_) => self.facts(then),
                    None => self.facts(then).or(self.facts(otherwise)),
                }
            }
        }
    }

    /// Makes a 32-bit integer of a number.
    fn integer(&mut self, mut x: Facts) -> Facts {
        self.note(&mut x.operand, Reason::Operand);
        let zeros = if x.fraction.is_some() { 0 } else { x.zeros };
        if !x.fits() {
            return Facts::any().zeros(zeros);
        }
        x.include_zero();
        Facts::whole(x.low, x.high).zeros(zeros)
    }

    /// Returns a number that has to be the same here.
    fn exact(&mut self, mut x: Facts) -> Facts {
        self.note(&mut x.fraction, Reason::Fraction);
        self.note(&mut x.wide, Reason::Wrap);
        let integer = self.integer(x);
        self.note(&mut x.zero, Reason::Zero);
        integer
    }

    /// Uses a number as a truth value.
    fn truth(&mut self, mut x: Facts) {
        if x.may_be_zero() {
            self.note(&mut x.fraction, Reason::Fraction);
        }
        self.note(&mut x.zero, Reason::Zero);
        self.note(&mut x.wide, Reason::Wrap);
    }

    fn unary(&mut self, op: Unary, column: Column, mut x: Facts) -> Facts {
        match op {
            Unary::Plus | Unary::Minus => {
                self.note(&mut x.operand, Reason::Operand);
                if op == Unary::Minus {
                    (x.low, x.high) = (-x.high, -x.low);
                }
                self.bounded(x, column)
            }
            Unary::Complement => {
                let x = self.integer(x);
                Facts::whole(-1 - x.high, -1 - x.low)
            }
            Unary::Not => {
                self.truth(x);
                Facts::whole(0, 1)
            }
        }
    }

    fn binary(&mut self, op: Binary, column: Column, x: Facts, y: Facts) -> Facts {
        match op {
            Binary::Multiply => self.multiply(column, x, y),
            Binary::Add | Binary::Subtract => self.add(op, column, x, y),
            Binary::Divide => self.divide(column, x, y),
            Binary::Remainder => self.remainder(column, x, y),
            Binary::And | Binary::Or => {
                self.truth(x);
                self.truth(y);
                let same = x.is_truth() && y.is_truth();
                Facts {
                    operand: (!same).then_some(column),
                    ..Facts::whole(0, 1)
                }
            }
            Binary::BitAnd | Binary::BitOr | Binary::BitXor => {
                let (x, y) = (self.integer(x), self.integer(y));
                bitwise(op, x, y)
            }
            Binary::ShiftLeft | Binary::ShiftRight => {
                let (x, y) = (self.integer(x), self.integer(y));
                shift(op, x, y)
            }
            _ => {
                // Comparing a number that is not negative with a whole number: its whole
                // part decides whether it is less, or at least as great.
                let whole_part = |x: Facts, y: Facts| x.low >= 0 && y.fraction.is_none();
                let less = matches!(op, Binary::Less | Binary::GreaterOrEqual);
                let greater = matches!(op, Binary::Greater | Binary::LessOrEqual);
                let (mut x, mut y) = (x, y);
                if less && whole_part(x, y) {
                    x.fraction = None;
                } else if greater && whole_part(y, x) {
                    y.fraction = None;
                }
                self.exact(x);
                self.exact(y);
                Facts::whole(0, 1)
            }
        }
    }

    /// Notes if a sum or a product is too large for JavaScript's whole numbers, and remembers
    /// the operator if it is too large for 32 bits.
    fn bounded(&mut self, x: Facts, column: Column) -> Facts {
        if x.magnitude() > MAX_WHOLE {
            self.note(&mut Some(column), Reason::Rounding);
            return Facts::any();
        }
        let wide = (!x.fits()).then(|| x.wide.unwrap_or(column));
        Facts { wide, ..x }
    }

    fn multiply(&mut self, column: Column, mut x: Facts, mut y: Facts) -> Facts {
        for factor in [&mut x, &mut y] {
            self.note(&mut factor.fraction, Reason::Fraction);
            self.note(&mut factor.operand, Reason::Operand);
        }
        let corners = [
            x.low * y.low,
            x.low * y.high,
            x.high * y.low,
            x.high * y.high,
        ];
        let both = x.or(y);
        let product = Facts {
            low: corners.into_iter().min().unwrap_or(0),
            high: corners.into_iter().max().unwrap_or(0),
            zeros: x.zeros.saturating_add(y.zeros).min(32),
            ..both
        };
        self.bounded(product, column)
    }

    fn add(&mut self, op: Binary, column: Column, mut x: Facts, mut y: Facts) -> Facts {
        let adds = op == Binary::Add;
        // The whole part of a sum is the sum of the whole parts if no number is negative
        // and only one has a fraction.
        let keeps_fraction = match (x.fraction, y.fraction) {
            (Some(_), None) if adds => x.low >= 0 && y.low >= 0,
            (None, Some(_)) => adds && x.low >= 0 && y.low >= 0,
            (Some(_), None) => x.low >= y.high && y.low >= 0,
            (None, None) => true,
            _ => false,
        };
        for term in [&mut x, &mut y] {
            if !keeps_fraction {
                self.note(&mut term.fraction, Reason::Fraction);
            }
            self.note(&mut term.operand, Reason::Operand);
            term.include_zero();
            self.note(&mut term.zero, Reason::Zero);
        }
        let (low, high) = if adds {
            (x.low + y.low, x.high + y.high)
        } else {
            (x.low - y.high, x.high - y.low)
        };
        let sum = Facts {
            low,
            high,
            ..x.or(y)
        };
        self.bounded(sum, column)
    }

    fn divide(&mut self, column: Column, mut x: Facts, y: Facts) -> Facts {
        self.note(&mut x.wide, Reason::Wrap);
        self.note(&mut x.operand, Reason::Operand);
        let infinite = y.zero;
        let y = self.exact(Facts { zero: None, ..y });
        if !x.fits() {
            (x.low, x.high) = (MIN, MAX);
        }
        let exponent = y.constant().map_or(0, |y| y.trailing_zeros().min(32));
        let is_power = y
            .constant()
            .is_some_and(|y| y.unsigned_abs().is_power_of_two());
        let divides = match (x.constant(), y.constant()) {
            (Some(x), Some(y)) if y != 0 => x % y == 0,
            _ => is_power && x.zeros >= exponent,
        };
        let whole = x.fraction.is_none() && divides;
        let (low, high) = if y.may_be_zero() {
            let most = x.magnitude().max(0);
            (if x.low < 0 || y.low < 0 { -most } else { 0 }, most)
        } else {
            let corners = [
                (x.low, y.low),
                (x.low, y.high),
                (x.high, y.low),
                (x.high, y.high),
            ];
            let floors = corners.map(|(x, y)| floor(x, y));
            let ceilings = corners.map(|(x, y)| -floor(-x, y));
            (
                floors.into_iter().min().unwrap_or(0),
                ceilings.into_iter().max().unwrap_or(0),
            )
        };
        let quotient = Facts {
            low,
            high,
            zeros: if whole {
                x.zeros.saturating_sub(exponent)
            } else {
                0
            },
            fraction: x.fraction.or((!whole).then_some(column)),
            zero: x.zero.or(infinite).or(y.may_be_zero().then_some(column)),
            wide: None,
            operand: None,
        };
        self.bounded(quotient, column)
    }

    fn remainder(&mut self, column: Column, mut x: Facts, y: Facts) -> Facts {
        self.note(&mut x.wide, Reason::Wrap);
        self.note(&mut x.operand, Reason::Operand);
        let y = self.exact(y);
        if !x.fits() {
            (x.low, x.high) = (MIN, MAX);
        }
        let most = y.magnitude().min(x.magnitude());
        Facts {
            low: if x.low < 0 { -most } else { 0 },
            high: if x.high > 0 { most } else { 0 },
            zeros: x.zeros.min(y.zeros),
            zero: x.zero.or(y.may_be_zero().then_some(column)),
            ..x
        }
    }
}

/// Returns a quotient rounded down.
fn floor(x: i128, y: i128) -> i128 {
    let quotient = x / y;
    if x % y != 0 && (x < 0) != (y < 0) {
        quotient - 1
    } else {
        quotient
    }
}

fn bitwise(op: Binary, x: Facts, y: Facts) -> Facts {
    let (zeros, high) = if op == Binary::BitAnd {
        let positive = [x, y].into_iter().filter(|value| value.low >= 0);
        let high = positive.map(|value| value.high).min();
        (x.zeros.max(y.zeros), high)
    } else {
        let most = x.high.max(y.high).max(0) as u64;
        let positive = x.low >= 0 && y.low >= 0;
        let high = (most + 1).next_power_of_two() - 1;
        (x.zeros.min(y.zeros), positive.then_some(high.into()))
    };
    match high {
        Some(high) => Facts::whole(0, high).zeros(zeros),
        None => Facts::any().zeros(zeros),
    }
}

fn shift(op: Binary, x: Facts, y: Facts) -> Facts {
    let known = y.low >= 0 && y.high <= 31;
    let (least, most) = match y.constant() {
        Some(count) => (count & 31, count & 31),
        None if known => (y.low, y.high),
        None => (0, 31),
    };
    if op == Binary::ShiftLeft {
        let shifted = Facts {
            low: (x.low << least).min(x.low << most),
            high: (x.high << least).max(x.high << most),
            ..x
        };
        let zeros = (x.zeros + least as u32).min(32);
        return if shifted.fits() {
            shifted.zeros(zeros)
        } else {
            Facts::any().zeros(zeros)
        };
    }
    let low = (x.low >> least).min(x.low >> most);
    let high = (x.high >> least).max(x.high >> most);
    Facts::whole(low, high).zeros(x.zeros.saturating_sub(most as u32))
}
