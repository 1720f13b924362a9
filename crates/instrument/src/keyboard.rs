//! The keyboard: keys that are held, and the voices that sound them.
//!
//! The voices sound the keys that were pressed last. When one of them is released, the
//! newest key that is held without a voice takes its place: with one voice, this is the
//! last-note priority of early synthesizers. A key that is held by the sustain pedal counts
//! as held.

/// Most voices.
pub const MAX_VOICES: usize = 8;
/// Channels of MIDI.
const CHANNELS: usize = 16;

/// A key: its channel, 0 to 15, and its note, 0 to 127.
pub type Key = (u8, u8);

/// A voice: the key that it sounds, or has sounded last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voice {
    /// The key.
    pub key: Key,
    /// Its velocity, 1 to 127.
    pub velocity: u8,
    /// True while the key is held, by a finger or by the pedal.
    pub gate: bool,
    /// The number of the press that restarted the voice's time; another one for each press.
    pub strike: u32,
    /// The number of the change that opened or closed the gate.
    changed: u64,
}

/// A key that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    key: Key,
    velocity: u8,
    /// True if a finger holds it, false if only the pedal does.
    is_down: bool,
}

/// Keys, pedals and wheels of all channels, and the voices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyboard {
    /// Keys in the order in which they were pressed last; at most one entry a key.
    held: Vec<Held>,
    voices: [Option<Voice>; MAX_VOICES],
    /// The number of voices that may sound.
    count: usize,
    /// Channels whose sustain pedal is down, a bit each.
    pedals: u16,
    bends: [i16; CHANNELS],
    in_use: bool,
    strikes: u32,
    changes: u64,
}

impl Default for Keyboard {
    /// Creates a keyboard with one voice that has not been played.
    fn default() -> Keyboard {
        Keyboard {
            held: Vec::new(),
            voices: [None; MAX_VOICES],
            count: 1,
            pedals: 0,
            bends: [0; CHANNELS],
            in_use: false,
            strikes: 0,
            changes: 0,
        }
    }
}

impl Keyboard {
    /// Returns whether keys decide what sounds: from the first press on, until the network
    /// plays without keys again.
    pub fn in_use(&self) -> bool {
        self.in_use
    }

    /// Returns the voices by their place, the place being the same as long as a voice sounds.
    pub fn voices(&self) -> &[Option<Voice>; MAX_VOICES] {
        &self.voices
    }

    /// Returns the voice that was struck last among those that sound; if none does, the one
    /// that was released last.
    pub fn lead(&self) -> Option<&Voice> {
        let voices = || self.voices.iter().flatten();
        let newest = self.held.last();
        let newest = newest.and_then(|held| voices().find(|v| v.gate && v.key == held.key));
        newest.or_else(|| voices().max_by_key(|voice| voice.changed))
    }

    /// Returns the number of presses so far; wraps.
    pub fn strikes(&self) -> u32 {
        self.strikes
    }

    /// Returns the position of a channel's pitch wheel, -8192 to 8191.
    pub fn wheel(&self, channel: u8) -> i16 {
        self.bends[usize::from(channel) % CHANNELS]
    }

    /// Sets the number of voices, 1 to [`MAX_VOICES`].
    pub(super) fn set_count(&mut self, count: usize) {
        let count = count.clamp(1, MAX_VOICES);
        // Muted voices stay silent until a key is pressed or released.
        if count != self.count {
            self.count = count;
            self.assign();
        }
    }

    /// Presses a key, which restarts its voice.
    pub(super) fn press(&mut self, key: Key, velocity: u8) {
        self.in_use = true;
        self.held.retain(|held| held.key != key);
        self.held.push(Held {
            key,
            velocity,
            is_down: true,
        });
        self.assign();
        self.strikes = self.strikes.wrapping_add(1);
        let mut voices = self.voices.iter_mut().flatten();
        if let Some(voice) = voices.find(|voice| voice.gate && voice.key == key) {
            voice.velocity = velocity;
            voice.strike = self.strikes;
        }
    }

    /// Releases a key, unless the pedal holds it.
    pub(super) fn release(&mut self, key: Key) {
        let pedal = self.has_pedal(key.0);
        if let Some(index) = self.held.iter().position(|held| held.key == key) {
            if pedal {
                self.held[index].is_down = false;
            } else {
                self.held.remove(index);
                self.assign();
            }
        }
    }

    /// Moves the sustain pedal of a channel.
    pub(super) fn pedal(&mut self, channel: u8, is_down: bool) {
        let bit = 1 << (channel % CHANNELS as u8);
        if is_down {
            self.pedals |= bit;
        } else {
            self.pedals &= !bit;
            self.held
                .retain(|held| held.key.0 != channel || held.is_down);
            self.assign();
        }
    }

    /// Moves the pitch wheel of a channel.
    pub(super) fn turn_wheel(&mut self, channel: u8, bend: i16) {
        self.bends[usize::from(channel) % CHANNELS] = bend;
    }

    /// Releases all keys of a channel, unless the pedal holds them.
    pub(super) fn release_all(&mut self, channel: u8) {
        let pedal = self.has_pedal(channel);
        for held in &mut self.held {
            held.is_down &= held.key.0 != channel;
        }
        if !pedal {
            self.held.retain(|held| held.key.0 != channel);
        }
        self.assign();
    }

    /// Returns pedal and wheel of a channel to their rest.
    pub(super) fn reset_controllers(&mut self, channel: u8) {
        self.pedal(channel, false);
        self.turn_wheel(channel, 0);
    }

