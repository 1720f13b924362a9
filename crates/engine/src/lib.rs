//! Real-time playback of logic networks: turns programs into sound, callback by callback.
//!
//! After [`Engine::new`], rendering does not allocate, lock, make system calls, wake
//! threads, panic or loop without bound: [`Engine::render`] is safe to call from a
//! real-time thread. The engine never reads a clock; its time is the number of frames it
//! has rendered.
//!
//! A callback evaluates at most a budget of gates, a quarter of its duration by the
//! platform's figures. The group of lanes after the one being played is evaluated ahead,
//! in slices. A new program first evaluates the group being played. If that fits the
//! budget, it is heard in the same callback; otherwise the old program plays on until the
//! new one is ready.
//!
//! ```
//! use engine::{Change, Cost, Engine, Platform, Settings, Start, Voice};
//! use logicnet::random::Ops;
//! use logicnet::{Network, Program, W128};
//!
//! let cost = Cost { gate_ns: 14.0, group_ns: 2000.0, frame_ns: 60.0, callback_ns: 3000.0 };
//! let platform = Platform { rate: 44_100, block: 128, cost };
//! // One end for the audio thread, the other for the thread that makes changes.
//! let (mut engine, mut handover) = Engine::<W128>::new(platform);
//!
//! let network = Network::random(14, &[64, 8], Ops::XorRich, 1)?;
//! let program = Program::new(&network, network.masks());
//! let settings = Settings { level: 0.5, ..Settings::default() };
//! platform.keeps_up(&program, &settings, 128)?;
//! let voice = Box::new(Voice::new(program));
//! let start = Some(Start { voice, seek: None, fade: false });
//! handover.send(Change { id: 1, settings, start }).unwrap();
//!
//! let (mut left, mut right) = ([0.0; 128], [0.0; 128]);
//! engine.render([&[]; 2], [&mut left, &mut right]);
//! assert_eq!(engine.change(), Some(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(unsafe_code)]
#![cfg_attr(rtsan, feature(sanitize))]

mod cost;
mod counters;
mod handover;
mod live;
mod notes;
mod offload;
mod output;
mod position;
mod steady;
mod tap;
mod voice;

use std::sync::Arc;

use logicnet::Word;

pub use cost::{Cost, Platform, Spent, TooSlow, Work};
pub use counters::Counters;
pub use handover::{Change, ChangeSender, Handover, ReturnedVoices, Start};
pub use notes::{MAX_NOTES, Note, Notes};
pub use offload::{Offload, OffloadedGroup};
pub use tap::{TapReader, TapWriter, tap};
pub use voice::Voice;

use cost::live_work;
use handover::{Inbox, handover};
use live::{Heard, Times};
use notes::Place;
use output::{FADE_SECONDS, Output, RAMP_SECONDS, Ramp};
use position::Position;
use steady::Steady;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Conversion of network samples to frames of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// Holds each sample until the next: the sharp sound of old machines.
    #[default]
    Hold,
    /// Draws a straight line from each sample to the next.
    Linear,
}

/// The source of network time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// Runs on at the rate and speed of the settings.
    #[default]
    Running,
    /// Runs, but only through these times, again and again. Needs a [live](Voice::live)
    /// voice; notes run on.
    Loop {
        /// The first time.
        first: u32,
        /// The time after the last one, at most 2^31 later.
        end: u32,
    },
    /// Is given with each block ([`Engine::render_at`]). Needs a [live](Voice::live) voice;
    /// notes run on.
    Given,
}

/// Everything about the sound except the program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Network samples a second, 1..=768,000.
    pub rate: u32,
    /// Speed of time in hundredths, -400..=400; negative runs backwards.
    pub speed: i32,
    /// Conversion between samples.
    pub interpolation: Interpolation,
    /// Level of the output, 0.0..=1.0.
    pub level: f32,
    /// Factor of the input, 0.0..=16.0.
    pub input_gain: f32,
    /// Share of the input in the output, 0.0..=1.0.
    pub dry: f32,
    /// The notes to play, or `None` to play on without notes. Needs a voice
    /// that is [live](Voice::live); others play on.
    pub notes: Option<Notes>,
    /// The source of network time.
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            rate: logicnet::DEFAULT_SAMPLE_RATE,
            speed: 100,
            interpolation: Interpolation::Hold,
            level: 0.0,
            input_gain: 1.0,
            dry: 0.0,
            notes: None,
            clock: Clock::Running,
        }
    }
}

