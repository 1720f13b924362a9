//! Words: lane k of a word is a gate's value at the k-th time of a group.

use core::fmt;

use crate::transpose::bytes_of_planes;

/// A word of 32 to 512 lanes that bitwise operations work on at once.
///
/// Wide words are arrays of `u64` worked on by plain loops, which compilers
/// turn into vector instructions where there are any.
pub trait Word: Copy + fmt::Debug + PartialEq + Send + 'static {
    /// Number of lanes, a power of two.
    const LANES: usize;
    /// Every lane 0.
    const ZERO: Self;

    /// Makes a word from its columns of 64 lanes; `column(j)` holds lanes
    /// 64 j .. 64 j + 63, the first in its lowest bit. A narrow word takes the
    /// low lanes of column 0.
    fn from_columns(column: impl FnMut(usize) -> u64) -> Self;
    /// Column j of 64 lanes; of a narrow word, its lanes and zeros above.
    fn column(self, j: usize) -> u64;
    /// `self & other`
    #[must_use]
    fn and(self, other: Self) -> Self;
    /// `self & !other`
    #[must_use]
    fn and_not(self, other: Self) -> Self;
    /// `self | other`
    #[must_use]
    fn or(self, other: Self) -> Self;
    /// `self ^ other`
    #[must_use]
    fn xor(self, other: Self) -> Self;
    /// `!self`
    #[must_use]
    fn not(self) -> Self;
    /// Columns of 64 lanes.
    const COLUMNS: usize = Self::LANES.div_ceil(64);
    /// Writes the bytes whose bits are these eight planes, plane 0 the lowest,
    /// in lane order. Fills `out` or writes one byte a lane, whichever is less.
    fn bytes(planes: [Self; 8], out: &mut [u8]);
}

/// Writes what fits of each column's 64 bytes.
#[inline(always)]
fn store<const N: usize>(words: &[[u64; N]; 8], out: &mut [u8]) {
    for (j, column) in out.chunks_mut(64).take(N).enumerate() {
        // The length of a whole column is known when compiling; it is the fast way.
        if let Ok(column) = <&mut [u8; 64]>::try_from(&mut *column) {
            for w in 0..8 {
                column[8 * w..8 * w + 8].copy_from_slice(&words[w][j].to_le_bytes());
            }
        } else {
            for (bytes, word) in column.chunks_mut(8).zip(words) {
                bytes.copy_from_slice(&word[j].to_le_bytes()[..bytes.len()]);
            }
        }
    }
}

macro_rules! narrow_word {
    ($type:ty) => {
        impl Word for $type {
            const LANES: usize = <$type>::BITS as usize;
            const ZERO: Self = 0;

            #[inline(always)]
            fn from_columns(mut column: impl FnMut(usize) -> u64) -> Self {
                column(0) as $type
            }
            #[inline(always)]
            fn column(self, _: usize) -> u64 {
                self.into()
            }
            #[inline(always)]
            fn bytes(planes: [Self; 8], out: &mut [u8]) {
                let mut words = planes.map(|plane| [u64::from(plane)]);
                bytes_of_planes(&mut words);
                let lanes = out.len().min(Self::LANES);
                store(&words, &mut out[..lanes]);
            }
            #[inline(always)]
            fn and(self, other: Self) -> Self {
                self & other
            }
            #[inline(always)]
            fn and_not(self, other: Self) -> Self {
                self & !other
            }
            #[inline(always)]
            fn or(self, other: Self) -> Self {
                self | other
            }
            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                self ^ other
            }
            #[inline(always)]
            fn not(self) -> Self {
                !self
            }
        }
    };
}

macro_rules! wide_word {
    ($name:ident, $columns:literal, $bytes:literal, $lanes:literal) => {
        #[doc = concat!("A word of ", $lanes, " lanes.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(C, align($bytes))]
        pub struct $name([u64; $columns]);

        impl $name {
            #[inline(always)]
            fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
                let mut out = [0; $columns];
                for j in 0..$columns {
                    out[j] = f(self.0[j], other.0[j]);
                }
                $name(out)
            }
        }

        impl Word for $name {
            const LANES: usize = 64 * $columns;
            const ZERO: Self = $name([0; $columns]);

            #[inline(always)]
            fn from_columns(column: impl FnMut(usize) -> u64) -> Self {
                $name(core::array::from_fn(column))
            }
            #[inline(always)]
            fn column(self, j: usize) -> u64 {
                self.0[j]
            }
            #[inline(always)]
            fn bytes(planes: [Self; 8], out: &mut [u8]) {
                let mut words = planes.map(|plane| plane.0);
                bytes_of_planes(&mut words);
                store(&words, out);
            }
            #[inline(always)]
            fn and(self, other: Self) -> Self {
                self.zip(other, |a, b| a & b)
            }
            #[inline(always)]
            fn and_not(self, other: Self) -> Self {
                self.zip(other, |a, b| a & !b)
            }
            #[inline(always)]
            fn or(self, other: Self) -> Self {
                self.zip(other, |a, b| a | b)
            }
            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                self.zip(other, |a, b| a ^ b)
            }
            #[inline(always)]
            fn not(self) -> Self {
                $name(self.0.map(|a| !a))
            }
        }
    };
}

narrow_word!(u32);
narrow_word!(u64);
wide_word!(W128, 2, 16, "128");
wide_word!(W256, 4, 32, "256");
wide_word!(W512, 8, 64, "512");
