//! The instrument in a page: a desk whose time is the number of frames it has rendered.
//!
//! Owns the simulated desk and its only client. Never waits, reads no clock and knows
//! nothing of browsers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use gatebend::board::description;
use gatebend::board::desk::{Desk, Script, Simulation};
use gatebend::factory_networks;
use gatebend::handle::{Handle, Reply};
use gatebend::link::frames::{Audience, Frame, FrameSource};
use gatebend::link::jobs::Job;
use gatebend::link::protocol::ServerMessage;
use gatebend::link::session::{Action, Session};
use gatebend::link::touch_merge::TouchMerge;
use gatebend::link::view::{InstrumentInfo, View};
use gatebend::runtime::parts::InstrumentParts;

/// Rates that it can play at, in frames a second.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// Updates a second: changes of the state and frames.
const UPDATES: u64 = 25;
/// No updates are sent while this many messages wait to be taken.
const MAX_WAITING: usize = 64;

/// A message from the instrument.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// For the client.
    ServerMessage(ServerMessage),
    /// For the client, binary.
    Frame(Vec<u8>),
    /// For a worker, which makes the client's answer.
    Job(Job),
}

/// The standalone instrument.
pub struct Alone {
    simulation: Simulation,
    handle: Handle,
    touches: TouchMerge,
    session: Session,
    view: View,
    source: FrameSource,
    /// Results to come, each with the id of its message.
    pending: VecDeque<(Option<u32>, Reply)>,
    rate: u32,
    /// The number of the next update.
    next_update: u64,
    /// Frames requested so far.
    frames: u64,
    /// Samples that are rendered and were not requested yet.
    left: Vec<f32>,
    /// The frames of the last call.
    quantum: Vec<f32>,
    /// Messages to be taken.
    messages: VecDeque<Message>,
}