/// A change that is being prepared while the old sound plays.
#[derive(Debug)]
struct Pending<W> {
    /// Without a new voice, the playing voice is prepared for the settings.
    change: Change<W>,
    /// The group being evaluated, if that takes several callbacks.
    target: Option<u32>,
}

/// Time in which the peak of the input is released, in seconds.
const PEAK_SECONDS: f32 = 0.3;

/// An old voice that is fading out.
#[derive(Debug)]
struct Fading<W> {
    voice: Box<Voice<W>>,
    frames_left: u32,
    /// Its reading position, at its own rate and speed.
    position: Position,
    interpolation: Interpolation,
    clock: Clock,
    /// Its notes, if it plays notes.
    places: Option<Places>,
    last: [f32; 2],
}

/// The places of notes, and the number in use.
#[derive(Clone, Copy, Debug)]
struct Places {
    all: [Place; MAX_NOTES],
    count: usize,
}

impl Places {
    fn used(&self) -> &[Place] {
        &self.all[..self.count]
    }

    fn used_mut(&mut self) -> &mut [Place] {
        &mut self.all[..self.count]
    }
}

/// Renders the sound in the audio thread, with lanes `W`.
#[derive(Debug)]
pub struct Engine<W> {
    platform: Platform,
    inbox: Inbox<W>,
    counters: Arc<Counters>,
    /// Id of the newest change that is heard.
    change: Option<u32>,
    playing: Option<Box<Voice<W>>>,
    /// Id of the change that brought the playing program.
    program: Option<u32>,
    /// Another processor that evaluates ahead, if there is one.
    offload: Option<Box<dyn Offload<W>>>,
    pending: Option<Pending<W>>,
    fading: Option<Fading<W>>,
    position: Position,
    places: Places,
    settings: Settings,
    muted: bool,
    /// The output stages; of one channel, only the first is used.
    outputs: [Output; 2],
    /// True if the two channels differ, or have not met again since.
    stereo: bool,
    dry: Ramp,
    last: [f32; 2],
    /// Recent peak of what the program hears.
    peak: f32,
    spent: Spent,
}

impl<W: Word> Engine<W> {
    /// Creates an engine and the other end of its rings. It is silent until a change
    /// brings a voice and a level.
    pub fn new(platform: Platform) -> (Engine<W>, Handover<W>) {
        Engine::with_output(platform, Output::new(platform.rate))
    }

    /// Creates an engine without DC blocker and limiter: at level 1, its output is exactly
    /// (s - 2^(b-1)) / 2^(b-1) for samples s of b bits, except in crossfades. It starts at the
    /// first level, without a fade.
    pub fn exact(platform: Platform) -> (Engine<W>, Handover<W>) {
        Engine::with_output(platform, Output::exact(platform.rate))
    }

    fn with_output(platform: Platform, output: Output) -> (Engine<W>, Handover<W>) {
        let (inbox, handover) = handover();
        let engine = Engine {
            platform,
            inbox,
            counters: Arc::new(Counters::default()),
            change: None,
            playing: None,
            program: None,
            offload: None,
            pending: None,
            fading: None,
            position: Position::new(platform.rate),
            places: Places {
                all: [Place::new(platform.rate); MAX_NOTES],
                count: 1,
            },
            settings: Settings::default(),
            muted: false,
            outputs: [output; 2],
            stereo: false,
            dry: Ramp::new(platform.rate, RAMP_SECONDS),
            last: [0.0; 2],
            peak: 0.0,
            spent: Spent::default(),
        };
        (engine, handover)
    }

    /// Returns the platform it was made for.
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// Returns the counters, for other threads.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Returns the id of the newest change that is heard.
    pub fn change(&self) -> Option<u32> {
        self.change
    }

    /// Fades out, or in again, within 20 ms; for an end without a click.
    pub fn mute(&mut self, muted: bool) {
        self.muted = muted;
        self.set_level();
    }

    /// Returns whether the output is silent and stays silent.
    pub fn silent(&self) -> bool {
        self.outputs[0].silent()
    }

