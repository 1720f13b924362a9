//! The audio side: turns programs into sound, callback by callback.
//!
//! Owns the playing program, network time and the output. After [`Engine::new`]
//! nothing here allocates, locks, calls the system, wakes a thread, panics or
//! loops without bound: [`Engine::render`] is fit for a real-time thread. It
//! never asks a clock; time is the frames that were rendered.
//!
//! A callback evaluates at most a budget of gates, a quarter of its time by the
//! platform's figures. The group of lanes after the one being played is
//! evaluated ahead, in slices. A new program first evaluates the group being
//! played; where that fits the budget it sounds in the same callback, else the
//! old one plays on until it is ready.

#![deny(unsafe_code)]
#![cfg_attr(rtsan, feature(sanitize))]

mod cost;
mod counters;
mod handover;
mod offload;
mod output;
mod position;
mod tap;
mod voice;

use std::sync::Arc;

use logicnet::Word;

pub use cost::{Cost, Platform, Spent, TooSlow};
pub use counters::Counters;
pub use handover::{Change, Handover, Start};
pub use offload::{Offload, OffloadedGroup};
pub use tap::{TapReader, TapWriter, tap};
pub use voice::Voice;

use handover::{Inbox, handover};
use output::{FADE_SECONDS, Output};
use position::Position;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// How samples of the network become frames of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// Each sample stands until the next: the sharp sound of old machines.
    #[default]
    Hold,
    /// A straight line from each sample to the next.
    Linear,
}

/// What of the sound is no program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Network samples a second, 1..=768,000.
    pub rate: u32,
    /// Speed of time in hundredths, -400..=400; negative runs backwards.
    pub speed: i32,
    /// Between samples.
    pub interpolation: Interpolation,
    /// Level of the output, 0.0..=1.0.
    pub level: f32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            rate: logicnet::DEFAULT_SAMPLE_RATE,
            speed: 100,
            interpolation: Interpolation::Hold,
            level: 0.0,
        }
    }
}

/// A change that is getting ready while the old sound plays.
#[derive(Debug)]
struct Pending<W> {
    id: u32,
    /// Without a new voice, the playing one gets ready for the settings.
    start: Option<Start<W>>,
    settings: Settings,
    /// The group it works on, when that takes several callbacks.
    target: Option<u32>,
}

/// An old voice that fades out, and the frames it still has.
#[derive(Debug)]
struct Fading<W> {
    voice: Box<Voice<W>>,
    frames_left: u32,
    /// Where it reads, at its own rate and speed.
    position: Position,
    interpolation: Interpolation,
    last: f32,
}

/// The audio thread's side of the instrument, for lanes `W`.
#[derive(Debug)]
pub struct Engine<W> {
    platform: Platform,
    inbox: Inbox<W>,
    counters: Arc<Counters>,
    /// The id of the change that was made last.
    change: Option<u32>,
    playing: Option<Box<Voice<W>>>,
    /// The id of the change that scope the program that plays.
    program: Option<u32>,
    /// Another processor that evaluates ahead, if there is one.
    offload: Option<Box<dyn Offload<W>>>,
    pending: Option<Pending<W>>,
    fading: Option<Fading<W>>,
    position: Position,
    settings: Settings,
    muted: bool,
    output: Output,
    last: f32,
    spent: Spent,
}

