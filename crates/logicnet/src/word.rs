//! Words: lane k of a word is a node's value at the k-th time of a group.

use core::fmt;

use crate::transpose::{bytes_of_planes, planes_of_bytes, transpose};

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
    /// lane's values in the eight planes, plane 0 the lowest bit. Few bytes take less time.
    fn bytes(planes: [Self; 8], out: &mut [u8]);
    /// Returns the eight planes of one byte a lane, as [`Word::bytes`] reads them. Lanes
    /// without a byte are 0.
    fn planes(bytes: &[u8]) -> [Self; 8];
}

/// Up to this many lanes are transposed eight at a time, more as whole words.
const FEW_LANES: usize = 32;

/// Does what [`Word::bytes`] does, for at most 64 lanes.
#[inline(always)]
fn few_bytes<W: Word>(planes: &[W; 8], out: &mut [u8]) {
    let planes = planes.map(|plane| plane.column(0).to_le_bytes());
    for (i, out) in out.chunks_mut(8).enumerate() {
        let lanes = transpose(core::array::from_fn(|bit| planes[bit][i]));
        out.copy_from_slice(&lanes[..out.len()]);
    }
}

/// Does what [`Word::planes`] does, for at most 64 lanes.
#[inline(always)]
fn few_planes<W: Word>(bytes: &[u8]) -> [W; 8] {
    let mut planes = [[0; 8]; 8];
    for (i, bytes) in bytes.chunks(8).enumerate() {
        let mut lanes = [0; 8];
        lanes[..bytes.len()].copy_from_slice(bytes);
        for (plane, byte) in planes.iter_mut().zip(transpose(lanes)) {
            plane[i] = byte;
        }
    }
    planes.map(|plane| W::from_columns(|j| if j == 0 { u64::from_le_bytes(plane) } else { 0 }))
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
                let lanes = out.len().min(Self::LANES);
                let out = &mut out[..lanes];
                if lanes <= FEW_LANES {
                    return few_bytes(&planes, out);
                }
                let mut words = planes.map(|plane| [u64::from(plane)]);
                bytes_of_planes(&mut words);
                store(&words, out);
            }
            #[inline(always)]
            fn planes(bytes: &[u8]) -> [Self; 8] {
                let bytes = &bytes[..bytes.len().min(Self::LANES)];
                if bytes.len() <= FEW_LANES {
                    return few_planes(bytes);
                }
                let mut words = load::<1>(bytes);
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
                if out.len() <= FEW_LANES {
                    return few_bytes(&planes, out);
                }
                let mut words = planes.map(|plane| plane.0);
                bytes_of_planes(&mut words);
                store(&words, out);
            }
            #[inline(always)]
            fn planes(bytes: &[u8]) -> [Self; 8] {
                if bytes.len() <= FEW_LANES {
                    return few_planes(bytes);
                }
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
