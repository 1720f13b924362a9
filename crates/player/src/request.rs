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

/// Returns the requests that remain if newer ones replace older ones with the same effect:
/// in a series of controls and parameters, the last one of each; in a series of touches or
/// of times, the last one.
pub(crate) fn merged(requests: Vec<Request>) -> Vec<Request> {
    // From the last one on; those of the present series begin at `series`.
    let mut kept: Vec<Request> = Vec::new();
    let mut series = 0;
    for request in requests.into_iter().rev() {
        let mut later = kept[series..].iter();
        if !later.all(|later| request.is_of_series(later)) {
            series = kept.len();
        }
        let mut later = kept[series..].iter();
        if !later.any(|later| request.is_replaced_by(later)) {
            kept.push(request);
        }
    }
    kept.reverse();
    kept
}

impl Request {
    /// Returns whether the order of this request and a later one does not matter, unless one
    /// replaces the other.
    fn is_of_series(&self, later: &Request) -> bool {
        let moves = |request: &Request| matches!(request, Request::Control(..) | Request::Set(..));
        (moves(self) && moves(later)) || self.is_replaced_by(later)
    }

    /// Returns whether a later request of the same series replaces this one.
    fn is_replaced_by(&self, later: &Request) -> bool {
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
                let count = state.control_names().count();
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