impl<W: Word> Engine<W> {
    /// An engine that is silent until a change gives it a voice and a level,
    /// and the other end of its rings.
    pub fn new(platform: Platform) -> (Engine<W>, Handover<W>) {
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
            settings: Settings::default(),
            muted: false,
            output: Output::new(platform.rate),
            last: 0.0,
            spent: Spent::default(),
        };
        (engine, handover)
    }

    /// What it was made for.
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// The counters, for other threads.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// The id of the change that was made last: what sounds.
    pub fn change(&self) -> Option<u32> {
        self.change
    }

    /// Fades out (or in again), within some 20 ms; for a clean end.
    pub fn mute(&mut self, muted: bool) {
        self.muted = muted;
        self.set_level();
    }

    /// Whether the output is silent and stays so.
    pub fn silent(&self) -> bool {
        self.output.silent()
    }

    /// What the last callback has spent.
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

    /// Renders the next frames, one channel, within +-0.95.
    pub fn render(&mut self, out: &mut [f32]) {
        self.render_tapped(out, |_| {});
    }

    /// Renders, and shows `tap` each exact frame, (s - 128) / 128, before what
    /// is done for loudspeakers.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn render_tapped(&mut self, out: &mut [f32], mut tap: impl FnMut(f32)) {
        let frames = out.len() as u32;
        self.spent = Spent {
            frames,
            ..Spent::default()
        };
        let budget = self.platform.budget(frames);
        self.receive();
        self.try_pending(frames, budget);
        if let Some(offload) = &mut self.offload {
            offload.poll(self.program);
        }

        let mut starved = 0;
        for out in out.iter_mut() {
            match self.frame(budget) {
                Some(frame) => self.last = frame,
                None => starved += u32::from(self.playing.is_some()),
            }
            tap(self.last);
            let mixed = self.faded(self.last);
            *out = self.output.next(mixed);
        }
        if starved > 0 {
            self.counters.add_starved(starved);
        }
        self.work_ahead(frames, budget);
        self.ask_ahead(frames);
        self.counters.add_groups(self.spent);
        self.counters.add_block(self.position.t());
    }

    /// The platform has measured or estimated how long the callback took, in
    /// thousandths of the time its block lasts.
    pub fn report_load(&self, load: u32) {
        self.counters.report_load(load);
    }

    /// Takes at most one change, and none while another gets ready or the old
    /// voice could not be given back.
    fn receive(&mut self) {
        if self.pending.is_some() || !self.inbox.has_room() {
            return;
        }
        let Some(change) = self.inbox.next() else {
            return;
        };
        self.pending = Some(Pending {
            id: change.id,
            start: change.start,
            settings: change.settings,
            target: None,
        });
    }

    fn settle(&mut self, id: u32, settings: Settings) {
        self.change = Some(id);
        self.settings = settings;
        self.position.set_step(settings.rate, settings.speed);
        self.set_level();
    }

    fn set_level(&mut self) {
        let level = if self.muted { 0.0 } else { self.settings.level };
        self.output.set_level(level);
    }

    /// Where a pending change would begin.
    fn entry(&self, pending: &Pending<W>) -> Position {
        let mut entry = self.position;
        if let Some(t) = pending.start.as_ref().and_then(|start| start.seek) {
            entry.seek(t);
        }
        entry.set_step(pending.settings.rate, pending.settings.speed);
        entry
    }

    /// Makes the pending change if its voice has, or can make within the budget,
    /// what this callback needs.
    fn try_pending(&mut self, frames: u32, budget: u32) {
        let Some(mut pending) = self.pending.take() else {
            return;
        };
        // A fade is finished before another one begins.
        let fades = pending.start.as_ref().is_some_and(|start| start.fade);
        if fades && self.fading.is_some() {
            self.pending = Some(pending);
            return;
        }
        let entry = self.entry(&pending);
        let voice = match (&mut pending.start, &mut self.playing) {
            (Some(start), _) => &mut start.voice,
            (None, Some(playing)) => playing,
            (None, None) => {
                self.settle(pending.id, pending.settings);
                return;
            }
        };
        let needed = groups::<W>(&entry, frames, pending.settings.interpolation);
        let begin = self.platform.cost.group_gates();
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
        // It must also have, in time, the group that is read next.
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
        let interpolation = self.settings.interpolation;
        self.position = entry;
        self.settle(pending.id, pending.settings);
        let Some(start) = pending.start else {
            return;
        };
        self.program = Some(pending.id);
        self.counters.set_last_offloaded(false);
        if let Some(old) = self.playing.replace(start.voice) {
            if start.fade {
                self.fading = Some(Fading {
                    voice: old,
                    frames_left: self.fade_frames(),
                    position: before,
                    interpolation,
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

    /// The exact frame at the position, which moves on; none when no sample is
    /// there and none can be made within the budget.
    #[inline]
    fn frame(&mut self, budget: u32) -> Option<f32> {
        let voice = self.playing.as_mut()?;
        let begin = self.platform.cost.group_gates();
        let mut sample = |t: u32| {
            if let Some(sample) = voice.sample(t) {
                return Some(sample);
            }
            let begun = self.spent.groups * begin;
            let room = budget.saturating_sub(self.spent.gates + begun);
            voice.work(Voice::<W>::group(t), room, begin, &mut self.spent, None);
            voice.sample(t)
        };
        let frame = interpolate(&self.position, self.settings.interpolation, &mut sample);
        self.position.step();
        frame
    }

    /// A frame with what is left of the old voice, which plays what it has.
    #[inline]
    fn faded(&mut self, new: f32) -> f32 {
        let Some(fading) = &mut self.fading else {
            return new;
        };
        let old = interpolate(&fading.position, fading.interpolation, |t| {
            fading.voice.sample(t)
        });
        fading.position.step();
        fading.last = old.unwrap_or(fading.last);
        let part = fading.frames_left as f32 / (FADE_SECONDS * self.platform.rate as f32);
        fading.frames_left = fading.frames_left.saturating_sub(1);
        new + (fading.last - new) * part
    }

    /// Spends what is left of the budget: first on what plays, then on what
    /// shall play.
    fn work_ahead(&mut self, frames: u32, budget: u32) {
        if self.fading.as_ref().is_some_and(|f| f.frames_left == 0) {
            if let Some(fading) = self.fading.take() {
                self.inbox.give_back(fading.voice);
            }
        }
        let (mut next, mut callbacks) = ahead::<W>(&self.position, frames);
        let room = self.room(budget);
        let begin = self.platform.cost.group_gates();
        let mut done = true;
        if let Some(voice) = &mut self.playing {
            // What the next callback lacks comes first; what was begun of it is
            // not thrown away for what is read later.
            let mut read = groups::<W>(&self.position, frames, self.settings.interpolation);
            if let Some(missing) = read.find(|group| !voice.has(*group)) {
                (next, callbacks) = (missing, 0);
            }
            // Evenly until it is read, but not so slowly that a change of speed
            // could find it undone.
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
        let room = self.room(budget);
        if let Some(mut pending) = self.pending.take() {
            // The playing voice works on one group at a time.
            if done || pending.start.is_some() {
                self.get_ready(&mut pending, frames, room);
            }
            self.pending = Some(pending);
        }
    }

    /// Requests the group after the CPU's next one from the other processor, at paces that
    /// it keeps up with.
    fn ask_ahead(&mut self, frames: u32) {
        let (Some(offload), Some(voice)) = (&mut self.offload, &self.playing) else {
            return;
        };
        let (next, _) = ahead::<W>(&self.position, frames);
        let waits = offload.holds(next) && !voice.has_begun(next);
        if self.position.pace(frames) <= offload.max_pace() && !waits {
            offload.request(neighbour::<W>(next, self.position.backwards()));
        }
        self.spent.exchange_ns = offload.exchange_ns();
    }

    /// Gates that the callback may still evaluate.
    fn room(&self, budget: u32) -> u32 {
        let begun = self.spent.groups * self.platform.cost.group_gates();
        budget.saturating_sub(self.spent.gates + begun)
    }

    /// Works on the group with which a pending change will begin: the one being
    /// played if that will be in time, else the next. Until then the position
    /// moves as the old settings say.
    fn get_ready(&mut self, pending: &mut Pending<W>, frames: u32, gates: u32) {
        let entry = self.entry(pending);
        let current = Voice::<W>::group(entry.t());
        let seeks = pending
            .start
            .as_ref()
            .is_some_and(|start| start.seek.is_some());
        let stands = seeks || self.playing.is_none();
        let motion = if stands { &entry } else { &self.position };
        let (next, callbacks) = ahead::<W>(motion, frames);
        let begin = self.platform.cost.group_gates();
        let voice = match (&mut pending.start, &mut self.playing) {
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
            // What it will read besides, or else afterwards.
            groups::<W>(&entry, frames, pending.settings.interpolation)
                .find(|group| !voice.has(*group) && *group != current)
                .unwrap_or(neighbour::<W>(target, entry.backwards()))
        } else {
            target
        };
        voice.work(target, gates, begin, &mut self.spent, None);
    }
}

/// The group that is read after the one at a position, and in how many
/// callbacks from now on it is not read yet.
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

/// The group after one, or before it when time runs backwards.
fn neighbour<W: Word>(group: u32, backwards: bool) -> u32 {
    let t = group.wrapping_mul(W::LANES as u32);
    let step = if backwards {
        -(W::LANES as i32)
    } else {
        W::LANES as i32
    };
    Voice::<W>::group(t.wrapping_add_signed(step))
}

/// Most groups that a voice must have before it begins; it keeps no more.
const MOST_GROUPS: usize = 3;

/// The groups that a callback reads, in order, up to as many as are kept.
fn groups<W: Word>(
    entry: &Position,
    frames: u32,
    interpolation: Interpolation,
) -> impl Iterator<Item = u32> + Clone {
    let backwards = entry.backwards();
    let last = entry.after(frames.saturating_sub(1)).t();
    let (mut first, mut last) = (entry.t(), last);
    if interpolation == Interpolation::Linear {
        // The sample after the latest one is read, too.
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
    .take(MOST_GROUPS)
}

/// The level of each sample, (s - 128) / 128: a load is cheaper than a
/// conversion where scalar floats are slow.
const LEVELS: [f32; 256] = {
    let mut levels = [0.0; 256];
    let mut sample = 0;
    while sample < levels.len() {
        levels[sample] = (sample as f32 - 128.0) / 128.0;
        sample += 1;
    }
    levels
};

/// The frame at a position, exactly: whole numbers of 24 bits, which a float
/// holds.
#[inline]
fn interpolate(
    position: &Position,
    interpolation: Interpolation,
    mut sample: impl FnMut(u32) -> Option<u8>,
) -> Option<f32> {
    let here = sample(position.t())?;
    match interpolation {
        Interpolation::Hold => Some(LEVELS[usize::from(here)]),
        Interpolation::Linear => {
            let here = i32::from(here);
            let there = i32::from(sample(position.t().wrapping_add(1))?);
            let between = (there - here) * position.fraction() as i32;
            Some(((here - 128) * 65_536 + between) as f32 / 8_388_608.0)
        }
    }
}