    /// Returns the work of the last callback.
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// Lets another processor evaluate ahead. Frames, and the callbacks in which changes
    /// are made, are the same with it and without it: it works on the group after the one
    /// that the CPU works on, and the CPU keeps its schedule but skips the gates of groups
    /// that have arrived.
    pub fn offload(&mut self, offload: Box<dyn Offload<W>>) {
        self.offload = Some(offload);
    }

    /// Renders the next frames of both channels, within +-0.95 unless the engine is
    /// [exact](Engine::exact), from as many frames of the input; missing ones are silence.
    pub fn render(&mut self, input: [&[f32]; 2], output: [&mut [f32]; 2]) {
        self.render_tapped(input, output, |_| {});
    }

    /// Renders, and passes each exact frame (s - 2^(b-1)) / 2^(b-1) of the network to `tap`
    /// before the input is mixed in, the DC blocker, level and limiter. One channel is in
    /// both.
    pub fn render_tapped(
        &mut self,
        input: [&[f32]; 2],
        output: [&mut [f32]; 2],
        tap: impl FnMut([f32; 2]),
    ) {
        self.render_at(&[], input, output, tap);
    }

    /// Renders like [`Engine::render_tapped`], but frame k at the network time `times[k]` if
    /// the clock is [`Clock::Given`]; with fewer times than frames, time runs on. Samples are
    /// held.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn render_at(
        &mut self,
        times: &[u32],
        input: [&[f32]; 2],
        output: [&mut [f32]; 2],
        tap: impl FnMut([f32; 2]),
    ) {
        let [left, right] = output;
        let frames = left.len().min(right.len());
        let (left, right) = (&mut left[..frames], &mut right[..frames]);
        let times = times.get(..frames).unwrap_or_default();
        let frames = frames as u32;
        self.spent = Spent {
            frames,
            ..Spent::default()
        };
        let budget = self.platform.budget(frames);
        self.receive();
        // A change is large, so nothing is moved if there is none.
        if self.pending.is_some() {
            self.try_pending(frames, budget);
        }
        if let Some(offload) = &mut self.offload {
            offload.poll(self.program);
        }

        let starved = if self.needs_stereo() {
            self.frames::<2>(budget, times, input, [left, right], tap)
        } else {
            let starved = self.frames::<1>(budget, times, input, [left, &mut []], tap);
            right.copy_from_slice(left);
            starved
        };
        self.work_ahead(frames, budget);
        self.request_ahead(frames);
        self.meter(input, frames);
        self.counters
            .add_callback(self.spent, starved, self.position.t());
    }

    /// Takes changes and lets time pass as [`Engine::render_at`] does, but evaluates and
    /// renders nothing: for sound that nobody hears now. Changes are made at once.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn pass_at(&mut self, times: &[u32], frames: u32) {
        if let Some(fading) = self.fading.take() {
            self.inbox.give_back(fading.voice);
        }
        self.receive();
        if let Some(pending) = self.pending.take() {
            let entry = self.entry(&pending);
            self.adopt(pending, entry);
        }
        self.position = self.position.after(frames);
        self.position.wrap(self.settings.clock);
        let given = self.settings.clock == Clock::Given;
        if let (true, Some(t)) = (given, times.get((frames as usize).wrapping_sub(1))) {
            self.position.seek(t.wrapping_add(1));
        }
    }

    /// Returns whether the two channels are rendered separately: if they differ, or their
    /// output stages have not met again since.
    fn needs_stereo(&mut self) -> bool {
        let fading = self.fading.as_ref().map(|fading| &fading.voice);
        let differ = [self.playing.as_ref(), fading]
            .into_iter()
            .flatten()
            .any(|voice| voice.channels() == 2)
            || !self.dry.is_zero();
        let [left, right] = &mut self.outputs;
        if differ && !self.stereo {
            *right = *left;
        }
        self.stereo = differ || (self.stereo && !left.meets(right));
        self.stereo
    }

    /// Renders all frames in `C` channels, in parts of as many frames as there are lanes.
    /// Returns the number of frames that repeated a sample because none was ready.
    fn frames<const C: usize>(
        &mut self,
        budget: u32,
        times: &[u32],
        input: [&[f32]; 2],
        [left, right]: [&mut [f32]; 2],
        mut tap: impl FnMut([f32; 2]),
    ) -> u32 {
        let mut starved = 0;
        let part_frames = self.part_frames();
        for (part, left) in left.chunks_mut(part_frames).enumerate() {
            let first = part * part_frames;
            let right = right.get_mut(first..).unwrap_or_default();
            let input = input.map(|input| input.get(first..).unwrap_or_default());
            let times = times.get(first..).unwrap_or_default();
            self.hear(times, input, left.len());
            let mut done = 0;
            if self.is_steady() {
                // From the first frame on whose group is missing, the loop below goes on.
                while done < left.len() {
                    let steady = self.steady::<C>([&mut left[done..], &mut *right], done, &mut tap);
                    done += steady;
                    if steady == 0 {
                        break;
                    }
                }
            }
            let mut right = right.iter_mut().skip(done);
            for (k, left) in left.iter_mut().enumerate().skip(done) {
                match self.frame::<C>(budget, k) {
                    Some(frame) => self.last = both(frame),
                    None => starved += u32::from(self.playing.is_some()),
                }
                tap(self.last);
                let mut mixed = self.faded::<C>(self.last, k);
                // There is no dry part in one channel.
                if C == 2 {
                    let dry = self.dry.next();
                    // Otherwise an input that is no number would spoil the sound.
                    if dry > 0.0 {
                        for (wet, input) in mixed.iter_mut().zip(input) {
                            let heard = input.get(k).copied().unwrap_or(0.0);
                            *wet += (heard * self.settings.input_gain - *wet) * dry;
                        }
                    }
                    if let Some(right) = right.next() {
                        *right = self.outputs[1].next(mixed[1]);
                    }
                }
                *left = self.outputs[0].next(mixed[0]);
            }
            let given = self.settings.clock == Clock::Given;
            if let (true, Some(t)) = (given, times.get(left.len() - 1)) {
                self.position.seek(t.wrapping_add(1));
            }
        }
        starved
    }

    /// Returns whether the output is the playing voice's held samples at a constant level.
    fn is_steady(&self) -> bool {
        let is_live = self.playing.as_ref().is_some_and(|voice| voice.is_live());
        self.outputs.iter().all(Output::is_steady)
            && self.dry.is_zero()
            && self.fading.is_none()
            && self.settings.notes.is_none()
            && (is_live || self.settings.interpolation == Interpolation::Hold)
    }

    /// Renders steady frames from frame k of a part on, until a group ends. Returns their
    /// number, which is 0 if the group is missing.
    fn steady<const C: usize>(
        &mut self,
        [left, right]: [&mut [f32]; 2],
        k: usize,
        tap: &mut impl FnMut([f32; 2]),
    ) -> usize {
        let Some(voice) = &self.playing else {
            return 0;
        };
        let mut steady = Steady {
            position: self.position,
            clock: self.settings.clock,
            last: self.last,
            levels: self.outputs.each_ref().map(Output::level),
        };
        let output = [left, right.get_mut(k..).unwrap_or_default()];
        let count = match (&voice.live, voice.stored(self.position.t())) {
            (Some(live), _) => steady.render(output, |i, _| Some(live.frame::<C>(k + i)), tap),
            (None, Some(group)) => steady.render(output, |_, t| group.frame::<C>(t), tap),
            (None, None) => 0,
        };
        (self.position, self.last) = (steady.position, steady.last);
        count
    }

    /// Returns the frames of a part: as many as there are lanes for each note.
    fn part_frames(&self) -> usize {
        let playing = self.settings.notes.map_or(1, |_| self.places.count);
        let fading = self
            .fading
            .as_ref()
            .and_then(|fading| fading.places.as_ref());
        match playing.max(fading.map_or(1, |places| places.count)) {
            1 => W::LANES, // some processors cannot divide
            notes => W::LANES / notes,
        }
    }

    /// Evaluates what the voices that hear answer to these frames of the input.
    fn hear(&mut self, times: &[u32], input: [&[f32]; 2], frames: usize) {
        let input = Heard {
            frames: input,
            gain: self.settings.input_gain,
            count: frames,
        };
        if let Some(voice) = self.playing.as_mut().filter(|voice| voice.is_live()) {
            let times = Times {
                position: self.position,
                clock: self.settings.clock,
                given: times,
            };
            let places = self.settings.notes.map(|_| self.places.used());
            voice.hear(places, times, input, &mut self.spent);
        }
        if let Some(fading) = &mut self.fading {
            let times = Times {
                position: fading.position,
                clock: fading.clock,
                given: times,
            };
            let places = fading.places.as_ref().map(Places::used);
            fading.voice.hear(places, times, input, &mut self.spent);
        }
    }

    /// Measures the peak of the input if the playing program hears it.
    fn meter(&mut self, input: [&[f32]; 2], frames: u32) {
        let hears = self.playing.as_ref().is_some_and(|voice| voice.hears());
        self.peak = if hears {
            let heard = input
                .iter()
                .flat_map(|input| input.iter().take(frames as usize));
            let louder = |peak, x: &f32| if x.abs() > peak { x.abs() } else { peak };
            let peak = heard.fold(0.0, louder);
            let release = PEAK_SECONDS * self.platform.rate as f32;
            let left = self.peak * (1.0 - frames as f32 / release).max(0.0);
            left.max(peak * self.settings.input_gain)
        } else {
            0.0
        };
        self.counters.set_input(self.peak);
    }

    /// Reports the measured load of the last callback, in thousandths of the duration of its
    /// block. Real-time safe.
    pub fn report_load(&self, load: u32) {
        self.counters.report_load(load, false);
    }

    /// Estimates the load of the last callback by the platform's costs, reports it, and
    /// returns it in thousandths of the duration of the block. Real-time safe.
    pub fn estimate_load(&self) -> u32 {
        let load = self.platform.load(self.spent);
        self.counters.report_load(load, true);
        load
    }

    /// Reports blocks that came too late or were lost. Real-time safe.
    pub fn report_late(&self, blocks: u32) {
        self.counters.add_late(blocks);
    }

    /// Receives at most one change, and none while another is being prepared or an old
    /// voice could not be returned.
    fn receive(&mut self) {
        if self.pending.is_some() || !self.inbox.has_room() {
            return;
        }
        if let Some(change) = self.inbox.next() {
            self.pending = Some(Pending {
                change,
                target: None,
            });
        }
    }

    fn settle(&mut self, id: u32, settings: Settings) {
        let is_first = self.change.is_none();
        self.change = Some(id);
        self.settings = settings;
        self.position.set_step(settings.rate, settings.speed);
        self.position.wrap(settings.clock);
        if let Some(notes) = settings.notes {
            self.places.count = notes.places.clamp(1, MAX_NOTES.min(W::LANES));
            for (i, (place, note)) in self.places.all.iter_mut().zip(notes.held).enumerate() {
                let note = note.filter(|_| i < self.places.count);
                let starts = place.set(note, settings.speed);
                let live = self.playing.as_mut().and_then(|voice| voice.live.as_mut());
                if let (true, Some(live)) = (starts, live) {
                    live.restart(i);
                }
            }
        }
        self.set_level();
        if is_first {
            self.outputs.iter_mut().for_each(Output::start);
        }
    }

    fn set_level(&mut self) {
        let level = if self.muted { 0.0 } else { self.settings.level };
        for output in &mut self.outputs {
            output.set_level(level);
        }
        self.dry.set(self.settings.dry);
    }

    /// Returns the position at which a pending change would begin.
    fn entry(&self, pending: &Pending<W>) -> Position {
        let mut entry = self.position;
        if let Some(t) = pending.change.start.as_ref().and_then(|start| start.seek) {
            entry.seek(t);
        }
        entry.set_step(pending.change.settings.rate, pending.change.settings.speed);
        entry
    }

    /// Applies the pending change if its voice has the groups that this callback needs, or
    /// can evaluate them within the budget.
    fn try_pending(&mut self, frames: u32, budget: u32) {
        let Some(mut pending) = self.pending.take() else {
            return;
        };
        // One fade at a time.
        let fades = pending
            .change
            .start
            .as_ref()
            .is_some_and(|start| start.fade);
        if fades && self.fading.is_some() {
            self.pending = Some(pending);
            return;
        }
        let entry = self.entry(&pending);
        // Voices that hear and play on take a part of the budget.
        let places = W::LANES / self.part_frames();
        let begin = self.platform.cost.group_gates();
        let heard = |voice: &Voice<W>| {
            let work = live_work(voice.gates(), frames, places, W::LANES);
            let is_live = voice.is_live();
            self.platform.cost.gates(&work) * u32::from(is_live)
        };
        let fading = self
            .fading
            .as_ref()
            .map_or(0, |fading| heard(&fading.voice));
        let faded = self
            .playing
            .as_ref()
            .filter(|_| fades)
            .map_or(0, |voice| heard(voice));
        let budget = budget.saturating_sub(fading).saturating_sub(faded);
        let voice = match (&mut pending.change.start, &mut self.playing) {
            (Some(start), _) => &mut start.voice,
            (None, Some(playing)) => playing,
            (None, None) => {
                self.settle(pending.change.id, pending.change.settings);
                return;
            }
        };
        if voice.is_live() {
            self.adopt(pending, entry);
            return;
        }
        let needed = groups::<W>(&entry, frames, pending.change.settings.interpolation);
        let cost = |group| match voice.left(group) {
            0 => 0,
            left => left.saturating_add(begin),
        };
        let missing = needed.clone().filter(|group| !voice.has(*group)).count() as u32;
        let whole = voice.gates().saturating_add(begin);
        let now = match missing {
            0 | 1 => needed.clone().map(cost).fold(0, u32::saturating_add),
            more => whole.saturating_mul(more),
        };
        // The group that is read next must be ready in time as well.
        let after = entry.after(frames);
        let (next, callbacks) = match Voice::<W>::group(after.t()) {
            current if needed.clone().all(|group| group != current) => (current, 0),
            _ => ahead::<W>(&after, frames),
        };
        let later = (budget / 4).saturating_mul(callbacks.saturating_mul(3).saturating_add(2));
        if now > budget || cost(next) > (budget - now).saturating_add(later) {
            self.pending = Some(pending);
            return;
        }
        for group in needed {
            voice.work(group, u32::MAX, begin, &mut self.spent, None);
        }
        self.adopt(pending, entry);
    }

    fn adopt(&mut self, pending: Pending<W>, entry: Position) {
        let before = self.position;
        let (interpolation, clock) = (self.settings.interpolation, self.settings.clock);
        self.position = entry;
        let places = self.settings.notes.map(|_| self.places);
        self.settle(pending.change.id, pending.change.settings);
        let Some(start) = pending.change.start else {
            return;
        };
        self.program = Some(pending.change.id);
        self.counters.set_last_offloaded(false);
        if let Some(old) = self.playing.replace(start.voice) {
            if start.fade {
                self.fading = Some(Fading {
                    voice: old,
                    frames_left: self.fade_frames(),
                    position: before,
                    interpolation,
                    clock,
                    places,
                    last: self.last,
                });
            } else {
                self.inbox.give_back(old);
            }
        }
        self.counters.add_swap();
    }

    fn fade_frames(&self) -> u32 {
        (FADE_SECONDS * self.platform.rate as f32) as u32
    }

    /// Returns the exact frame k of a part, at the position, and advances; none if the
    /// sample is missing and cannot be evaluated within the budget.
    #[inline]
    fn frame<const C: usize>(&mut self, budget: u32, k: usize) -> Option<[f32; C]> {
        let voice = self.playing.as_mut()?;
        if let Some(live) = &voice.live {
            self.position.step_by(self.settings.clock);
            return Some(match self.settings.notes {
                Some(_) => live.sum(self.places.used_mut(), k),
                None => live.frame(k),
            });
        }
        let (cost, spent) = (&self.platform.cost, &mut self.spent);
        let frame = interpolate(&self.position, self.settings.interpolation, |t| {
            let sample = voice.sample(t);
            sample.or_else(|| missing(voice, t, budget, cost, spent))
        });
        self.position.step();
        frame
    }

    /// Mixes frame k of a part with the fading voice, which plays the samples that it has.
    #[inline]
    fn faded<const C: usize>(&mut self, new: [f32; 2], k: usize) -> [f32; 2] {
        let Some(fading) = &mut self.fading else {
            return new;
        };
        let old = match (&fading.voice.live, &mut fading.places) {
            (Some(live), Some(places)) => Some(live.sum::<C>(places.used_mut(), k)),
            (Some(live), None) => Some(live.frame(k)),
            (None, _) => interpolate(&fading.position, fading.interpolation, |t| {
                fading.voice.sample::<C>(t)
            }),
        };
        fading.position.step_by(fading.clock);
        fading.last = old.map_or(fading.last, both);
        let part = fading.frames_left as f32 / (FADE_SECONDS * self.platform.rate as f32);
        fading.frames_left = fading.frames_left.saturating_sub(1);
        std::array::from_fn(|channel| new[channel] + (fading.last[channel] - new[channel]) * part)
    }

    /// Spends the rest of the budget: first on the playing voice, then on a pending change.
    fn work_ahead(&mut self, frames: u32, budget: u32) {
        if self.fading.as_ref().is_some_and(|f| f.frames_left == 0) {
            if let Some(fading) = self.fading.take() {
                self.inbox.give_back(fading.voice);
            }
        }
        if self.pending.is_none() && self.is_ahead(frames) {
            return;
        }
        let (mut next, mut callbacks) = ahead::<W>(&self.position, frames);
        let room = self.room(budget);
        let begin = self.platform.cost.group_gates();
        let mut done = true;
        if let Some(voice) = self.playing.as_mut().filter(|voice| !voice.is_live()) {
            // A group that the next callback needs comes first, and is finished before
            // any later one.
            let mut read = groups::<W>(&self.position, frames, self.settings.interpolation);
            if let Some(missing) = read.find(|group| !voice.has(*group)) {
                (next, callbacks) = (missing, 0);
            }
            // Evenly until it is read, but fast enough that a change of speed finds it
            // ready.
            let share = (voice.left(next) / callbacks.max(1) + 1).max(budget / 4);
            let before = self.spent;
            done = voice.work(
                next,
                share.saturating_add(begin).min(room),
                begin,
                &mut self.spent,
                self.offload.as_deref_mut(),
            );
            if self.spent.groups > before.groups {
                let offloaded = self.spent.offloaded > before.offloaded;
                self.counters.set_last_offloaded(offloaded);
            }
        }
        // The playing voice works on one group at a time.
        let starts = |pending: &Pending<W>| pending.change.start.is_some();
        if self.pending.as_ref().is_some_and(|it| done || starts(it)) {
            if let Some(mut pending) = self.pending.take() {
                self.prepare(&mut pending, frames, self.room(budget));
                self.pending = Some(pending);
            }
        }
    }

    /// Returns whether the playing voice has the groups that the next callback reads, and the
    /// one after the position's.
    fn is_ahead(&self, frames: u32) -> bool {
        self.playing.as_ref().is_none_or(|voice| {
            let position = &self.position;
            let backwards = position.backwards();
            voice.is_live()
                || (voice.has(neighbour::<W>(Voice::<W>::group(position.t()), backwards))
                    && groups::<W>(position, frames, self.settings.interpolation)
                        .all(|group| voice.has(group)))
        })
    }

    /// Requests the group after the CPU's next one from the other processor, at paces that
    /// it keeps up with.
    fn request_ahead(&mut self, frames: u32) {
        let (Some(offload), Some(voice)) = (&mut self.offload, &self.playing) else {
            return;
        };
        if voice.is_live() {
            return;
        }
        let (next, _) = ahead::<W>(&self.position, frames);
        let arrived = offload.holds(next) && !voice.has_started(next);
        if self.position.pace(frames) <= offload.max_pace() && !arrived {
            offload.request(neighbour::<W>(next, self.position.backwards()));
        }
        self.spent.exchange_ns = offload.exchange_ns();
    }

    /// Returns the gates that the callback may still evaluate.
    fn room(&self, budget: u32) -> u32 {
        budget.saturating_sub(self.platform.cost.gates(&self.spent))
    }

    /// Evaluates the group with which a pending change will begin: the one being played if
    /// that is ready in time, otherwise the next. Until then, the position moves by the old
    /// settings.
    fn prepare(&mut self, pending: &mut Pending<W>, frames: u32, gates: u32) {
        let entry = self.entry(pending);
        let current = Voice::<W>::group(entry.t());
        let start = pending.change.start.as_ref();
        let seeks = start.is_some_and(|start| start.seek.is_some());
        let stands = seeks || self.playing.is_none();
        let motion = if stands { &entry } else { &self.position };
        let (next, callbacks) = ahead::<W>(motion, frames);
        let begin = self.platform.cost.group_gates();
        let voice = match (&mut pending.change.start, &mut self.playing) {
            (Some(start), _) => &mut start.voice,
            (None, Some(playing)) => playing,
            (None, None) => return,
        };
        let target = match pending.target {
            Some(target) if target == current || target == next => target,
            _ => {
                let needed = voice.left(current) / gates.max(1) + 1;
                if stands || needed < callbacks {
                    current
                } else {
                    next
                }
            }
        };
        pending.target = Some(target);
        let target = if voice.has(target) {
            // Another group that it will read in this callback, or the one after.
            groups::<W>(&entry, frames, pending.change.settings.interpolation)
                .find(|group| !voice.has(*group) && *group != current)
                .unwrap_or(neighbour::<W>(target, entry.backwards()))
        } else {
            target
        };
        voice.work(target, gates, begin, &mut self.spent, None);
    }
}

