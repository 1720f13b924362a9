//! A program being played: an evaluator and its most recent samples.

use logicnet::{Evaluator, Program, Word};

use super::Clock;
use super::cost::Spent;
use super::live::{Heard, Live, Times};
use super::notes::Place;
use super::offload::{Offload, OffloadedGroup};
use super::output::level;

/// Groups of samples stored: the one being played, its neighbours, and one more.
const STORED: usize = 4;

/// A program with the memory to play it.
///
/// Only creating and dropping it touch the heap; therefore the engine returns voices to be
/// dropped by another thread.
#[derive(Debug)]
pub struct Voice<W> {
    evaluator: Evaluator<W>,
    /// Number of the group being evaluated.
    evaluating: Option<u32>,
    /// Gates of it that remain.
    remaining: u32,
    /// Bit planes of its samples, if another processor has evaluated it.
    offloaded: Option<[W; 8]>,
    /// The numbers of the stored groups; group n is in slot n modulo [`STORED`].
    stored: [Option<u32>; STORED],
    /// Levels of the stored groups in each channel, in 32,768ths; the second is empty if
    /// there is one.
    levels: [Box<[i16]>; 2],
    /// True if the samples depend on the input.
    hears: bool,
    /// Frames of the current callback, if they cannot be evaluated ahead; no groups are
    /// stored then.
    pub(super) live: Option<Box<Live>>,
}

impl<W: Word> Voice<W> {
    /// Creates a voice for a program. Allocates.
    pub fn new(program: Program) -> Voice<W> {
        let hears = program.hears();
        Voice::create(program, hears)
    }

    /// Creates a voice whose frames are all evaluated in the callback that plays them, which
    /// notes, loops and given times need. Allocates.
    pub fn live(program: Program) -> Voice<W> {
        Voice::create(program, true)
    }

    fn create(program: Program, is_live: bool) -> Voice<W> {
        let levels = |is_used| vec![0; if is_used { STORED * W::LANES } else { 0 }];
        Voice {
            levels: [
                levels(!is_live),
                levels(!is_live && program.channels() == 2),
            ]
            .map(Vec::into_boxed_slice),
            hears: program.hears(),
            live: is_live.then(|| Box::new(Live::new(W::LANES))),
            evaluator: Evaluator::new(program),
            evaluating: None,
            remaining: 0,
            offloaded: None,
            stored: [None; STORED],
        }
    }

    /// Returns the number of the group with time t.
    pub(super) fn group(t: u32) -> u32 {
        t / W::LANES as u32
    }

    /// Returns the gates of a group.
    pub(super) fn gates(&self) -> u32 {
        self.evaluator.program().gates() as u32
    }

    /// Returns whether the samples depend on the input.
    pub(super) fn hears(&self) -> bool {
        self.hears
    }

    /// Returns the number of channels, 1 or 2.
    pub(super) fn channels(&self) -> usize {
        self.evaluator.program().channels()
    }

    /// Returns the frame at time t, if its group is ready. One channel is in all.
    #[inline]
    pub(super) fn sample<const C: usize>(&self, t: u32) -> Option<[f32; C]> {
        let group = Self::group(t);
        let slot = group as usize % STORED;
        if self.stored[slot] != Some(group) {
            return None;
        }
        let at = slot * W::LANES + t as usize % W::LANES;
        let first = *self.levels[0].get(at)?;
        let mut frame = [level(first); C];
        if C > 1 {
            frame[1] = level(self.levels[1].get(at).copied().unwrap_or(first));
        }
        Some(frame)
    }

