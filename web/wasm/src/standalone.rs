//! The instrument in a page: a desk whose time is the number of frames it has rendered.
//!
//! Owns the simulated desk and its one client. Never blocks, reads no clock and knows
//! nothing of browsers.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use gatebend::board::description;
use gatebend::board::desk::{Desk, Script, Simulation};
use gatebend::factory_networks;
use gatebend::handle::{CommandResult, Handle, Reply};
use gatebend::link::client_session::{Action, ClientSession};
use gatebend::link::frames::{Audience, Frame, FrameSource};
use gatebend::link::jobs::Job;
use gatebend::link::protocol::{ClientMessage, ServerMessage, Training};
use gatebend::link::touch_merge::TouchMerge;
use gatebend::link::view::{InstrumentInfo, View};
use gatebend::runtime::parts::InstrumentParts;

/// Rates that it can play at, in frames a second.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// Number of updates a second, of the state and of frames.
const UPDATES: u64 = 25;
/// Length in bytes of messages that are read at once. Longer ones may have whole files, which
/// take longer than a quantum of audio, so [`prepare`] makes them quick to read first.
///
/// [`prepare`]: gatebend::link::jobs::prepare
const MAX_MESSAGE: usize = 2048;
/// No updates are sent while this many messages wait to be taken.
const MAX_WAITING: usize = 64;

/// A message of the instrument.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// To the client.
    ServerMessage(ServerMessage),
    /// To the client, binary.
    Frame(Vec<u8>),
    /// To a worker, whose answer is for the client.
    Job(Job),
    /// To a worker, whose messages are for the client; with the id of the request.
    Train(u32, Training),
    /// To the same worker: the training ends, and its request is refused.
    StopTraining,
}

/// The instrument and its client.
pub struct Standalone {
    simulation: Simulation,
    handle: Handle,
    touch: TouchMerge,
    session: ClientSession,
    view: View,
    source: FrameSource,
    /// The message that is being prepared, and those behind it, which must not overtake it.
    unread: VecDeque<String>,
    /// Commands without a result, and the ids by which they are answered.
    pending: VecDeque<(Option<u32>, Reply)>,
    rate: u32,
    /// Number of the next update.
    next_update: u64,
    /// Number of frames requested so far.
    frames: u64,
    /// Frames of the audio input that are still to be heard, left and right.
    arriving: Rc<RefCell<[VecDeque<f32>; 2]>>,
    /// Rendered frames that were not requested yet, left and right.
    ahead: [Vec<f32>; 2],
    /// Frames of the last call: all of the left channel, then all of the right one.
    quantum: Vec<f32>,
    /// Messages that were not taken yet.
    messages: VecDeque<Message>,
}

