//! The memories shared by both cores and the ARM.

use alloc::boxed::Box;
use alloc::vec;

use super::{DATA, DATA_BYTES, SHARED, SHARED_BYTES};

/// Number of registers in a scratchpad bank: registers 0 to 29.
pub(super) const BANK_WORDS: usize = 30;

/// The bytes of both data RAMs, followed by those of the shared RAM.
#[derive(Clone, Debug)]
pub(super) struct Memory(Box<[u8]>);

impl Memory {
    pub(super) fn new() -> Memory {
        Memory(vec![0; (2 * DATA_BYTES + SHARED_BYTES) as usize].into())
    }

    /// Returns the index of the first byte if memory is mapped at all bytes of this range of
    /// a core's addresses. The ARM's addresses are those of core 0.
    pub(super) fn index(core: usize, address: u32, bytes: u32) -> Option<usize> {
        let within = |base: u32, size: u32| {
            let distance = address.checked_sub(base)?;
            (bytes <= size && distance <= size - bytes).then_some(distance)
        };
        let index = if let Some(distance) = within(0, DATA_BYTES) {
            DATA[core] + distance
        } else if let Some(distance) = within(DATA_BYTES, DATA_BYTES) {
            DATA[1 - core] + distance
        } else {
            2 * DATA_BYTES + within(SHARED, SHARED_BYTES)?
        };
        Some(index as usize)
    }

    pub(super) fn bytes(&self, index: usize, count: usize) -> &[u8] {
        &self.0[index..index + count]
    }

    pub(super) fn bytes_mut(&mut self, index: usize, count: usize) -> &mut [u8] {
        &mut self.0[index..index + count]
    }

    pub(super) fn word(&self, index: usize) -> u32 {
        let bytes = self.bytes(index, 4);
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    pub(super) fn set_word(&mut self, index: usize, value: u32) {
        self.bytes_mut(index, 4)
            .copy_from_slice(&value.to_le_bytes());
    }
}