    /// Silences a channel: nothing is held, and no voice sounds on after its key.
    pub(super) fn silence(&mut self, channel: u8) {
        self.held.retain(|held| held.key.0 != channel);
        for voice in &mut self.voices {
            *voice = voice.filter(|voice| voice.key.0 != channel);
        }
        self.assign();
    }

    /// Silences all voices. Keys stay held, but none of them sounds until one is pressed or
    /// released.
    pub(super) fn mute(&mut self) {
        self.voices = [None; MAX_VOICES];
    }

    /// Silences everything, and returns pedals and wheels to their rest.
    pub(super) fn reset(&mut self) {
        *self = Keyboard {
            in_use: self.in_use,
            count: self.count,
            strikes: self.strikes,
            changes: self.changes,
            ..Keyboard::default()
        };
    }

    /// Ends the use of the keyboard: the instrument sounds as if no key had been pressed.
    pub(super) fn rest(&mut self) {
        self.reset();
        self.in_use = false;
    }

    fn has_pedal(&self, channel: u8) -> bool {
        self.pedals & 1 << (channel % CHANNELS as u8) != 0
    }

    /// Gives the newest keys that are held their voices. A voice that sounds keeps its place.
    /// A key without one takes its own last voice, an unused one, or else the one that was
    /// released first.
    fn assign(&mut self) {
        self.voices[self.count..].fill(None);
        let first = self.held.len().saturating_sub(self.count);
        let sounding = &self.held[first..];
        for voice in self.voices.iter_mut().flatten() {
            if voice.gate && !sounding.iter().any(|held| held.key == voice.key) {
                self.changes += 1;
                voice.gate = false;
                voice.changed = self.changes;
            }
        }
        for held in sounding {
            let sounds = |voice: &Voice| voice.gate && voice.key == held.key;
            if self.voices.iter().flatten().any(sounds) {
                continue;
            }
            let worth = |place: &usize| match &self.voices[*place] {
                Some(voice) if voice.gate => (3, voice.changed),
                Some(voice) if voice.key == held.key => (0, 0),
                None => (1, 0),
                Some(voice) => (2, voice.changed),
            };
            let place = (0..self.count).min_by_key(worth).unwrap_or(0);
            self.changes += 1;
            self.voices[place] = Some(Voice {
                key: held.key,
                velocity: held.velocity,
                gate: true,
                // The time of a voice goes on if its key was pressed before.
                strike: self.voices[place].map_or(0, |voice| voice.strike),
                changed: self.changes,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sounding(keyboard: &Keyboard) -> Vec<u8> {
        let voices = keyboard.voices().iter().flatten();
        let notes = voices.filter(|voice| voice.gate).map(|voice| voice.key.1);
        notes.collect()
    }

    #[test]
    fn the_last_note_sounds_and_returns_to_the_one_before() {
        let mut keyboard = Keyboard::default();
        keyboard.press((0, 60), 100);
        keyboard.press((0, 64), 90);
        assert_eq!(sounding(&keyboard), [64]);
        let strike = keyboard.lead().unwrap().strike;
        keyboard.release((0, 64));
        let lead = *keyboard.lead().unwrap();
        assert_eq!((lead.key, lead.velocity, lead.gate), ((0, 60), 100, true));
        assert_eq!(lead.strike, strike, "its time goes on");
        keyboard.release((0, 60));
        assert_eq!(sounding(&keyboard), [0; 0]);
        assert_eq!(keyboard.lead().map(|voice| voice.key.1), Some(60));
    }

    #[test]
    fn the_voice_that_was_released_first_is_taken_first() {
        let mut keyboard = Keyboard::default();
        keyboard.set_count(3);
        for note in [60, 62, 64] {
            keyboard.press((0, note), 100);
        }
        keyboard.release((0, 62));
        keyboard.release((0, 60));
        keyboard.press((0, 65), 100);
        let notes = keyboard
            .voices()
            .map(|voice| voice.map(|voice| voice.key.1));
        assert_eq!(notes[..3], [Some(60), Some(65), Some(64)]);
        // A key takes its own voice again, while that one is still there.
        keyboard.press((0, 60), 50);
        let first = keyboard.voices()[0].unwrap();
        assert_eq!((first.key.1, first.velocity, first.gate), (60, 50, true));
        // If all sound, the oldest key loses its voice.
        keyboard.press((0, 67), 100);
        let notes = keyboard
            .voices()
            .map(|voice| voice.map(|voice| voice.key.1));
        assert_eq!(notes[..3], [Some(60), Some(65), Some(67)]);
    }

    #[test]
    fn the_pedal_holds_keys_of_its_channel() {
        let mut keyboard = Keyboard::default();
        keyboard.set_count(8);
        keyboard.pedal(0, true);
        for key in [(0, 60), (1, 62)] {
            keyboard.press(key, 100);
            keyboard.release(key);
        }
        assert_eq!(sounding(&keyboard), [60]);
        keyboard.release_all(0);
        assert_eq!(sounding(&keyboard), [60]);
        keyboard.pedal(0, false);
        assert_eq!(sounding(&keyboard), [0; 0]);
        keyboard.pedal(0, true);
        keyboard.press((0, 60), 100);
        keyboard.silence(0);
        keyboard.silence(1);
        assert_eq!((sounding(&keyboard), keyboard.lead()), (vec![], None));
        assert!(keyboard.in_use());
        keyboard.rest();
        assert!(!keyboard.in_use());
    }
}
