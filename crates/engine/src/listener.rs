//! The frames of a program that hears, which cannot be evaluated ahead.

use logicnet::{Evaluator, Word, audio_value};

use super::position::Position;
use super::voice::write_levels;

/// A frame of the input that is not there.
const SILENCE: u16 = 1 << 15;

/// Collects what a program hears in a part of a callback, at most as many frames as the
/// lanes, and stores what it answers.
///
/// A network sample hears the frame at which its time begins. Slower than the output, it
/// therefore hears every so many frames, and is held in between; faster, the samples
/// between two frames are skipped.
#[derive(Debug)]
pub(super) struct Listener {
    /// Times of the network samples.
    times: Box<[u32]>,
    /// The frame that each hears, in each channel.
    audio: [Box<[u16]>; 2],
    /// Number of network samples.
    count: usize,
    /// Levels of the network samples in each channel, after those of the last sample of
    /// the part before.
    levels: [Box<[f32]>; 2],
    /// For each frame, the index of its levels.
    sample_of: Box<[u16]>,
    frames: usize,
    /// Time of the newest network sample.
    time: Option<u32>,
}

impl Listener {
    /// Creates a listener for parts of at most `lanes` frames.
    pub fn new(lanes: usize) -> Listener {
        Listener {
            times: vec![0; lanes].into(),
            audio: [vec![0; lanes].into(), vec![0; lanes].into()],
            count: 0,
            levels: [vec![0.0; lanes + 1].into(), vec![0.0; lanes + 1].into()],
            sample_of: vec![0; lanes].into(),
            frames: 0,
            time: None,
        }
    }

    /// Collects what is heard from a position on in this many frames. Missing frames of
    /// the input are silence.
    pub fn collect(
        &mut self,
        mut position: Position,
        input: [&[f32]; 2],
        gain: f32,
        frames: usize,
    ) {
        self.frames = frames.min(self.times.len());
        for channel in 0..2 {
            self.levels[channel][0] = self.levels[channel][self.count];
        }
        self.count = 0;
        for k in 0..self.frames {
            let t = position.t();
            if self.time != Some(t) {
                self.time = Some(t);
                self.times[self.count] = t;
                for (audio, input) in self.audio.iter_mut().zip(input) {
                    let heard = input.get(k).map(|frame| audio_value(frame * gain));
                    audio[self.count] = heard.unwrap_or(SILENCE);
                }
                self.count += 1;
            }
            self.sample_of[k] = self.count as u16;
            position.step();
        }
    }

    /// Starts the evaluation of the collected samples; returns false if there are none.
    pub fn begin<W: Word>(&self, evaluator: &mut Evaluator<W>) -> bool {
        let [left, right] = &self.audio;
        let heard = [&left[..self.count], &right[..self.count]];
        if self.count > 0 {
            evaluator.start_frames(&self.times[..self.count], heard);
        }
        self.count > 0
    }

    /// Takes the levels of the evaluated samples.
    pub fn end<W: Word>(&mut self, evaluator: &Evaluator<W>) {
        let channels = evaluator.program().channels();
        for (channel, levels) in self.levels.iter_mut().enumerate().take(channels) {
            write_levels(evaluator, channel, &mut levels[1..]);
        }
        if channels == 1 {
            let [left, right] = &mut self.levels;
            right.copy_from_slice(left);
        }
    }

    /// Returns a frame of the part.
    #[inline]
    pub fn frame<const C: usize>(&self, k: usize) -> [f32; C] {
        let sample = usize::from(self.sample_of[k]);
        std::array::from_fn(|channel| self.levels[channel.min(1)][sample])
    }
}
