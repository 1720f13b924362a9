//! Rates and files of sound.

/// Converts to another rate by holding samples: output i is network sample
/// `i * from / to`, rounded down. Nothing is interpolated.
pub struct Hold {
    from: u64,
    to: u64,
    /// Number of network samples and of outputs so far.
    taken: u64,
    given: u64,
}

impl Hold {
    /// Creates a converter from one rate in Hz to another.
    pub fn new(from: u32, to: u32) -> Hold {
        Hold {
            from: from.into(),
            to: to.into(),
            taken: 0,
            given: 0,
        }
    }

    /// Returns the number of outputs for this many network samples, saturating.
    pub fn length(&self, samples: u64) -> u64 {
        let length = (u128::from(samples) * u128::from(self.to)).div_ceil(self.from.into());
        u64::try_from(length).unwrap_or(u64::MAX)
    }

    /// Takes the next network samples and calls `give` with each output.
    pub fn next<T: Copy, E>(
        &mut self,
        samples: &[T],
        mut give: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.taken;
        self.taken += samples.len() as u64;
        let end = self.length(self.taken);
        while self.given < end {
            let source = u128::from(self.given) * u128::from(self.from) / u128::from(self.to);
            give(samples[(source as u64 - start) as usize])?;
            self.given += 1;
        }
        Ok(())
    }
}

/// Most bytes of samples in a WAV file, whose sizes are 32-bit numbers.
const MAX_WAV_BYTES: u64 = u32::MAX as u64 - 64;

/// Returns the start of a WAV file of integers of this many bytes, 1 or 2, in 1 or 2
/// channels. The frames follow: little-endian samples, those of one byte unsigned. Since the
/// sizes are known, a pipe takes the file, too.
///
/// # Errors
/// Fails if the frames do not fit in a WAV file.
pub fn wav_header(
    sample_rate: u32,
    channels: u16,
    bytes: u16,
    frames: u64,
) -> Result<[u8; 44], String> {
    let frame = channels * bytes;
    let most = MAX_WAV_BYTES / u64::from(frame);
    if frames > most {
        return Err(format!(
            "{frames} samples do not fit in a WAV file (at most {most})"
        ));
    }
    let size = frames as u32 * u32::from(frame);
    let mut header = [0; 44];
    let fields: [&[u8]; 13] = [
        b"RIFF",
        &(36 + size).to_le_bytes(),
        b"WAVE",
        b"fmt ",
        &16u32.to_le_bytes(),
        // Integers.
        &1u16.to_le_bytes(),
        &channels.to_le_bytes(),
        &sample_rate.to_le_bytes(),
        &(sample_rate * u32::from(frame)).to_le_bytes(),
        &frame.to_le_bytes(),
        &(8 * bytes).to_le_bytes(),
        b"data",
        &size.to_le_bytes(),
    ];
    header.copy_from_slice(&fields.concat());
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hold_repeats_and_drops_but_never_blends() {
        let held = |from, to, samples: &[u8]| {
            let mut out = Vec::new();
            let mut hold = Hold::new(from, to);
            for block in samples.chunks(2) {
                hold.next(block, |sample| {
                    out.push(sample);
                    Ok::<_, ()>(())
                })
                .unwrap();
            }
            assert_eq!(
                out.len() as u64,
                Hold::new(from, to).length(samples.len() as u64)
            );
            out
        };
        assert_eq!(held(8000, 16000, &[1, 2, 3]), [1, 1, 2, 2, 3, 3]);
        assert_eq!(held(8000, 8000, &[1, 2, 3]), [1, 2, 3]);
        assert_eq!(held(8000, 4000, &[1, 2, 3, 4, 5]), [1, 3, 5]);
        assert_eq!(held(2, 3, &[1, 2, 3, 4]), [1, 1, 2, 3, 3, 4]);
    }
}
