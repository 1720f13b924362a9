//! Bends as short texts: files of eight layers on a network of the most gates would be
//! twenty times as large in JSON.
//!
//! A bend is a letter: `a` to `p` for the operations 0 to 15, `L` and `H` for a constant 0
//! or 1, and `X` for an inverted node. A number before it is that of nodes without bends
//! since the last one, or since node 0: `5X2aL` bends the nodes 5, 8 and 9.

use std::fmt::Write;

use logicnet::{MAX_GATES, MAX_INPUTS, Mask, Masks, Op};

/// Returns bends as a text, which is at most as long as the highest node's number plus one.
pub fn write(bends: &Masks) -> String {
    let (mut text, mut next) = (String::new(), 0);
    for (node, mask) in bends.iter() {
        if node > next {
            // Writing to a string never fails.
            let _ = write!(text, "{}", node - next);
        }
        text.push(match mask {
            Mask::Force(false) => 'L',
            Mask::Force(true) => 'H',
            Mask::Invert => 'X',
            Mask::Replace(op) => char::from(b'a' + op.number()),
        });
        next = node + 1;
    }
    text
}

/// Reads the text of [`write`], if it is valid.
pub fn read(text: &str) -> Option<Masks> {
    let mut bends = Masks::new();
    let (mut node, mut skipped) = (0u32, 0u32);
    for byte in text.bytes() {
        let mask = match byte {
            b'0'..=b'9' => {
                skipped = skipped.checked_mul(10)?.checked_add((byte - b'0').into())?;
                continue;
            }
            b'L' => Mask::Force(false),
            b'H' => Mask::Force(true),
            b'X' => Mask::Invert,
            _ => Mask::Replace(Op::new(byte.checked_sub(b'a')?)?),
        };
        node = node.checked_add(std::mem::take(&mut skipped))?;
        if node >= MAX_INPUTS + MAX_GATES as u32 {
            return None;
        }
        bends.set(node, mask);
        node += 1;
    }
    Some(bends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use logicnet::random::Rng;

    #[test]
    fn bends_are_written_as_documented() {
        let op = Mask::Replace(Op::new(0).unwrap());
        let bends = [(5, Mask::Invert), (8, op), (9, Mask::Force(false))].into();
        assert_eq!(write(&bends), "5X2aL");
        assert_eq!(read("5X2aL"), Some(bends));
        assert_eq!(read(""), Some(Masks::new()));
        for wrong in [
            "q",
            "é",
            "-1X",
            "69632X",
            "4294967296X",
            "4294967295X4294967295X",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn all_bends_are_read_as_they_were_written() {
        let mut rng = Rng::new(1);
        for most in [1, 3, 40, 2000] {
            let (mut bends, mut node) = (Masks::new(), 0);
            loop {
                node += rng.below(most);
                if node >= MAX_INPUTS + MAX_GATES as u32 {
                    break;
                }
                let mask = match rng.below(19) as u8 {
                    16 => Mask::Force(false),
                    17 => Mask::Force(true),
                    18 => Mask::Invert,
                    op => Mask::Replace(Op::new(op).unwrap()),
                };
                bends.set(node, mask);
                node += 1;
            }
            let text = write(&bends);
            assert!(text.len() <= (MAX_INPUTS as usize) + MAX_GATES);
            assert_eq!(read(&text), Some(bends));
        }
    }
}
