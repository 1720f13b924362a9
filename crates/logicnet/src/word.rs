//! Words: lane k of a word is a node's value at the k-th time of a group.

use core::fmt;

use crate::transpose::{bytes_of_planes, planes_of_bytes};

/// A word of 32 to 512 one-bit lanes with bitwise operations.
///
/// Wide words are arrays of `u64`. Their operations are plain loops, which compilers turn
/// into vector instructions.
pub trait Word: Copy + fmt::Debug + PartialEq + Send + 'static {
    /// Number of lanes, a power of two.
    const LANES: usize;
    /// Every lane 0.
    const ZERO: Self;

    /// Makes a word from columns of 64 lanes. `column(j)` has the lanes 64 j .. 64 j + 63,
    /// the first in its lowest bit. A word of fewer lanes takes the low lanes of column 0.
    fn from_columns(column: impl FnMut(usize) -> u64) -> Self;
    /// Returns the lanes 64 j .. 64 j + 63. A word of fewer lanes has zeros above them.
    ///
    /// # Panics
    /// May panic if j is not below [`Word::COLUMNS`].
    fn column(self, j: usize) -> u64;
    /// Combines each column with the other word's. `f` must treat all bits alike.
    #[must_use]
    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self;
    /// `self & other`
    #[inline(always)]
    #[must_use]
    fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }
    /// `self & !other`
    #[inline(always)]
    #[must_use]
    fn and_not(self, other: Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }
    /// `self | other`
    #[inline(always)]
    #[must_use]
    fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }
    /// `self ^ other`
    #[inline(always)]
    #[must_use]
    fn xor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }
    /// `!self`
    #[inline(always)]
    #[must_use]
    fn not(self) -> Self {
        self.zip(self, |a, _| !a)
    }
    /// Number of columns of 64 lanes.
    const COLUMNS: usize = Self::LANES.div_ceil(64);
    /// Writes one byte a lane, as many as fit in `out`. The bits of each byte are the
    /// lane's values in the eight planes, plane 0 the lowest bit.
    fn bytes(planes: [Self; 8], out: &mut [u8]);
    /// Returns the eight planes of one byte a lane, as [`Word::bytes`] reads them. Lanes
    /// without a byte are 0.
    fn planes(bytes: &[u8]) -> [Self; 8];
}

/// Reads the 64 bytes of each column; missing ones are 0.
#[inline(always)]
fn load<const N: usize>(bytes: &[u8]) -> [[u64; N]; 8] {
    let mut words = [[0; N]; 8];
    for (j, column) in bytes.chunks(64).take(N).enumerate() {
        for (word, bytes) in words.iter_mut().zip(column.chunks(8)) {
            let mut eight = [0; 8];
            eight[..bytes.len()].copy_from_slice(bytes);
            word[j] = u64::from_le_bytes(eight);
        }
    }
    words
}

/// Writes the 64 bytes of each column, as many as fit in `out`.
#[inline(always)]
fn store<const N: usize>(words: &[[u64; N]; 8], out: &mut [u8]) {
    for (j, column) in out.chunks_mut(64).take(N).enumerate() {
        // A whole column is the fast path: its length is known when compiling.
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
            fn planes(bytes: &[u8]) -> [Self; 8] {
                let mut words = load::<1>(&bytes[..bytes.len().min(Self::LANES)]);
                planes_of_bytes(&mut words);
                words.map(|[word]| word as $type)
            }
            #[inline(always)]
            fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
                f(self.into(), other.into()) as $type
            }
        }
    };
}

macro_rules! wide_word {
    ($name:ident, $columns:literal, $bytes:literal, $lanes:literal) => {
        #[doc = concat!("A word of ", $lanes, " lanes.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(C, align($bytes))]
        pub struct $name(pub(crate) [u64; $columns]);

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
            fn planes(bytes: &[u8]) -> [Self; 8] {
                let mut words = load(bytes);
                planes_of_bytes(&mut words);
                words.map($name)
            }
            #[inline(always)]
            fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
                let mut out = [0; $columns];
                for j in 0..$columns {
                    out[j] = f(self.0[j], other.0[j]);
                }
                $name(out)
            }
        }
    };
}

narrow_word!(u32);
narrow_word!(u64);
wide_word!(W128, 2, 16, "128");
wide_word!(W256, 4, 32, "256");
wide_word!(W512, 8, 64, "512");
