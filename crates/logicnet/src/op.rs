//! The sixteen two-input operations, in difflogic's numbering.

use core::fmt;

/// A two-input logic operation.
///
/// Operations have difflogic's numbers, 0..=15. The four binary digits of a number, high
/// to low, are the output for (a, b) = (0,0), (0,1), (1,0), (1,1): 1 is AND, 6 is XOR, 7
/// is OR and 15 is always true.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Op(u8);

const NAMES: [&str; 16] = [
    "false",
    "and",
    "a-not-b",
    "a",
    "b-not-a",
    "b",
    "xor",
    "or",
    "nor",
    "xnor",
    "not-b",
    "a-or-not-b",
    "not-a",
    "b-or-not-a",
    "nand",
    "true",
];

impl Op {
    /// Always 0.
    pub const FALSE: Op = Op(0);
    /// `a AND b`.
    pub const AND: Op = Op(1);
    /// `a AND NOT b`.
    pub const A_NOT_B: Op = Op(2);
    /// `a`, a wire.
    pub const A: Op = Op(3);
    /// `b AND NOT a`.
    pub const B_NOT_A: Op = Op(4);
    /// `b`, a wire.
    pub const B: Op = Op(5);
    /// `a XOR b`.
    pub const XOR: Op = Op(6);
    /// `a OR b`.
    pub const OR: Op = Op(7);
    /// `NOT (a OR b)`.
    pub const NOR: Op = Op(8);
    /// `NOT (a XOR b)`.
    pub const XNOR: Op = Op(9);
    /// `NOT a`, an inverter.
    pub const NOT_A: Op = Op(12);
    /// `NOT (a AND b)`.
    pub const NAND: Op = Op(14);
    /// Always 1.
    pub const TRUE: Op = Op(15);

    /// Returns the operation with this number, or `None` if it is above 15.
    pub const fn new(number: u8) -> Option<Op> {
        if number < 16 { Some(Op(number)) } else { None }
    }

    /// The operation's number, 0..=15.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// A short lower-case name, such as `xor` or `a-not-b`.
    pub const fn name(self) -> &'static str {
        NAMES[self.0 as usize]
    }

    /// Returns the output for operands a and b.
    pub const fn apply(self, a: bool, b: bool) -> bool {
        (self.0 >> (3 - (2 * a as u8 + b as u8))) & 1 == 1
    }

    /// Returns the operation with the complement of this one's output.
    #[must_use]
    pub const fn complement(self) -> Op {
        Op(self.0 ^ 15)
    }

    /// Returns the operation that gives this one's output if `a` is complemented first.
    #[must_use]
    pub const fn complement_a(self) -> Op {
        Op(((self.0 << 2) | (self.0 >> 2)) & 15)
    }

    /// Returns the operation that gives this one's output if `b` is complemented first.
    #[must_use]
    pub const fn complement_b(self) -> Op {
        Op(((self.0 << 1) & 0b1010) | ((self.0 >> 1) & 0b0101))
    }

    /// Returns whether the output depends on `a`.
    pub const fn reads_a(self) -> bool {
        self.complement_a().0 != self.0
    }

    /// Returns whether the output depends on `b`.
    pub const fn reads_b(self) -> bool {
        self.complement_b().0 != self.0
    }

    /// Returns the coefficients `[c0, ca, cb, cab]` of the operation as an exclusive sum:
    /// `out = c0 ^ (ca & a) ^ (cb & b) ^ (cab & a & b)`.
    pub const fn exclusive_sum(self) -> [bool; 4] {
        let f00 = self.apply(false, false);
        let f01 = self.apply(false, true);
        let f10 = self.apply(true, false);
        let f11 = self.apply(true, true);
        [f00, f00 ^ f10, f00 ^ f01, f00 ^ f01 ^ f10 ^ f11]
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_difflogic() {
        type Function = fn(bool, bool) -> bool;
        let rows: [(Op, Function); 11] = [
            (Op::FALSE, |_, _| false),
            (Op::AND, |a, b| a & b),
            (Op::A_NOT_B, |a, b| a && !b),
            (Op::A, |a, _| a),
            (Op::B, |_, b| b),
            (Op::XOR, |a, b| a ^ b),
            (Op::OR, |a, b| a | b),
            (Op::NOR, |a, b| !(a | b)),
            (Op::NOT_A, |a, _| !a),
            (Op::NAND, |a, b| !(a & b)),
            (Op::TRUE, |_, _| true),
        ];
        for (op, f) in rows {
            for (a, b) in [(false, false), (false, true), (true, false), (true, true)] {
                assert_eq!(op.apply(a, b), f(a, b), "{op:?} of {a} {b}");
            }
        }
    }

    #[test]
    fn complements_and_sums_agree_with_apply() {
        for op in (0..16).filter_map(Op::new) {
            let [c0, ca, cb, cab] = op.exclusive_sum();
            for (a, b) in [(false, false), (false, true), (true, false), (true, true)] {
                let out = op.apply(a, b);
                assert_eq!(op.complement().apply(a, b), !out);
                assert_eq!(op.complement_a().apply(!a, b), out);
                assert_eq!(op.complement_b().apply(a, !b), out);
                assert_eq!(c0 ^ (ca & a) ^ (cb & b) ^ (cab & a & b), out);
            }
            assert_eq!(
                op.reads_a(),
                (0..2).any(|b| op.apply(false, b == 1) != op.apply(true, b == 1))
            );
        }
    }
}
