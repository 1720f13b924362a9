//! Requests of the audio thread for the player, which need no memory.

use std::sync::Arc;

use instrument::layout::{Area, Point};
use instrument::parameters::Key;
use instrument::{Command, State};
use logicnet::{Mask, Network};
use midi::{Event, Port};

/// Most requests that wait for the player.
pub const MAX_REQUESTS: usize = 1024;

/// A request of the audio thread.
#[derive(Clone, Debug)]
pub enum Request {
    /// Bends a node, or frees it.
    Bend(u32, Option<Mask>),
    /// Touches the pad with one finger: x, y, and its size as part of the largest one; or
    /// lifts it.
    Touch(Option<[f32; 3]>),
    /// Moves a control, by its number, to a position from 0 to 1.
    Control(u32, f32),
    /// Sets a parameter, to the nearest value in its range.
    Set(Key, i32),
    /// Jumps to a network time.
    Seek(u32),
    /// Plays the message of these bytes, of which the last ones may be unused.
    Midi([u8; 3], u8),
    /// Plays another network.
    Network(Arc<Network>),
}

impl Request {
    /// Returns whether a request of the same kind directly after this one replaces it.
    pub(crate) fn is_replaced_by(&self, later: &Request) -> bool {
        match (self, later) {
            (Request::Control(a, _), Request::Control(b, _)) => a == b,
            (Request::Set(a, _), Request::Set(b, _)) => a == b,
            (Request::Touch(Some(_)), Request::Touch(Some(_)))
            | (Request::Seek(_), Request::Seek(_)) => true,
            _ => false,
        }
    }

    /// Returns the command that the request is for, at a time in nanoseconds.
    ///
    /// # Errors
    /// Returns a message if there is no such control.
    pub(crate) fn command(
        self,
        state: &State,
        port: &mut Port,
        now: u64,
    ) -> Result<Command, String> {
        Ok(match self {
            Request::Bend(node, mask) => Command::bend(node, mask),
            Request::Touch(finger) => Command::Touch(finger.map(|[x, y, size]| {
                let within = |x: f32| {
                    if x.is_finite() {
                        x.clamp(0.0, 1.0)
                    } else {
                        0.0
                    }
                };
                Area::Finger(Point::new(within(x), within(y)), within(size))
            })),
            Request::Control(control, position) => {
                let mut names = state.control_names();
                let count = names.by_ref().count();
                let name = state.control_names().nth(control as usize);
                let name =
                    name.ok_or_else(|| format!("no control {control}; this network has {count}"))?;
                let position = if position.is_finite() { position } else { 0.0 };
                Command::Control(name.into(), f64::from(position).clamp(0.0, 1.0))
            }
            Request::Set(key, value) => Command::Set(key, value),
            Request::Seek(t) => Command::Seek(t),
            Request::Midi(bytes, length) => {
                let mut events: Vec<Event> = Vec::new();
                port.receive(&bytes[..usize::from(length.min(3))], now, &mut events);
                Command::Midi(events)
            }
            Request::Network(network) => Command::Load(Box::new((*network).clone())),
        })
    }
}