    /// Returns the stored group with time t, if it is ready.
    pub(super) fn stored(&self, t: u32) -> Option<Stored<'_>> {
        let group = Self::group(t);
        if !self.has(group) {
            return None;
        }
        let from = group as usize % STORED * W::LANES;
        let levels = |channel: usize| self.levels[channel].get(from..from + W::LANES);
        let left = levels(0)?;
        Some(Stored {
            first: group * W::LANES as u32,
            levels: [left, levels(1).unwrap_or(left)],
        })
    }

    pub(super) fn has(&self, group: u32) -> bool {
        self.stored[group as usize % STORED] == Some(group)
    }

    /// Returns whether frames are evaluated in their callback.
    pub(super) fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Evaluates a part of a callback, if the voice is live: of some places, or at these
    /// times.
    pub(super) fn hear(
        &mut self,
        places: Option<&[Place]>,
        times: Times,
        heard: Heard,
        spent: &mut Spent,
    ) {
        let Some(live) = &mut self.live else {
            return;
        };
        live.begin(heard.count);
        match places {
            Some(places) => {
                for (i, place) in places.iter().enumerate() {
                    let times = Times {
                        position: place.position,
                        clock: Clock::Running,
                        given: &[],
                    };
                    live.collect(i, times, heard);
                }
            }
            None => live.collect(0, times, heard),
        }
        if live.start(&mut self.evaluator) {
            self.evaluator.finish();
            live.end(&self.evaluator);
            spent.groups += 1;
            spent.gates += self.evaluator.program().gates() as u32;
            spent.live += live.lanes() as u32;
        }
    }

    /// Evaluates a group, for at most `room` gates; starting it costs `begin` of them.
    /// Returns whether it is ready.
    ///
    /// A group that another processor has evaluated takes the same schedule without the
    /// work, so that the sound and the room for other work do not depend on offloading.
    pub(super) fn work(
        &mut self,
        group: u32,
        room: u32,
        begin: u32,
        spent: &mut Spent,
        offload: Option<&mut (dyn Offload<W> + 'static)>,
    ) -> bool {
        if self.has(group) {
            return true;
        }
        let started = self.evaluating == Some(group);
        let gates = room.saturating_sub(if started { 0 } else { begin });
        if gates == 0 {
            return false;
        }
        if !started {
            self.evaluating = Some(group);
            self.remaining = self.gates();
            spent.groups += 1;
            let taken = offload.map_or(OffloadedGroup::NotRequested, |offload| offload.take(group));
            spent.missed += u32::from(taken == OffloadedGroup::Missed);
            self.offloaded = match taken {
                OffloadedGroup::Ready(planes) => Some(planes),
                OffloadedGroup::Missed | OffloadedGroup::NotRequested => None,
            };
            if self.offloaded.is_none() {
                self.evaluator.start(group.wrapping_mul(W::LANES as u32));
            }
            spent.offloaded += u32::from(self.offloaded.is_some());
        }
        let worked = gates.min(self.remaining);
        self.remaining -= worked;
        spent.gates += worked;
        if self.offloaded.is_some() {
            spent.spared += worked;
        } else {
            self.evaluator.advance(gates as usize);
        }
        let done = self.remaining == 0;
        if done {
            let slot = group as usize % STORED;
            let from = slot * W::LANES;
            for (channel, levels) in self.levels.iter_mut().enumerate() {
                let Some(levels) = levels.get_mut(from..from + W::LANES) else {
                    continue;
                };
                match self.offloaded {
                    Some(planes) => write_levels(planes, levels),
                    None => self.evaluator.levels(channel, levels),
                }
            }
            self.stored[slot] = Some(group);
            self.evaluating = None;
        }
        done
    }

    /// Returns whether a group is ready or was started.
    pub(super) fn has_started(&self, group: u32) -> bool {
        self.has(group) || self.evaluating == Some(group)
    }

    /// Returns the gates that remain for a group.
    pub(super) fn left(&self, group: u32) -> u32 {
        if self.has(group) {
            0
        } else if self.evaluating == Some(group) {
            self.remaining
        } else {
            self.gates()
        }
    }
}

/// The samples of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored<'a> {
    /// The time of the first.
    first: u32,
    levels: [&'a [i16]; 2],
}

impl Stored<'_> {
    /// Returns the frame at time t, if the group has it.
    #[inline]
    pub fn frame<const C: usize>(&self, t: u32) -> Option<[f32; C]> {
        let lane = t.wrapping_sub(self.first) as usize;
        let mut frame = [level(*self.levels[0].get(lane)?); C];
        if C == 2 {
            frame[1] = level(*self.levels[1].get(lane)?);
        }
        Some(frame)
    }
}

/// Most lanes of a word.
const MAX_LANES: usize = 512;

/// Writes the levels of samples of eight bits.
fn write_levels<W: Word>(planes: [W; 8], levels: &mut [i16]) {
    let mut samples = [0; MAX_LANES];
    W::bytes(planes, &mut samples[..levels.len()]);
    for (level, sample) in levels.iter_mut().zip(samples) {
        *level = (i16::from(sample) - 128) * 256;
    }
}
