//! Where the fingers of clients go: to the simulated sensor, or where the sensor is a
//! real one, beside it, to the instrument.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::board::threads::Shared;
use crate::instrument::gestures::{Contact, Gestures};
use crate::instrument::layout::Point;
use crate::instrument::surface::Surface;
use crate::link::hand::Hand;
use crate::link::protocol::Finger;

/// The pad of all clients together.
pub struct Pad {
    hand: Hand,
    /// What tells gestures, where no sensor does.
    beside: Option<Beside>,
}

struct Beside {
    gestures: Mutex<Gestures>,
    shared: Shared,
    started: Instant,
}

impl Pad {
    /// The hand is on a sensor.
    pub fn sensor(hand: Hand) -> Pad {
        Pad { hand, beside: None }
    }

    /// It is not: what it does is told to the instrument.
    pub fn beside(surface: Surface, shared: Shared) -> Pad {
        Pad {
            hand: Hand::default(),
            beside: Some(Beside {
                gestures: Mutex::new(Gestures::new(surface)),
                shared,
                started: Instant::now(),
            }),
        }
    }

    /// These are all fingers of this client now.
    pub fn touch(&self, client: u32, fingers: &[Finger]) {
        self.hand.put(client, fingers);
        self.look();
    }

    /// To be called regularly: a press that lasts means something else.
    pub fn look(&self) {
        let Some(beside) = &self.beside else {
            return;
        };
        let mut gestures = beside
            .gestures
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = beside.started.elapsed().as_millis() as u64;
        gestures.update(now, contact(&self.hand), |gesture| {
            beside.shared.command(gesture.into());
        });
    }
}

/// What a sensor would say of it.
fn contact(hand: &Hand) -> Contact {
    let fingers = hand.fingers();
    match &fingers[..] {
        [] => Contact::None,
        [one] => Contact::Single(Point { x: one.x, y: one.y }, one.size),
        several => {
            let corner = |of: fn(f32, f32) -> f32, from: f32| {
                several
                    .iter()
                    .fold(Point { x: from, y: from }, |at, finger| Point {
                        x: of(at.x, finger.x),
                        y: of(at.y, finger.y),
                    })
            };
            Contact::Several(corner(f32::min, 1.0), corner(f32::max, 0.0))
        }
    }
}