/// Evaluates a group while it is read, if that fits the budget. Returns the frame at time t.
#[cold]
fn missing<W: Word, const C: usize>(
    voice: &mut Voice<W>,
    t: u32,
    budget: u32,
    cost: &Cost,
    spent: &mut Spent,
) -> Option<[f32; C]> {
    let room = budget.saturating_sub(cost.gates(spent));
    let group = Voice::<W>::group(t);
    voice.work(group, room, cost.group_gates(), spent, None);
    voice.sample(t)
}

/// Returns the group that is read after the one at a position, and the number of callbacks
/// until then.
fn ahead<W: Word>(position: &Position, frames: u32) -> (u32, u32) {
    let backwards = position.backwards();
    let lane = position.t() % W::LANES as u32;
    let samples = if backwards {
        lane
    } else {
        W::LANES as u32 - 1 - lane
    };
    let callbacks = samples.checked_div(position.pace(frames));
    let next = neighbour::<W>(Voice::<W>::group(position.t()), backwards);
    (next, callbacks.unwrap_or(u32::MAX))
}

/// Returns the next group, or the previous one if time runs backwards.
fn neighbour<W: Word>(group: u32, backwards: bool) -> u32 {
    let t = group.wrapping_mul(W::LANES as u32);
    let step = if backwards {
        -(W::LANES as i32)
    } else {
        W::LANES as i32
    };
    Voice::<W>::group(t.wrapping_add_signed(step))
}

