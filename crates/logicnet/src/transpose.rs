//! Transposition of 8 x 64 bits, between bit planes and bytes.

/// Exchanges one bit of the word index with one bit of the bit position, in each of N
/// columns. For each pair of words whose indices differ in `DISTANCE` only, the bits of
/// the upper word selected by `MASK` are swapped with the bits `SHIFT` places higher in
/// the lower word.
#[inline(never)] // compilers do not vectorize all six when they are inlined together
fn exchange<const N: usize, const DISTANCE: usize, const SHIFT: u32, const MASK: u64>(
    words: &mut [[u64; N]; 8],
) {
    for lower in (0..8).filter(|index| index & DISTANCE == 0) {
        let upper = lower + DISTANCE;
        for j in 0..N {
            let swap = ((words[lower][j] >> SHIFT) ^ words[upper][j]) & MASK;
            words[upper][j] ^= swap;
            words[lower][j] ^= swap << SHIFT;
        }
    }
}

/// Transposes 8 planes of 64 lanes, where plane p has bit p of every lane, into 64 bytes
/// in lane order, where byte k of word w is lane 8 w + k. Works on N columns at once.
pub fn bytes_of_planes<const N: usize>(words: &mut [[u64; N]; 8]) {
    exchange::<N, 1, 1, 0x5555_5555_5555_5555>(words);
    exchange::<N, 2, 2, 0x3333_3333_3333_3333>(words);
    exchange::<N, 4, 4, 0x0f0f_0f0f_0f0f_0f0f>(words);
    exchange::<N, 1, 8, 0x00ff_00ff_00ff_00ff>(words);
    exchange::<N, 2, 16, 0x0000_ffff_0000_ffff>(words);
    exchange::<N, 4, 32, 0x0000_0000_ffff_ffff>(words);
}

/// Transposes 64 bytes in lane order into 8 planes of 64 lanes: the inverse of
/// [`bytes_of_planes`], whose steps are their own inverses.
pub fn planes_of_bytes<const N: usize>(words: &mut [[u64; N]; 8]) {
    exchange::<N, 4, 32, 0x0000_0000_ffff_ffff>(words);
    exchange::<N, 2, 16, 0x0000_ffff_0000_ffff>(words);
    exchange::<N, 1, 8, 0x00ff_00ff_00ff_00ff>(words);
    exchange::<N, 4, 4, 0x0f0f_0f0f_0f0f_0f0f>(words);
    exchange::<N, 2, 2, 0x3333_3333_3333_3333>(words);
    exchange::<N, 1, 1, 0x5555_5555_5555_5555>(words);
}

/// Transposes 8 x 8 bits: bit i of byte j becomes bit j of byte i. Its own inverse.
#[inline(always)]
pub(crate) fn transpose(eight: [u8; 8]) -> [u8; 8] {
    let mut word = u64::from_le_bytes(eight);
    for (shift, mask) in [
        (7, 0x00aa_00aa_00aa_00aa),
        (14, 0x0000_cccc_0000_cccc),
        (28, 0x0000_0000_f0f0_f0f0),
    ] {
        let swap = (word ^ (word >> shift)) & mask;
        word ^= swap ^ (swap << shift);
    }
    word.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_eight_bytes_moves_every_bit() {
        for (i, j) in (0..8).flat_map(|i| (0..8).map(move |j| (i, j))) {
            let (mut eight, mut expected) = ([0; 8], [0; 8]);
            eight[j] = 1 << i;
            expected[i] = 1 << j;
            assert_eq!(transpose(eight), expected, "bit {i} of byte {j}");
        }
    }

    #[test]
    fn transposing_moves_every_bit() {
        for plane in 0..8 {
            for lane in 0..64 {
                let mut w = [[0u64]; 8];
                w[plane][0] = 1 << lane;
                let planes = w;
                bytes_of_planes(&mut w);
                let mut expected = [0u64; 8];
                expected[lane / 8] = 1 << (8 * (lane % 8) + plane);
                let bytes = w.map(|[word]| word);
                assert_eq!(bytes, expected, "plane {plane} lane {lane}");
                planes_of_bytes(&mut w);
                assert_eq!(w, planes, "and back");
            }
        }
    }
}
