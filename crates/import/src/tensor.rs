//! Tensors of numbers in the bytes of a file.

use half::{bf16, f16};

use crate::ImportError;

/// Most dimensions of a tensor that is read.
const MAX_DIMENSIONS: usize = 8;

/// A type of numbers, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    F16,
    BF16,
    F32,
    F64,
    I8,
    U8,
    I16,
    I32,
    I64,
}

impl Kind {
    /// Bytes of a number.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Kind::I8 | Kind::U8 => 1,
            Kind::F16 | Kind::BF16 | Kind::I16 => 2,
            Kind::F32 | Kind::I32 => 4,
            Kind::F64 | Kind::I64 => 8,
        }
    }
}

/// A tensor whose numbers are all in the bytes of a file.
#[derive(Clone, Debug)]
pub(crate) struct Tensor<'a> {
    kind: Kind,
    shape: Vec<usize>,
    strides: Vec<usize>,
    /// The bytes from the first number on.
    bytes: &'a [u8],
}

impl<'a> Tensor<'a> {
    /// Creates a tensor with these strides, in numbers; without them the last index is next to
    /// the next one.
    ///
    /// # Errors
    /// Fails if the bytes do not have all numbers, each for itself.
    pub(crate) fn new(
        place: &str,
        kind: Kind,
        shape: Vec<usize>,
        strides: Option<Vec<usize>>,
        bytes: &'a [u8],
    ) -> Result<Tensor<'a>, ImportError> {
        let wrong = || ImportError::at(place, format!("a tensor of shape {shape:?} is not there"));
        if shape.len() > MAX_DIMENSIONS {
            return Err(wrong());
        }
        let product = |sizes: &[usize]| sizes.iter().try_fold(1usize, |a, b| a.checked_mul(*b));
        let count = product(&shape).ok_or_else(wrong)?;
        let strides = match strides {
            Some(strides) => strides,
            None => (1..=shape.len())
                .map(|i| product(&shape[i..]))
                .collect::<Option<Vec<usize>>>()
                .ok_or_else(wrong)?,
        };
        // The index of the last number.
        let last = shape
            .iter()
            .zip(&strides)
            .try_fold(0usize, |sum, (size, stride)| {
                size.saturating_sub(1)
                    .checked_mul(*stride)?
                    .checked_add(sum)
            });
        let have = bytes.len() / kind.bytes();
        let there = count == 0 || last.is_some_and(|last| last < have);
        if strides.len() != shape.len() || count > have || !there {
            return Err(wrong());
        }
        Ok(Tensor {
            kind,
            shape,
            strides,
            bytes,
        })
    }

    /// Numbers along each dimension.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Returns the number at an index, exactly, or `None` if it is not one.
    ///
    /// # Panics
    /// If there is no such index.
    pub(crate) fn number<const N: usize>(&self, index: [usize; N]) -> Option<f64> {
        assert_eq!(self.shape.len(), N);
        let number: usize = index
            .iter()
            .zip(&self.strides)
            .map(|(i, stride)| i * stride)
            .sum();
        let size = self.kind.bytes();
        let mut bytes = [0; 8];
        bytes[..size].copy_from_slice(&self.bytes[number * size..][..size]);
        let [b0, b1, b2, b3, ..] = bytes;
        let number = match self.kind {
            Kind::F16 => f16::from_le_bytes([b0, b1]).to_f64(),
            Kind::BF16 => bf16::from_le_bytes([b0, b1]).to_f64(),
            Kind::F32 => f32::from_le_bytes([b0, b1, b2, b3]).into(),
            Kind::F64 => f64::from_le_bytes(bytes),
            Kind::I8 => i8::from_le_bytes([b0]).into(),
            Kind::U8 => b0.into(),
            Kind::I16 => i16::from_le_bytes([b0, b1]).into(),
            Kind::I32 => i32::from_le_bytes([b0, b1, b2, b3]).into(),
            // Numbers of nodes are below 2^53, beyond which this rounds.
            Kind::I64 => i64::from_le_bytes(bytes) as f64,
        };
        (!number.is_nan()).then_some(number)
    }

    /// Returns the number at an index, if it is a whole one of 0..below.
    pub(crate) fn index<const N: usize>(&self, index: [usize; N], below: usize) -> Option<usize> {
        let number = self.number(index)?;
        let fits = number >= 0.0 && number < below as f64 && number.fract() == 0.0;
        fits.then_some(number as usize)
    }
}
