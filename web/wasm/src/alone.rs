//! The instrument in a page: a desk whose time is the frames it has rendered.
//!
//! Owns the simulated desk and what is said to and by it. Never waits, asks no
//! clock and knows nothing of browsers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use gatebend::board::description;
use gatebend::board::desk::{Desk, Event, Script, Simulation};
use gatebend::board::parts::Parts;
use gatebend::library;
use gatebend::link::protocol::{self, Ask, Tell};
use gatebend::link::workshop::Work;
use trill::sim::Finger;

use crate::asked;

/// Frames a second that it can play at.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// Most fingers that the pad takes.
const MOST_FINGERS: usize = 5;

/// Something said by the instrument.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// To the client.
    Tell(Tell),
    /// To a workshop, whose answer is for the client.
    Work(Work),
}

/// The instrument, alone.
pub struct Alone {
    simulation: Simulation,
    hand: Hand,
    /// Frames that were asked for so far.
    frames: u64,
    /// Rendered, and not asked for yet.
    left: Vec<f32>,
    /// What was asked for last.
    quantum: Vec<f32>,
    /// Messages that nobody has taken yet.
    messages: VecDeque<Message>,
}

/// The fingers on the pad.
type Hand = Arc<Mutex<Vec<Finger>>>;

impl Alone {
    /// A desk that was just switched on, at so many frames a second, which a script
    /// may play on, too.
    ///
    /// # Errors
    /// When it cannot be played at this rate, or the script is wrong; says where.
    pub fn new(rate: u32, script: &str) -> Result<Alone, String> {
        if !RATES.contains(&rate) {
            return Err(format!(
                "no sound at {rate} frames a second: {} to {} will do",
                RATES.start(),
                RATES.end()
            ));
        }
        let mut board = description::built_in("desk")?.board()?;
        board.platform.rate = rate;
        let script = Script::parse(script, &board.panel.surface)?;
        let desk = Desk::like(board, Parts::new(library::shipped()));
        let hand = Hand::default();
        let (fingers, scripted) = (Arc::clone(&hand), Arc::new(script));
        let knobs = Arc::clone(&scripted);
        let events = scripted.events().to_vec();
        let mut simulation = Simulation::new(desk, move |now| {
            let mut all = scripted.fingers(now);
            all.extend(
                fingers
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .iter(),
            );
            all
        })?;
        simulation.turn(move |now, inputs| knobs.turn(now, inputs));
        simulation.schedule(events);
        Ok(Alone {
            simulation,
            hand,
            frames: 0,
            left: Vec::new(),
            quantum: Vec::new(),
            messages: VecDeque::new(),
        })
    }

    /// Takes a client's message. What it does is heard from the next frames on, or as
    /// soon as the desk has done it.
    pub fn receive(&mut self, text: &str) {
        let (id, done) = match serde_json::from_str(text) {
            Ok(protocol::Message { id, ask }) => (id, self.ask(id, ask)),
            Err(error) => (None, Err(format!("no message of the protocol: {error}"))),
        };
        if let Err(reason) = done {
            let refused = Tell::Refused {
                id,
                reason,
                at: None,
            };
            self.messages.push_back(Message::Tell(refused));
        }
    }