impl Standalone {
    /// Creates a desk at a rate in frames a second. A script may play it, too.
    ///
    /// # Errors
    /// Fails if the rate is not supported, or if the script has a mistake; says where.
    pub fn new(rate: u32, script: &str) -> Result<Standalone, String> {
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
            outputs: false,
            display: board.panel.rows() as u8,
            surface: board.panel.surface.clone(),
        };
        // The instrument ends with the page, and never restarts within it.
        let welcome = info.welcome(0);
        // Scripts are compared with the program, which has a splash.
        let is_page = script.is_empty();
        let script = Script::parse(script, &board.panel.surface)?;
        let desk = Desk::like(board, InstrumentParts::new(factory_networks::all()));
        let touch = TouchMerge::default();
        let mut simulation = Simulation::played(desk, script, touch.clone())?;
        if is_page {
            simulation.skip_splash();
        }
        let arriving = Rc::<RefCell<[VecDeque<f32>; 2]>>::default();
        let heard = Rc::clone(&arriving);
        simulation.set_sound(move |frames| {
            for (frames, arriving) in frames.into_iter().zip(heard.borrow_mut().iter_mut()) {
                frames.fill_with(|| arriving.pop_front().unwrap_or_default());
            }
        });
        let oled = simulation.oled().clone();
        let source = FrameSource::new(
            Arc::clone(simulation.counters()),
            Box::new(move || oled.frame().message()),
            simulation.panel().mirror(),
        );
        Ok(Standalone {
            handle: simulation.handle(),
            view: View::new(Arc::clone(simulation.state())),
            simulation,
            touch,
            session: ClientSession::new(Arc::new(welcome)),
            source,
            unread: VecDeque::new(),
            pending: VecDeque::new(),
            rate,
            next_update: 0,
            frames: 0,
            arriving,
            ahead: Default::default(),
            quantum: Vec::new(),
            messages: VecDeque::new(),
        })
    }

    /// Handles a message of the client. The sound changes from the next frames on, or once
    /// the desk has carried it out. Returns a message to be prepared first, if any.
    pub fn receive(&mut self, text: String) -> Option<&str> {
        self.unread.push_back(text);
        if self.unread.len() > 1 {
            return None;
        }
        self.read()
    }

    /// Handles the last message that was returned, once it is prepared, or refuses it for a
    /// reason; then those that waited behind it. Returns the next one to be prepared, if any.
    pub fn receive_prepared(&mut self, prepared: Result<String, String>) -> Option<&str> {
        let text = self.unread.pop_front()?;
        match prepared {
            Ok(text) => self.handle(&text),
            Err(reason) => self.answer(ClientMessage::id_of(&text), Err(reason)),
        }
        self.read()
    }

    /// Handles messages up to one that has to be prepared, and returns that.
    fn read(&mut self) -> Option<&str> {
        while self.unread.front()?.len() <= MAX_MESSAGE {
            let text = self.unread.pop_front()?;
            self.handle(&text);
        }
        self.unread.front().map(String::as_str)
    }

    /// Handles a message at once.
    pub fn handle(&mut self, text: &str) {
        self.view.go_to(self.simulation.state());
        let t = self.simulation.counters().time();
        match self.session.receive(text, &self.view, t) {
            Action::Send(messages) => {
                let greeted = messages
                    .iter()
                    .any(|message| matches!(message, ServerMessage::Welcome(_)));
                if greeted {
                    self.source.resend_display();
                }
                self.send(messages);
            }
            Action::End(message) => self.send([message]),
            Action::Pair(..) => unreachable!("a page needs no pairing code"),
            Action::Command(id, command) => {
                self.pending.push_back((id, self.handle.request(command)));
            }
            Action::Touch(id, fingers) => {
                self.touch.put(0, &fingers);
                self.answer(id, Ok(()));
            }
            Action::Snapshot(id, t) => {
                let messages = self.session.snapshot(id, &self.view, t);
                self.send(messages);
            }
            Action::Job(job) => self.messages.push_back(Message::Job(job)),
            Action::Train(id, training) => {
                self.messages.push_back(Message::Train(id, training));
            }
            Action::StopTraining => self.messages.push_back(Message::StopTraining),
        }
    }

    fn answer(&mut self, id: Option<u32>, result: CommandResult) {
        self.view.go_to(self.simulation.state());
        let messages = self.session.answer(id, result, &self.view);
        self.send(messages);
    }

    /// Takes the instrument's next message.
    pub fn next_message(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    fn send(&mut self, messages: impl IntoIterator<Item = ServerMessage>) {
        self.messages
            .extend(messages.into_iter().map(Message::ServerMessage));
    }

    /// Adds frames to the audio input, left and right.
    fn hear(&mut self, input: [&[f32]; 2]) {
        let mut arriving = self.arriving.borrow_mut();
        for (arriving, frames) in arriving.iter_mut().zip(input) {
            arriving.extend(frames);
        }
    }

    /// Renders the next frames: all of the left channel, then all of the right one. They hear
    /// as many frames of the audio input, left and right; missing ones are silence.
    pub fn render(&mut self, frames: usize, input: [&[f32]; 2]) -> &[f32] {
        self.frames += frames as u64;
        let until = self.simulation.time_of(self.frames);
        self.hear(input);
        let [left, right] = &mut self.ahead;
        self.simulation.run(
            until,
            |block| {
                left.extend_from_slice(block.sound[0]);
                right.extend_from_slice(block.sound[1]);
            },
            |_| {},
        );
        self.answer_pending();
        let update = self.frames * UPDATES / u64::from(self.rate);
        if update >= self.next_update {
            self.next_update = update + 1;
            self.update(Duration::from_millis(update * 1000 / UPDATES));
        }
        // A block that has begun is rendered whole.
        self.quantum.clear();
        for ahead in &mut self.ahead {
            self.quantum.extend(ahead.drain(..frames.min(ahead.len())));
        }
        &self.quantum
    }

    /// Answers the commands that have a result.
    fn answer_pending(&mut self) {
        while let Some((id, reply)) = self.pending.front() {
            let (id, Some(result)) = (*id, reply.now()) else {
                return;
            };
            self.pending.pop_front();
            self.answer(id, result);
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
        self.source.poll(now, audience, None, || view.clone(), send);
    }
}

#[cfg(test)]
mod tests {
    use gatebend::link::jobs::prepare;
    use logicnet::Network;
    use serde_json::json;

    use super::*;

    const RATE: u32 = 44_100;
    const SILENCE: [&[f32]; 2] = [&[]; 2];

    /// Returns an instrument whose client was welcomed and has taken all messages.
    fn greeted(script: &str) -> Standalone {
        let mut standalone = Standalone::new(RATE, script).unwrap();
        standalone.receive(r#"{"type":"hello","version":1}"#.into());
        let welcome = standalone.next_message();
        assert!(matches!(
            welcome,
            Some(Message::ServerMessage(ServerMessage::Welcome(_)))
        ));
        messages(&mut standalone);
        standalone
    }

    fn messages(standalone: &mut Standalone) -> Vec<Message> {
        std::iter::from_fn(|| standalone.next_message()).collect()
    }

    fn played(script: &str, seconds: f64, mut also: impl FnMut(&mut Standalone, f64)) -> Vec<f32> {
        let mut standalone = greeted(script);
        let mut sound = Vec::new();
        while (sound.len() as f64) < seconds * f64::from(RATE) {
            also(&mut standalone, sound.len() as f64 / f64::from(RATE));
            sound.extend_from_slice(&standalone.render(128, SILENCE)[..128]);
        }
        sound
    }

    #[test]
    fn quanta_of_any_length_give_the_same_sound() {
        let whole = played("", 0.5, |_, _| {});
        let mut standalone = Standalone::new(RATE, "").unwrap();
        let mut sound = Vec::new();
        for frames in [1, 15, 16, 17, 100, 1, 128].iter().cycle() {
            if sound.len() > 20_000 {
                break;
            }
            let (left, right) = standalone.render(*frames, SILENCE).split_at(*frames);
            assert_eq!(left, right);
            sound.extend_from_slice(left);
        }
        assert_eq!(sound, whole[..sound.len()]);
        assert!(sound.iter().any(|frame| *frame != 0.0));
    }

    /// A network that plays what it hears, one bit less on the right.
    const THROUGH: &str = r#"{"format": "gatebend-network", "version": 2, "sample_rate": 44100,
        "inputs": [{"from": "audio", "channel": 0, "bits": 4}, {"from": "audio", "channel": 1, "bits": 3}],
        "layers": [], "outputs": [[0, 1, 2, 3], [4, 5, 6]]}"#;

    #[test]
    fn a_network_hears_both_channels_in_quanta_of_any_length() {
        const FRAMES: usize = 30_000;
        let wave = |step: usize| (0..FRAMES).map(move |i| (i * step % 97) as f32 / 48.5 - 1.0);
        let (left, right): (Vec<f32>, Vec<f32>) = (wave(5).collect(), wave(7).collect());
        let load = json!({"type": "load", "network": THROUGH}).to_string();
        let played = |quantum: usize, right: &[f32]| {
            let mut standalone = greeted("");
            standalone.handle(&load);
            let mut sound = [Vec::new(), Vec::new()];
            for (left, right) in left.chunks(quantum).zip(right.chunks(quantum)) {
                let rendered = standalone.render(left.len(), [left, right]);
                let (left, right) = rendered.split_at(left.len());
                sound[0].extend_from_slice(left);
                sound[1].extend_from_slice(right);
            }
            sound
        };
        let expected = {
            let mut standalone = greeted("");
            standalone.handle(&load);
            standalone.hear([&left, &right]);
            let until = standalone.simulation.time_of(FRAMES as u64);
            let (mut exact, mut sound) = (Vec::new(), [Vec::new(), Vec::new()]);
            let record = |block: gatebend::board::desk::Block<'_>| {
                exact.extend_from_slice(block.exact[0]);
                for (sound, block) in sound.iter_mut().zip(block.sound) {
                    sound.extend_from_slice(block);
                }
            };
            standalone.simulation.run(until, record, |_| {});
            // Of four bits, the network plays what it hears.
            let heard = left.iter().map(|x| ((x + 1.0) * 8.0).floor() / 8.0 - 1.0);
            let heard: Vec<f32> = heard.collect();
            assert_eq!(exact[FRAMES - 5000..FRAMES], heard[FRAMES - 5000..]);
            sound.map(|channel| channel[..FRAMES].to_vec())
        };
        assert!(expected[0] != expected[1]);
        for quantum in [16, 128, 480, 1024] {
            assert_eq!(played(quantum, &right), expected, "{quantum}");
        }
        let silent = played(128, &vec![0.0; FRAMES]);
        assert!(silent[0] == expected[0] && silent[1] != expected[1]);
    }

    #[test]
    fn a_finger_on_the_pad_bends_until_it_leaves() {
        let touched = |text: &'static str| {
            let mut done = false;
            played("", 4.0, move |standalone, now| {
                if now >= 2.5 && !done {
                    standalone.receive(text.into());
                    done = true;
                }
                if now >= 3.0 {
                    standalone.receive(r#"{"type":"touch","fingers":[]}"#.into());
                }
                messages(standalone);
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
        let mut standalone = greeted("3 set volume=-6");
        standalone.receive(r#"{"type":"swap","next":true}"#.into());
        standalone.render(4410, SILENCE);
        assert_eq!(standalone.simulation.state().network_index, 1);
    }

    #[test]
    fn refusals_have_the_id_of_their_message() {
        let mut standalone = greeted("");
        for (text, expected) in [
            (r#"{"id":4,"type":"set","key":"tempo","value":1}"#, Some(4)),
            (r#"{"type":"waveform","columns":10}"#, None),
            (
                r#"{"type":"paint","bends":[[20,{"op":16}]],"begins":true}"#,
                None,
            ),
            ("{", None),
        ] {
            standalone.receive(text.into());
            let Some(Message::ServerMessage(ServerMessage::Refused { id, .. })) =
                standalone.next_message()
            else {
                panic!("{text} was not refused");
            };
            assert_eq!(id, expected, "{text}");
        }
        assert!(Standalone::new(0, "").is_err());
        assert!(Standalone::new(RATE, "1 dance").is_err());
    }

    #[test]
    fn the_waveform_shows_the_bent_network() {
        let mut standalone = greeted("");
        standalone.receive(r#"{"type":"set","key":"bend","value":2}"#.into());
        standalone.receive(r#"{"type":"paint","bends":[[30,"invert"]],"begins":true}"#.into());
        standalone.render(44_100, SILENCE);
        messages(&mut standalone);
        standalone.receive(r#"{"id":9,"type":"waveform","columns":64}"#.into());
        let Some(Message::Job(job)) = standalone.next_message() else {
            panic!("a job was expected");
        };
        let Ok(ServerMessage::Waveform { id, changed, .. }) = job.answer(&mut ()) else {
            panic!("a waveform was expected");
        };
        assert!(id == 9 && changed.contains(&true));
    }

    #[test]
    fn replies_follow_the_state_they_led_to_and_frames_come_in_between() {
        let mut standalone = greeted("");
        standalone.receive(r#"{"id":1,"type":"choose","place":2}"#.into());
        let mut all = Vec::new();
        for _ in 0..RATE / 126 {
            standalone.render(126, SILENCE);
            all.extend(messages(&mut standalone));
        }
        let at = |is: &dyn Fn(&Message) -> bool| all.iter().position(is).unwrap();
        let state = at(&|message| {
            matches!(message, Message::ServerMessage(ServerMessage::State(state))
                if state.library.as_ref().is_some_and(|library| library.place == 2))
        });
        let done = at(&|message| *message == Message::ServerMessage(ServerMessage::Done { id: 1 }));
        assert!(state < done, "{all:?}");
        let frames = |first: u8| {
            let is =
                |message: &&Message| matches!(message, Message::Frame(frame) if frame[0] == first);
            all.iter().filter(is).count()
        };
        assert!((24..=26).contains(&frames(1)) && (2..=26).contains(&frames(2)));
    }

    /// Returns a message that loads a network of this name.
    fn load(id: u32, name: &str) -> String {
        let mut parts = factory_networks::all().swap_remove(1).into_parts();
        parts.name = name.into();
        let file = Network::try_from(parts).unwrap().to_json();
        json!({"id": id, "type": "load", "network": file}).to_string()
    }

    /// Takes all messages; returns the id of each answer, and the reason if it is a refusal.
    fn answers(standalone: &mut Standalone) -> Vec<(u32, Option<String>)> {
        standalone.render(4410, SILENCE);
        let answer = |message| match message {
            Message::ServerMessage(ServerMessage::Done { id }) => Some((id, None)),
            Message::ServerMessage(ServerMessage::Refused { id, reason, .. }) => {
                Some((id.unwrap(), Some(reason)))
            }
            _ => None,
        };
        messages(standalone)
            .into_iter()
            .filter_map(answer)
            .collect()
    }

    #[test]
    fn messages_do_not_overtake_one_that_is_being_prepared() {
        let mut standalone = greeted("");
        let [one, two] = [load(1, "one"), load(3, "two")];
        assert_eq!(standalone.receive(one.clone()), Some(&*one));
        for text in [
            r#"{"id":2,"type":"paint","bends":[[40,"one"]],"begins":true}"#,
            &two,
            r#"{"id":4,"type":"undo"}"#,
        ] {
            assert_eq!(standalone.receive(text.into()), None);
        }
        assert_eq!(answers(&mut standalone), []);

        let next = standalone.receive_prepared(prepare(&one));
        assert_eq!(next, Some(&*two));
        assert_eq!(answers(&mut standalone), [(1, None), (2, None)]);
        let state = standalone.simulation.state();
        assert_eq!((state.network.name(), state.bends().len()), ("one", 1));

        assert_eq!(standalone.receive_prepared(prepare(&two)), None);
        assert_eq!(answers(&mut standalone), [(3, None), (4, None)]);
        assert_eq!(standalone.simulation.state().network.name(), "one");
        // No message is being prepared.
        assert_eq!(standalone.receive_prepared(prepare(&one)), None);
        assert_eq!(answers(&mut standalone), []);
    }

    #[test]
    fn a_message_that_cannot_be_prepared_is_refused_and_the_next_is_handled() {
        let mut standalone = greeted("");
        let wrong = load(5, "wrong").replace("gatebend-network", "other");
        standalone.receive(wrong.clone());
        standalone.receive(load(6, "six"));
        let problem = prepare(&wrong).unwrap_err();
        assert!(standalone.receive_prepared(Err(problem.clone())).is_some());
        assert_eq!(answers(&mut standalone), [(5, Some(problem))]);
        assert!(
            standalone
                .receive_prepared(Err("the worker has failed".into()))
                .is_none()
        );
        assert_eq!(answers(&mut standalone)[0].0, 6);
    }

    #[test]
    fn prepared_messages_mean_the_same() {
        let mut standalone = greeted("");
        standalone.receive(r#"{"type":"play","playing":false}"#.into());
        standalone.receive(r#"{"type":"paint","bends":[[40,"one"]],"begins":true}"#.into());
        standalone.render(4410, SILENCE);
        let state = Arc::clone(standalone.simulation.state());
        standalone.receive(r#"{"id":1,"type":"snapshot"}"#.into());
        let taken = messages(&mut standalone).pop();
        let Some(Message::ServerMessage(ServerMessage::Snapshot { snapshot, .. })) = taken else {
            panic!("no snapshot: {taken:?}");
        };
        standalone.receive(r#"{"type":"clear"}"#.into());
        let restore = json!({"id": 2, "type": "restore", "snapshot": snapshot, "t": 9});
        let restore = prepare(&restore.to_string()).unwrap();
        assert!(restore.contains(r#"\"gates\":\""#), "{restore}");
        standalone.handle(&restore);
        assert_eq!(answers(&mut standalone), [(2, None)]);
        let restored = standalone.simulation.state();
        assert_eq!(
            (&restored.network, &restored.layers),
            (&state.network, &state.layers)
        );
        assert_eq!(standalone.simulation.counters().time(), 9);
        for text in [
            "",
            "{",
            "[]",
            r#"{"type":7}"#,
            r#"{"network":7,"type":"load"}"#,
        ] {
            assert_eq!(prepare(text).as_deref(), Ok(text));
        }
    }
}
