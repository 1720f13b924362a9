//! Registers and their fields.

use core::fmt;

/// A whole register, or a byte or 16-bit word of one.
///
/// Reads of a part are zero-extended; writes leave the rest of the register unchanged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(u8); // encoded as in instructions: part << 5 | register

/// First bit of each part, in the order of the parts' codes.
const SHIFTS: [u32; 8] = [0, 8, 16, 24, 0, 8, 16, 0];
/// Size of each part in bits.
const BITS: [u32; 8] = [8, 8, 8, 8, 16, 16, 16, 32];
const NAMES: [&str; 8] = [".b0", ".b1", ".b2", ".b3", ".w0", ".w1", ".w2", ""];

impl Field {
    /// All of register 0.
    pub const R0: Field = Field::whole(0);

    /// All 32 bits of register 0..=31; greater numbers wrap.
    pub const fn whole(register: u8) -> Field {
        Field(7 << 5 | (register & 31))
    }

    /// Byte 0..=3 of register 0..=31; greater numbers wrap.
    pub const fn byte(register: u8, byte: u8) -> Field {
        Field((byte & 3) << 5 | (register & 31))
    }

    /// The 16 bits of register 0..=31 that start at byte 0, 1 or 2; greater numbers wrap.
    pub const fn word(register: u8, byte: u8) -> Field {
        Field((4 + byte % 3) << 5 | (register & 31))
    }

    /// Returns the field's eight-bit code in instructions.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// Returns the field with this code. Every code is valid.
    pub const fn from_code(code: u8) -> Field {
        Field(code)
    }

    /// Returns the register's number, 0..=31.
    pub const fn register(self) -> u8 {
        self.0 & 31
    }

    /// Returns the position of the field's first bit in its register: 0, 8, 16 or 24.
    pub const fn shift(self) -> u32 {
        SHIFTS[(self.0 >> 5) as usize]
    }

    /// Returns the field's size in bits: 8, 16 or 32.
    pub const fn bits(self) -> u32 {
        BITS[(self.0 >> 5) as usize]
    }

    /// Returns a mask of as many ones as the field has bits.
    pub const fn mask(self) -> u32 {
        u32::MAX >> (32 - self.bits())
    }

    /// Parses a field's name, such as `r5` or `r5.w1`, in either case.
    pub(crate) fn parse(name: &str) -> Option<Field> {
        let (register, part) = match name.split_once('.') {
            Some((register, _)) => (register, &name[register.len()..]),
            None => (name, ""),
        };
        let digits = register.strip_prefix(['r', 'R'])?;
        if digits.is_empty() || digits.len() > 2 || (digits.len() == 2 && digits.starts_with('0')) {
            return None;
        }
        let number: u8 = digits.parse().ok().filter(|&number| number < 32)?;
        let part = NAMES
            .iter()
            .position(|candidate| candidate.eq_ignore_ascii_case(part))?;
        Some(Field((part as u8) << 5 | number))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}{}", self.register(), NAMES[usize::from(self.0 >> 5)])
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