    /// The next message of the instrument.
    pub fn next_message(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    fn ask(&mut self, id: Option<u32>, ask: Ask) -> Result<(), String> {
        let answered = || id.ok_or("give it an id, by which it is answered");
        match ask {
            Ask::Touch { fingers } => {
                self.touch(&fingers);
            }
            Ask::Compile { expression, bits } => {
                let id = answered()?;
                self.messages.push_back(Message::Work(Work::Compile {
                    id,
                    expression,
                    bits,
                }));
            }
            Ask::Waveform { columns } => {
                let id = answered()?;
                let state = self.simulation.state();
                let network = &state.network;
                let bent = (**network)
                    .clone()
                    .with_masks(state.masks())
                    .map_err(|error| error.to_string())?;
                self.messages.push_back(Message::Work(Work::Waveform {
                    id,
                    columns,
                    bent: bent.to_json(),
                    plain: network.to_json(),
                }));
            }
            ask => {
                let now = self.simulation.time_of(self.frames);
                let commands = asked::commands(ask)?.into_iter();
                self.simulation
                    .schedule(commands.map(|command| (now, Event::Command(command))));
            }
        }
        Ok(())
    }

    fn touch(&self, fingers: &[protocol::Finger]) {
        let part = |x: f32| if x.is_nan() { 0.0 } else { x.clamp(0.0, 1.0) };
        let mut hand = self.hand.lock().unwrap_or_else(PoisonError::into_inner);
        hand.clear();
        // A script's fingers are 0 to 9.
        hand.extend(
            (10..)
                .zip(fingers.iter().take(MOST_FINGERS))
                .map(|(id, finger)| Finger {
                    id,
                    x: part(finger.x),
                    y: part(finger.y),
                    size: part(finger.size),
                }),
        );
    }

    /// The next frames, one channel.
    pub fn render(&mut self, frames: usize) -> &[f32] {
        self.frames += frames as u64;
        let until = self.simulation.time_of(self.frames);
        let left = &mut self.left;
        self.simulation
            .run(until, |block| left.extend_from_slice(block.sound), |_| {});
        // A block that has begun is rendered whole.
        self.quantum.clear();
        self.quantum
            .extend(self.left.drain(..frames.min(self.left.len())));
        &self.quantum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 44_100;

    fn played(script: &str, seconds: f64, mut also: impl FnMut(&mut Alone, f64)) -> Vec<f32> {
        let mut alone = Alone::new(RATE, script).unwrap();
        let mut sound = Vec::new();
        while (sound.len() as f64) < seconds * f64::from(RATE) {
            also(&mut alone, sound.len() as f64 / f64::from(RATE));
            sound.extend_from_slice(alone.render(128));
        }
        sound
    }

    #[test]
    fn quanta_of_any_length_are_the_same_sound() {
        let whole = played("", 0.5, |_, _| {});
        let mut alone = Alone::new(RATE, "").unwrap();
        let mut sound = Vec::new();
        for frames in [1, 15, 16, 17, 100, 1, 128].iter().cycle() {
            if sound.len() > 20_000 {
                break;
            }
            let part = alone.render(*frames);
            assert_eq!(part.len(), *frames);
            sound.extend_from_slice(part);
        }
        assert_eq!(sound, whole[..sound.len()]);
        assert!(sound.iter().any(|frame| *frame != 0.0));
    }

    #[test]
    fn a_finger_on_the_pad_bends_until_it_leaves() {
        let touched = |text: &'static str| {
            let mut done = false;
            played("", 4.0, move |alone, now| {
                if now >= 2.5 && !done {
                    alone.receive(text);
                    done = true;
                }
                if now >= 3.0 {
                    alone.receive(r#"{"type":"touch","fingers":[]}"#);
                }
                assert_eq!(alone.next_message(), None);
            })
        };
        let plain = touched(r#"{"type":"touch","fingers":[]}"#);
        let bent = touched(r#"{"type":"touch","fingers":[{"x":0.5,"y":0.4,"size":0.9}]}"#);
        let differs = |from: f64, to: f64| {
            let range = (from * 44_100.0) as usize..(to * 44_100.0) as usize;
            plain[range.clone()] != bent[range]
        };
        assert!(!differs(0.0, 2.5) && differs(2.5, 3.0));
    }

    #[test]
    fn what_is_asked_for_does_not_wait_for_a_script() {
        let mut alone = Alone::new(RATE, "3 set volume=-6").unwrap();
        alone.receive(r#"{"type":"swap","next":true}"#);
        alone.render(4410);
        assert_eq!(alone.simulation.state().place, 1);
    }

    #[test]
    fn what_cannot_be_done_is_refused_with_its_id() {
        let mut alone = Alone::new(RATE, "").unwrap();
        for (text, expected) in [
            (r#"{"id":4,"type":"set","key":"tempo","value":1}"#, Some(4)),
            (r#"{"id":5,"type":"load","network":"{}"}"#, Some(5)),
            (r#"{"type":"waveform","columns":10}"#, None),
            (
                r#"{"type":"paint","bends":[[20,{"op":16}]],"begins":true}"#,
                None,
            ),
            ("{", None),
        ] {
            alone.receive(text);
            let Some(Message::Tell(Tell::Refused { id, .. })) = alone.next_message() else {
                panic!("{text} was not refused");
            };
            assert_eq!(id, expected, "{text}");
        }
        assert!(Alone::new(0, "").is_err());
        assert!(Alone::new(RATE, "1 dance").is_err());
    }

    #[test]
    fn a_waveform_is_drawn_of_what_is_played() {
        let mut alone = Alone::new(RATE, "").unwrap();
        alone.receive(r#"{"type":"set","key":"bend","value":2}"#);
        alone.receive(r#"{"type":"paint","bends":[[30,"invert"]],"begins":true}"#);
        alone.render(44_100);
        alone.receive(r#"{"id":9,"type":"waveform","columns":64}"#);
        let Some(Message::Work(work)) = alone.next_message() else {
            panic!("it is work");
        };
        let Tell::Waveform { id, changed, .. } = work.answer() else {
            panic!("it was worked out");
        };
        assert!(id == 9 && changed.contains(&true));
    }
}