impl Alone {
    /// Creates a desk at a rate in frames a second. A script may play it, too.
    ///
    /// # Errors
    /// Fails at a rate outside 8,000 to 192,000 frames a second, or if the script is wrong;
    /// the message says where.
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
        let info = InstrumentInfo {
            board: "browser".into(),
            rate,
            // The page itself plays the sound.
            sound: false,
            display: board.panel.rows() as u8,
            surface: board.panel.surface.clone(),
        };
        // The instrument ends with the page, and never restarts within it.
        let welcome = info.welcome(0);
        let script = Script::parse(script, &board.panel.surface)?;
        let desk = Desk::like(board, InstrumentParts::new(factory_networks::all()));
        let touches = TouchMerge::default();
        let mut simulation = Simulation::played(desk, script, touches.clone())?;
        let oled = simulation.oled().clone();
        let source = FrameSource::new(
            Arc::clone(simulation.counters()),
            Box::new(move || oled.frame().message()),
            simulation.panel().mirror(),
        );
        Ok(Alone {
            handle: simulation.handle(),
            view: View::new(Arc::clone(simulation.state())),
            simulation,
            touches,
            session: Session::new(Arc::new(welcome), None),
            source,
            pending: VecDeque::new(),
            rate,
            next_update: 0,
            frames: 0,
            left: Vec::new(),
            quantum: Vec::new(),
            messages: VecDeque::new(),
        })
    }

    /// Receives the client's message. Its effect sounds as soon as the desk has applied it,
    /// at the earliest from the next frame on.
    pub fn receive(&mut self, text: &str) {
        self.view.go_to(self.simulation.state());
        let t = self.simulation.counters().time();
        match self.session.receive(text, &self.view, t) {
            Action::Send(messages) | Action::WrongCode(messages) => {
                let greeted = messages
                    .iter()
                    .any(|message| matches!(message, ServerMessage::Welcome(_)));
                if greeted {
                    self.source.resend_display();
                }
                self.send(messages);
            }
            Action::End(message) => self.send([message]),
            Action::Command(id, command) => {
                self.pending.push_back((id, self.handle.request(command)));
            }
            Action::Touch(id, fingers) => {
                self.touches.put(0, &fingers);
                let replies = self.session.answer(id, Ok(()), &self.view);
                self.send(replies);
            }
            Action::Job(job) => self.messages.push_back(Message::Job(job)),
        }
    }

    /// Takes the instrument's next message.
    pub fn next_message(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    fn send(&mut self, messages: impl IntoIterator<Item = ServerMessage>) {
        self.messages
            .extend(messages.into_iter().map(Message::ServerMessage));
    }

    /// Renders the next frames, one channel.
    pub fn render(&mut self, frames: usize) -> &[f32] {
        self.frames += frames as u64;
        let until = self.simulation.time_of(self.frames);
        let left = &mut self.left;
        self.simulation
            .run(until, |block| left.extend_from_slice(block.sound), |_| {});
        self.send_replies();
        let update = self.frames * UPDATES / u64::from(self.rate);
        if update >= self.next_update {
            self.next_update = update + 1;
            self.update(Duration::from_millis(update * 1000 / UPDATES));
        }
        // A block that has begun is rendered whole.
        self.quantum.clear();
        self.quantum
            .extend(self.left.drain(..frames.min(self.left.len())));
        &self.quantum
    }

    /// Sends the results that have arrived.
    fn send_replies(&mut self) {
        while let Some((id, reply)) = self.pending.front() {
            let (id, Some(result)) = (*id, reply.now()) else {
                return;
            };
            self.pending.pop_front();
            self.view.go_to(self.simulation.state());
            let replies = self.session.answer(id, result, &self.view);
            self.send(replies);
        }
    }

    /// Sends changes of the state, and frames.
    fn update(&mut self, now: Duration) {
        if self.messages.len() >= MAX_WAITING {
            return;
        }
        self.view.go_to(self.simulation.state());
        let changes = self.session.update(&self.view);
        self.send(changes);
        let audience = Audience {
            clients: self.session.greeted().into(),
            listening: self.session.listening(),
        };
        let (view, messages) = (&self.view, &mut self.messages);
        let send = |frame| {
            messages.push_back(match frame {
                Frame::Activity(bytes) | Frame::Display(bytes) | Frame::Sound(bytes) => {
                    Message::Frame(bytes)
                }
                Frame::Status(status) => Message::ServerMessage(ServerMessage::Status(status)),
            });
        };
        self.source.poll(now, audience, || view.clone(), send);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 44_100;

    /// Returns an instrument whose client was welcomed and has taken all messages.
    fn greeted(script: &str) -> Alone {
        let mut alone = Alone::new(RATE, script).unwrap();
        alone.receive(r#"{"type":"hello","version":1}"#);
        let welcome = alone.next_message();
        assert!(matches!(
            welcome,
            Some(Message::ServerMessage(ServerMessage::Welcome(_)))
        ));
        take_messages(&mut alone);
        alone
    }

    fn take_messages(alone: &mut Alone) -> Vec<Message> {
        std::iter::from_fn(|| alone.next_message()).collect()
    }

    fn played(script: &str, seconds: f64, mut also: impl FnMut(&mut Alone, f64)) -> Vec<f32> {
        let mut alone = greeted(script);
        let mut sound = Vec::new();
        while (sound.len() as f64) < seconds * f64::from(RATE) {
            also(&mut alone, sound.len() as f64 / f64::from(RATE));
            sound.extend_from_slice(alone.render(128));
        }
        sound
    }

    #[test]
    fn quanta_of_any_length_give_the_same_sound() {
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
                take_messages(alone);
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
    fn commands_do_not_wait_for_the_script() {
        let mut alone = greeted("3 set volume=-6");
        alone.receive(r#"{"type":"swap","next":true}"#);
        alone.render(4410);
        assert_eq!(alone.simulation.state().network_index, 1);
    }

    #[test]
    fn refusals_have_the_id_of_their_message() {
        let mut alone = greeted("");
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
            let Some(Message::ServerMessage(ServerMessage::Refused { id, .. })) =
                alone.next_message()
            else {
                panic!("{text} was not refused");
            };
            assert_eq!(id, expected, "{text}");
        }
        assert!(Alone::new(0, "").is_err());
        assert!(Alone::new(RATE, "1 dance").is_err());
    }

    #[test]
    fn the_waveform_shows_the_bent_network() {
        let mut alone = greeted("");
        alone.receive(r#"{"type":"set","key":"bend","value":2}"#);
        alone.receive(r#"{"type":"paint","bends":[[30,"invert"]],"begins":true}"#);
        alone.render(44_100);
        take_messages(&mut alone);
        alone.receive(r#"{"id":9,"type":"waveform","columns":64}"#);
        let Some(Message::Job(job)) = alone.next_message() else {
            panic!("a job was expected");
        };
        let ServerMessage::Waveform { id, changed, .. } = job.answer() else {
            panic!("a waveform was expected");
        };
        assert!(id == 9 && changed.contains(&true));
    }

    #[test]
    fn replies_follow_the_state_they_led_to_and_frames_come_in_between() {
        let mut alone = greeted("");
        alone.receive(r#"{"id":1,"type":"choose","place":2}"#);
        let mut messages = Vec::new();
        for _ in 0..RATE / 126 {
            alone.render(126);
            messages.extend(take_messages(&mut alone));
        }
        let at = |is: &dyn Fn(&Message) -> bool| messages.iter().position(is).unwrap();
        let state = at(&|message| {
            matches!(message, Message::ServerMessage(ServerMessage::State(state))
                if state.library.as_ref().is_some_and(|library| library.place == 2))
        });
        let done = at(&|message| *message == Message::ServerMessage(ServerMessage::Done { id: 1 }));
        assert!(state < done, "{messages:?}");
        let frames = |first: u8| {
            let is =
                |message: &&Message| matches!(message, Message::Frame(frame) if frame[0] == first);
            messages.iter().filter(is).count()
        };
        assert!((24..=26).contains(&frames(1)) && (2..=26).contains(&frames(2)));
    }
}
