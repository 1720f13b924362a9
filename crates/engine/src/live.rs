//! Frames that are evaluated in their callback: of programs that hear, and of notes.

use logicnet::{Evaluator, Word, audio_value};

use super::Clock;
use super::notes::{MAX_NOTES, Place};
use super::output::level;
use super::position::Position;

/// A frame of the input that is not there.
const SILENCE: u16 = 1 << 15;

/// The input of a part of a callback.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard<'a> {
    /// Frames of each channel; missing ones are silence.
    pub frames: [&'a [f32]; 2],
    /// Factor of the frames.
    pub gain: f32,
    /// Number of frames of the part.
    pub count: usize,
}

/// The network time of each frame of a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times<'a> {
    /// The time of the first frame, if it is not given.
    pub position: Position,
    pub clock: Clock,
    /// The times of frames if the clock is [`Clock::Given`].
    pub given: &'a [u32],
}

impl Times<'_> {
    /// Returns the time of frame k; the frames are asked for in order.
    #[inline]
    fn next(&mut self, k: usize) -> u32 {
        let mut t = self.position.t();
        if self.clock == Clock::Given {
            if let Some(given) = self.given.get(k) {
                t = *given;
                self.position.seek(t);
            }
        }
        self.position.step_by(self.clock);
        t
    }
}

/// Collects the network samples of a part of a callback in lanes, and stores their levels.
/// They are of one reading position, or of several notes.
///
/// A network sample hears the frame at which its time begins. Slower than the output, it
/// therefore hears every so many frames, and is held in between; faster, the samples
/// between two frames are skipped. With given times, each frame is a sample of its own.
#[derive(Debug)]
pub(super) struct Live {
    /// Times of the lanes.
    times: Box<[u32]>,
    /// The frame that each lane hears, in each channel.
    audio: [Box<[u16]>; 2],
    /// Number of lanes in use.
    lanes: usize,
    /// Levels of each place's newest sample of the part before, then of the lanes, in each
    /// channel, in 32,768ths.
    levels: [Box<[i16]>; 2],
    /// For each frame of the first place, then of the next and so on, the index of its
    /// levels.
    level_of: Box<[u16]>,
    /// Frames of the part.
    frames: usize,
    /// Time of the newest sample of each place.
    newest: [Option<u32>; MAX_NOTES],
    /// Indices of its levels.
    last: [usize; MAX_NOTES],
}

impl Live {
    /// Creates memory for this many lanes.
    pub fn new(lanes: usize) -> Live {
        Live {
            times: vec![0; lanes].into(),
            audio: [vec![0; lanes].into(), vec![0; lanes].into()],
            lanes: 0,
            levels: [0, 1].map(|_| vec![0; MAX_NOTES + lanes].into()),
            level_of: vec![0; lanes].into(),
            frames: 0,
            newest: [None; MAX_NOTES],
            last: std::array::from_fn(|place| place),
        }
    }

    /// Forgets the newest sample of a place, so that the next frame begins another one.
    pub fn restart(&mut self, place: usize) {
        if let Some(newest) = self.newest.get_mut(place) {
            *newest = None;
        }
    }

    /// Begins a part of this many frames: frames times places is at most the lanes.
    pub fn begin(&mut self, frames: usize) {
        self.frames = frames;
        self.lanes = 0;
        for levels in &mut self.levels {
            let last = self.last.map(|last| levels[last]);
            levels[..MAX_NOTES].copy_from_slice(&last);
        }
        self.last = std::array::from_fn(|place| place);
    }

    /// Collects the samples of a place at these times.
    pub fn collect(&mut self, place: usize, mut times: Times, heard: Heard) {
        let first = place * self.frames;
        for k in 0..self.frames {
            let t = times.next(k);
            if self.newest[place] != Some(t) || times.clock == Clock::Given {
                self.newest[place] = Some(t);
                self.times[self.lanes] = t;
                for (audio, input) in self.audio.iter_mut().zip(heard.frames) {
                    let frame = input.get(k).map(|frame| audio_value(frame * heard.gain));
                    audio[self.lanes] = frame.unwrap_or(SILENCE);
                }
                self.last[place] = MAX_NOTES + self.lanes;
                self.lanes += 1;
            }
            self.level_of[first + k] = self.last[place] as u16;
        }
    }

    /// Returns the number of samples collected.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// Starts the evaluation of the collected samples; returns false if there are none.
    pub fn start<W: Word>(&self, evaluator: &mut Evaluator<W>) -> bool {
        let [left, right] = &self.audio;
        let heard = [&left[..self.lanes], &right[..self.lanes]];
        if self.lanes > 0 {
            evaluator.start_frames(&self.times[..self.lanes], heard);
        }
        self.lanes > 0
    }

    /// Takes the levels of the evaluated samples.
    pub fn end<W: Word>(&mut self, evaluator: &Evaluator<W>) {
        let lanes = MAX_NOTES..MAX_NOTES + self.lanes;
        let channels = evaluator.program().channels();
        for (channel, levels) in self.levels.iter_mut().enumerate().take(channels) {
            evaluator.levels(channel, &mut levels[lanes.clone()]);
        }
        if channels == 1 {
            let [left, right] = &mut self.levels;
            right[lanes.clone()].copy_from_slice(&left[lanes]);
        }
    }

    /// Returns frame k of the part, of the first place.
    #[inline]
    pub fn frame<const C: usize>(&self, k: usize) -> [f32; C] {
        self.frame_of(0, k)
    }

    /// Returns the sum of frame k of all places, at their levels.
    #[inline(never)] // would slow down the loop over frames without notes
    pub fn sum<const C: usize>(&self, places: &mut [Place], k: usize) -> [f32; C] {
        let mut sum = [0.0; C];
        for (i, place) in places.iter_mut().enumerate() {
            let level = place.step();
            if level > 0.0 {
                let frame = self.frame_of::<C>(i, k);
                for (sum, frame) in sum.iter_mut().zip(frame) {
                    *sum += level * frame;
                }
            }
        }
        sum
    }

    #[inline]
    fn frame_of<const C: usize>(&self, place: usize, k: usize) -> [f32; C] {
        let at = usize::from(self.level_of[place * self.frames + k]);
        std::array::from_fn(|channel| level(self.levels[channel.min(1)][at]))
    }
}