/// Most groups that a voice needs before it begins; it stores no more.
const MAX_GROUPS: usize = 3;

/// Returns the groups that a callback reads, in order, at most [`MAX_GROUPS`].
fn groups<W: Word>(
    entry: &Position,
    frames: u32,
    interpolation: Interpolation,
) -> impl Iterator<Item = u32> + Clone {
    let backwards = entry.backwards();
    let last = entry.after(frames.saturating_sub(1)).t();
    let (mut first, mut last) = (entry.t(), last);
    if interpolation == Interpolation::Linear {
        // Interpolation also reads the sample after the latest one.
        let latest = if backwards { &mut first } else { &mut last };
        *latest = latest.wrapping_add(1);
    }
    let (first, last) = (Voice::<W>::group(first), Voice::<W>::group(last));
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let group = next?;
        next = (group != last).then(|| neighbour::<W>(group, backwards));
        Some(group)
    })
    .take(MAX_GROUPS)
}

/// Returns the frame at a position. Of samples of eight bits, it is exact: whole numbers of
/// at most 24 bits fit in a float. Of more, each operation is rounded to nearest.
#[inline]
fn interpolate<const C: usize>(
    position: &Position,
    interpolation: Interpolation,
    mut sample: impl FnMut(u32) -> Option<[f32; C]>,
) -> Option<[f32; C]> {
    let here = sample(position.t())?;
    match interpolation {
        Interpolation::Hold => Some(here),
        Interpolation::Linear => {
            let there = sample(position.t().wrapping_add(1))?;
            let fraction = position.fraction() as f32 / 65_536.0;
            Some(std::array::from_fn(|channel| {
                here[channel] + (there[channel] - here[channel]) * fraction
            }))
        }
    }
}

/// Returns a frame of one or two channels as both.
#[inline]
fn both<const C: usize>(frame: [f32; C]) -> [f32; 2] {
    [frame[0], frame[C - 1]]
}
