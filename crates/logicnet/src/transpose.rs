//! Bit planes to samples and back: the 8 x 64 bit transposition.

/// Exchanges one bit of the word index with one bit of the bit position: bits
/// of `w[lower]` selected by `!mask` trade places with those of `w[upper]`
/// selected by `mask`.
#[inline(always)]
fn exchange<const N: usize>(w: &mut [[u64; N]; 8], distance: usize, shift: u32, mask: u64) {
    for upper in 0..8 {
        if upper & distance != 0 {
            continue;
        }
        for j in 0..N {
            let swap = ((w[upper][j] >> shift) ^ w[upper + distance][j]) & mask;
            w[upper + distance][j] ^= swap;
            w[upper][j] ^= swap << shift;
        }
    }
}

/// Turns 8 planes of 64 lanes (plane p holds bit p of every lane) into 64 bytes
/// in lane order: byte k of word w is lane 8 w + k. Works on N columns at once.
#[inline(always)]
pub(crate) fn bytes_of_planes<const N: usize>(w: &mut [[u64; N]; 8]) {
    exchange(w, 1, 1, 0x5555_5555_5555_5555);
    exchange(w, 2, 2, 0x3333_3333_3333_3333);
    exchange(w, 4, 4, 0x0f0f_0f0f_0f0f_0f0f);
    exchange(w, 1, 8, 0x00ff_00ff_00ff_00ff);
    exchange(w, 2, 16, 0x0000_ffff_0000_ffff);
    exchange(w, 4, 32, 0x0000_0000_ffff_ffff);
}

/// The inverse of [`bytes_of_planes`].
pub(crate) fn planes_of_bytes(words: [u64; 8]) -> [u64; 8] {
    let mut w = words.map(|word| [word]);
    exchange(&mut w, 4, 32, 0x0000_0000_ffff_ffff);
    exchange(&mut w, 2, 16, 0x0000_ffff_0000_ffff);
    exchange(&mut w, 1, 8, 0x00ff_00ff_00ff_00ff);
    exchange(&mut w, 4, 4, 0x0f0f_0f0f_0f0f_0f0f);
    exchange(&mut w, 2, 2, 0x3333_3333_3333_3333);
    exchange(&mut w, 1, 1, 0x5555_5555_5555_5555);
    w.map(|[word]| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_finds_its_place_and_its_way_back() {
        for plane in 0..8 {
            for lane in 0..64 {
                let mut w = [[0u64]; 8];
                w[plane][0] = 1 << lane;
                let planes = w.map(|[word]| word);
                bytes_of_planes(&mut w);
                let mut expected = [0u64; 8];
                expected[lane / 8] = 1 << (8 * (lane % 8) + plane);
                let bytes = w.map(|[word]| word);
                assert_eq!(bytes, expected, "plane {plane} lane {lane}");
                assert_eq!(planes_of_bytes(bytes), planes);
            }
        }
    }
}
