//! MIDI messages: keys, pedals, wheels, controllers, programs and the clock.

use midi::{Event, Message};

use super::change::{Affects, Change, Outcome};
use super::{Instrument, calibration, controls};
use crate::controllers::Destination;
use crate::parameters::{ClockUse, Key};
use crate::state::State;

/// Value of the sustain pedal from which on it is down.
const PEDAL_DOWN: u8 = 64;
/// Value of a controller at the end of its range.
const MOST: u8 = 127;

impl Instrument {
    /// Plays messages. The sound follows all of them together.
    pub(super) fn receive(&self, state: &mut State, events: &[Event]) -> Change {
        let mut change = Change::default();
        state.set_voices();
        for event in events {
            if !play_key(state, event.message) {
                change = change.and(self.play_other(state, event));
            }
        }
        change.and(self.struck(state)).and(self.heard(state))
    }

    /// Returns the present state after the keys, pedals and wheels of some messages alone, and
    /// the change: the whole of the messages cannot be played, for this reason. A key that is
    /// released must be silent nevertheless.
    pub(super) fn keys_alone(&self, events: &[Event], problem: &str) -> (State, Change) {
        let mut state = (*self.state).clone();
        state.set_voices();
        for event in events {
            play_key(&mut state, event.message);
        }
        state.notify(problem.to_string());
        let change = self.struck(&mut state).and(self.heard(&state));
        (state, change)
    }

    /// Returns the change of time if keys were pressed since the present state.
    fn struck(&self, state: &mut State) -> Change {
        let is_struck = state.keyboard.strikes() != self.state.keyboard.strikes();
        if !is_struck || !state.retriggers() {
            return Change::default();
        }
        Change {
            seek: Some(state.seek(0)),
            ..Change::new(Affects::Program)
        }
    }

    /// Returns the change of what is heard of the same network since the present state, apart
    /// from masks and time.
    pub(super) fn heard(&self, state: &State) -> Change {
        // Controls that keys move are those without keys, too, once none of them sounds.
        let controls = |state: &State| (state.control_values(), state.control_values_of(None));
        Change::if_changed(controls(&self.state) != controls(state), Affects::Program).and(
            Change::if_changed(self.state.playback() != state.playback(), Affects::Settings),
        )
    }

    /// Does what a message says that does not play a key.
    fn play_other(&self, state: &mut State, event: &Event) -> Change {
        match event.message {
            Message::Controller {
                channel,
                controller,
                value,
            } if hears(state, channel) => self.move_controller(state, controller, value),
            Message::Program { channel, program } if hears(state, channel) => {
                let name = state.presets.get(usize::from(program)).cloned();
                let recalled = name
                    .ok_or_else(|| format!("there is no preset {}", program + 1))
                    .and_then(|name| self.recall_preset(state, &name));
                recalled.unwrap_or_else(|problem| {
                    state.notify(problem);
                    Change::default()
                })
            }
            message if state.parameters.clock_use() != ClockUse::Off => {
                follow_clock(state, message, event.at)
            }
            _ => Change::default(),
        }
    }

    fn move_controller(&self, state: &mut State, controller: u8, value: u8) -> Change {
        if state.controllers.learned(controller) {
            return calibration::save(state);
        }
        match state.controllers.destination(controller).cloned() {
            Some(Destination::Parameter(key)) => {
                let before = state.parameters.get(key);
                let part = f32::from(value) / f32::from(MOST);
                state.parameters.set_part(key, part);
                if state.parameters.get(key) == before {
                    Change::default()
                } else {
                    controls::parameter_set(state, key)
                }
            }
            Some(Destination::Control(name)) => {
                let position = f64::from(value) / f64::from(MOST);
                // Another network may lack the control.
                let set = self.set_control(state, &name, position);
                set.unwrap_or_default()
            }
            None => Change::default(),
        }
    }
}

/// Disconnects a destination from its controller.
pub fn forget(state: &mut State, destination: &Destination) -> Outcome {
    if state.controllers.forget(destination) {
        Ok(calibration::save(state))
    } else {
        Err(format!("no MIDI controller moves {destination}"))
    }
}

/// Returns whether the instrument hears a channel.
fn hears(state: &State, channel: u8) -> bool {
    let only = state.parameters.get(Key::Channel);
    only == 0 || only == i32::from(channel) + 1
}

/// Plays a message of keys, pedals or wheels; returns false if it is another one. What ends
/// notes counts on all channels: the player may have chosen another one meanwhile.
fn play_key(state: &mut State, message: Message) -> bool {
    let is_heard = message
        .channel()
        .is_none_or(|channel| hears(state, channel));
    let keyboard = &mut state.keyboard;
    match message {
        Message::NoteOn {
            channel,
            note,
            velocity,
        } => {
            if is_heard {
                keyboard.press((channel, note), velocity);
            }
        }
        Message::NoteOff { channel, note } => keyboard.release((channel, note)),
        Message::PitchBend { channel, bend } => {
            if is_heard {
                keyboard.turn_wheel(channel, bend);
            }
        }
        Message::Controller {
            channel,
            controller,
            value,
        } => match controller {
            Message::PEDAL => {
                let is_down = value >= PEDAL_DOWN;
                if is_heard || !is_down {
                    keyboard.pedal(channel, is_down);
                }
            }
            Message::ALL_SOUND_OFF => keyboard.silence(channel),
            Message::RESET_CONTROLLERS => keyboard.reset_controllers(channel),
            Message::ALL_NOTES_OFF.. => keyboard.release_all(channel),
            _ => return false,
        },
        Message::Reset => keyboard.reset(),
        _ => return false,
    }
    true
}

/// Follows the messages of a clock, at a time in nanoseconds.
fn follow_clock(state: &mut State, message: Message, at: u64) -> Change {
    let t = match message {
        Message::Clock => {
            let bar = state.parameters.get(Key::Bar) as u32;
            let begun = state.tempo.pulse(at, bar).filter(|_| state.playing);
            match (begun, state.parameters.clock_use()) {
                (Some(_), ClockUse::Bar) => 0,
                (Some(quarters), ClockUse::Tempo) => {
                    quarters.wrapping_mul(state.parameters.get(Key::Quarter) as u32)
                }
                _ => return Change::default(),
            }
        }
        Message::Start => {
            state.tempo.start();
            state.playing = true;
            0
        }
        Message::Continue => {
            state.tempo.resume();
            state.playing = true;
            return Change::default();
        }
        Message::Stop => {
            state.tempo.stop();
            state.playing = false;
            return Change::default();
        }
        _ => return Change::default(),
    };
    Change {
        seek: Some(state.seek(t)),
        ..Change::new(Affects::Program)
    }
}
