//! The frames of a network that is rendered.

use logicnet::{Builder, Evaluator, Masks, Network, W512, Word};

use super::automation::Automation;
use super::heard::Heard;
use crate::CommandResult;

/// Frames rendered at a time.
const BLOCK: usize = 1 << 16;

/// A network's frames from a time on: the levels of both channels, which are the same if
/// there is one.
pub struct Frames<'a> {
    pub network: &'a Network,
    pub masks: &'a Masks,
    pub automation: Automation<'a>,
    /// The sound that the network hears; none is silence.
    pub heard: Option<Heard>,
    /// The time of the first frame.
    pub t0: u32,
}

impl Frames<'_> {
    /// Calls `take` with `count` frames, a block at a time, and the number of frames so far.
    pub fn render(
        mut self,
        count: u64,
        mut take: impl FnMut(&[[i16; 2]], u64) -> CommandResult,
    ) -> CommandResult {
        let mut builder = Builder::new();
        let mut block = vec![[0; 2]; BLOCK];
        let mut done = 0;
        while done < count {
            let (controls, next) = self.automation.at(done);
            let program = builder.build_with(self.network, self.masks, &controls);
            let mut evaluator = Evaluator::new(program);
            let end = next.map_or(count, |next| next.min(count));
            while done < end {
                let length = BLOCK.min(usize::try_from(end - done).unwrap_or(BLOCK));
                let block = &mut block[..length];
                for group in block.chunks_mut(W512::LANES) {
                    self.group(done, &mut evaluator, group)?;
                    done += group.len() as u64;
                }
                take(block, done)?;
            }
        }
        Ok(())
    }

    /// Renders as many frames as an evaluator has lanes, or fewer.
    fn group(
        &mut self,
        first: u64,
        evaluator: &mut Evaluator<W512>,
        frames: &mut [[i16; 2]],
    ) -> CommandResult {
        // The counter wraps at 2^32, which every period divides.
        let t0 = self.t0.wrapping_add(first as u32);
        let times: [u32; W512::LANES] = core::array::from_fn(|k| t0.wrapping_add(k as u32));
        let mut audio = [[Heard::SILENCE; W512::LANES]; 2];
        if let Some(heard) = &mut self.heard {
            let [left, right] = &mut audio;
            let lanes = left.iter_mut().zip(right).take(frames.len());
            for (left, right) in lanes {
                [*left, *right] = heard.next()?;
            }
        }
        evaluator.start_frames(&times, [&audio[0], &audio[1]]);
        evaluator.finish();
        let mut levels = [0; W512::LANES];
        for channel in [0, 1] {
            evaluator.levels(channel, &mut levels);
            for (frame, level) in frames.iter_mut().zip(levels) {
                frame[channel] = level;
            }
        }
        Ok(())
    }
}
