//! The bits of the sample counter, 64 times at once.

/// Bits 0 to 5 of 64 consecutive times, the first a multiple of 64.
const LOW_BITS: [u64; 6] = [
    0xaaaa_aaaa_aaaa_aaaa,
    0xcccc_cccc_cccc_cccc,
    0xf0f0_f0f0_f0f0_f0f0,
    0xff00_ff00_ff00_ff00,
    0xffff_0000_ffff_0000,
    0xffff_ffff_0000_0000,
];

/// Returns bit `bit` of the times t .. t + 63, for t a multiple of 64.
#[inline(always)]
fn aligned_column(bit: u8, t: u32) -> u64 {
    match LOW_BITS.get(usize::from(bit)) {
        Some(&pattern) => pattern,
        None => u64::from(t >> bit & 1).wrapping_neg(),
    }
}

/// Returns bit `bit` of the times t .. t + 63, for any t.
#[inline(always)]
pub(crate) fn counter_column(bit: u8, t: u32) -> u64 {
    let offset = t % 64;
    let aligned = t - offset;
    let low = aligned_column(bit, aligned);
    if offset == 0 {
        return low;
    }
    let high = aligned_column(bit, aligned.wrapping_add(64));
    low >> offset | high << (64 - offset)
}
