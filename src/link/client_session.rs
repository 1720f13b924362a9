//! One client's side of the protocol. Pure: no sockets, threads or clocks, so that the
//! instrument in a page has sessions, too.
//!
//! The owner of a session does what [`ClientSession::receive`] returns, one message after the
//! other, and then calls [`ClientSession::answer`]: an answer follows the state that it led to.
//! [`ClientSession::update`] sends changes by others. It sends the difference to the state that
//! was sent last, so a slow client gets fewer updates and misses nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use instrument::{Command, Saved, notice};
use midi::Port;

use super::jobs::Job;
use super::protocol::{
    self, Body, ClientMessage, Finger, Request, Secret, ServerMessage, Training, Welcome,
};
use super::view::{Seen, View};

/// Largest number of fingers on the pad.
pub const MOST_FINGERS: usize = 5;
/// Largest message before the welcome, in bytes.
pub const MOST_HELLO: usize = 1024;

const HELLO_FIRST: &str = "say hello first";

/// The owner's part in handling a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Send these messages.
    Send(Vec<ServerMessage>),
    /// Check this, then call [`ClientSession::welcome`] or [`ClientSession::ask_again`].
    Pair(Option<u32>, Proof),
    /// Send this message and end the connection.
    End(ServerMessage),
    /// Give the instrument this command, then call [`ClientSession::answer`].
    Command(Option<u32>, Command),
    /// Replace the client's fingers on the pad by these, then call [`ClientSession::answer`].
    Touch(Option<u32>, Vec<Finger>),
    /// Send what [`ClientSession::snapshot`] returns for this id and network time.
    Snapshot(u32, u32),
    /// Start this job, and send its answer; other messages need not wait.
    Job(Job),
    /// Start this training for the message with this id, and send its messages; the same.
    Train(u32, Training),
    /// End the client's training, if there is one.
    StopTraining,
}

/// A client's proof that it may play.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// The pairing code that a person has typed.
    pub code: Option<Secret>,
    /// The token of an earlier connection.
    pub token: Option<Secret>,
}

/// The binary frames that a client receives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listening {
    /// [`protocol::FrameKind::Activity`].
    pub activity: bool,
    /// [`protocol::FrameKind::Display`].
    pub display: bool,
    /// [`protocol::FrameKind::Sound`].
    pub sound: bool,
}

/// A client.
pub struct ClientSession {
    welcome: Arc<Welcome>,
    greeted: bool,
    listening: Listening,
    /// True if the client receives changes of bends rather than whole layers.
    bends: bool,
    /// The number of the client's last stroke.
    stroke: Option<u32>,
    /// The keys that the client pressed and has not released.
    port: Port,
    /// The state as the client knows it.
    sent: Option<Seen>,
}

/// The number of the next stroke, which no other client has.
static STROKES: AtomicU32 = AtomicU32::new(0);

impl ClientSession {
    /// Creates the session of a client, which must pair if the welcome has a token.
    pub fn new(welcome: Arc<Welcome>) -> ClientSession {
        ClientSession {
            welcome,
            greeted: false,
            listening: Listening {
                activity: true,
                display: true,
                sound: false,
            },
            bends: false,
            stroke: None,
            port: Port::default(),
            sent: None,
        }
    }

    /// Returns whether the client was welcomed.
    pub fn greeted(&self) -> bool {
        self.greeted
    }

    /// Returns the frames that the client receives; none before the welcome.
    pub fn listening(&self) -> Listening {
        if self.greeted {
            self.listening
        } else {
            Listening::default()
        }
    }

    /// Handles a message at network time `t`.
    pub fn receive(&mut self, text: &str, view: &View, t: u32) -> Action {
        if !self.greeted && text.len() > MOST_HELLO {
            return Action::Send(vec![refused(None, HELLO_FIRST.into())]);
        }
        let (id, action) = match ClientMessage::read(text) {
            Ok(message) => (message.id, self.handle(message, view, t)),
            Err((id, reason)) => (id, Err(reason)),
        };
        action.unwrap_or_else(|reason| Action::Send(vec![refused(id, reason)]))
    }

    /// Returns the sections of the state that changed since the last call, if any.
    pub fn update(&mut self, view: &View) -> Option<ServerMessage> {
        if !self.greeted() {
            return None;
        }
        let sections = view.sections(self.sent.as_ref(), self.bends);
        self.sent = Some(view.seen());
        (sections != protocol::State::default()).then(|| ServerMessage::State(Box::new(sections)))
    }

    /// Returns the memory in bytes that the next change needs on its way, roughly.
    pub fn update_bytes(&self, view: &View) -> usize {
        view.bytes_since(self.sent.as_ref())
    }

    /// Returns the memory in bytes that a snapshot needs on its way, roughly.
    pub fn snapshot_bytes(&self, view: &View) -> usize {
        self.update_bytes(view) + view.bytes_since(None)
    }

    /// Returns the messages that answer a request for a snapshot at network time `t`.
    pub fn snapshot(&mut self, id: u32, view: &View, t: u32) -> Vec<ServerMessage> {
        match Saved::of(view.state()).to_json() {
            Ok(snapshot) => {
                let mut messages = self.answer(None, Ok(()), view);
                messages.push(ServerMessage::Snapshot { id, snapshot, t });
                messages
            }
            Err(error) => vec![refused(Some(id), error.to_string())],
        }
    }

    /// Returns the messages after a command: the state that it led to, then the answer.
    pub fn answer(
        &mut self,
        id: Option<u32>,
        outcome: Result<(), String>,
        view: &View,
    ) -> Vec<ServerMessage> {
        let answer = match (outcome, id) {
            (Ok(()), id) => id.map(|id| ServerMessage::Done { id }),
            (Err(reason), id) => Some(refused(id, reason)),
        };
        self.update(view).into_iter().chain(answer).collect()
    }

    fn handle(
        &mut self,
        ClientMessage { id, target, body }: ClientMessage,
        view: &View,
        t: u32,
    ) -> Result<Action, String> {
        let required = || id.ok_or("give it an id, by which it is answered");
        if !self.greeted && !matches!(body, Body::Request(Request::Hello { .. })) {
            return Err(HELLO_FIRST.into());
        }
        let request = match body {
            Body::Request(request) => request,
            Body::Command(command) => {
                let command = self.noted(command);
                let command = match target {
                    Some(target) => Command::For(target, command.into()),
                    None => command,
                };
                return Ok(Action::Command(id, command));
            }
        };
        Ok(match request {
            Request::Hello {
                version,
                code,
                token,
            } => self.hello(id, version, Proof { code, token }, view),
            Request::Listen {
                activity,
                display,
                sound,
                bends,
            } => {
                self.bends = bends;
                self.listening = Listening {
                    activity,
                    display,
                    sound: sound && self.welcome.sound,
                };
                Action::Send(self.answer(id, Ok(()), view))
            }
            Request::Touch { fingers } => {
                if fingers.len() > MOST_FINGERS {
                    return Err(format!("the pad takes {MOST_FINGERS} fingers at most"));
                }
                Action::Touch(id, fingers.into_iter().map(clamped).collect())
            }
            Request::Snapshot {} => Action::Snapshot(required()?, t),
            Request::Compile(compilation) => Action::Job(Job::Compile {
                id: required()?,
                compilation,
            }),
            Request::Waveform { columns } => Action::Job(Job::Waveform {
                id: required()?,
                columns,
                file: view.file(),
                network: Some(Arc::clone(&view.state().network)),
                masks: view.state().masks().clone(),
            }),
            Request::Train(training) => Action::Train(required()?, training),
            Request::StopTraining {} => Action::StopTraining,
        })
    }

    /// Numbers the stroke of paint or of a training, so that strokes of different clients
    /// never merge into one step of undo, and notes the keys that the client plays.
    fn noted(&mut self, mut command: Command) -> Command {
        match &mut command {
            Command::Paint { stroke, .. } => {
                let continued = stroke.and(self.stroke);
                *stroke = continued.or_else(|| Some(STROKES.fetch_add(1, Ordering::Relaxed)));
                self.stroke = *stroke;
            }
            Command::LoadTrained { stroke, begins, .. } => {
                let continued = self.stroke.filter(|_| !*begins);
                *begins = continued.is_none();
                *stroke = continued.unwrap_or_else(|| STROKES.fetch_add(1, Ordering::Relaxed));
                self.stroke = Some(*stroke);
            }
            Command::Midi(events) => {
                let messages = events.iter().map(|event| event.message);
                messages.for_each(|message| self.port.note(message));
            }
            _ => {}
        }
        command
    }

    /// Ends the session; returns the command that releases the client's keys, if it has
    /// played any.
    pub fn leave(&mut self) -> Option<Command> {
        let mut events = Vec::new();
        self.port.unplug(0, &mut events);
        (!events.is_empty()).then_some(Command::Midi(events))
    }

    fn hello(&mut self, id: Option<u32>, version: u32, proof: Proof, view: &View) -> Action {
        if version != protocol::VERSION {
            return Action::End(refused(
                id,
                format!(
                    "this page speaks version {version} of the protocol and the instrument \
                     version {}: reload the page",
                    protocol::VERSION
                ),
            ));
        }
        if self.greeted || self.welcome.token.is_none() {
            Action::Send(self.welcome(id, view))
        } else {
            Action::Pair(id, proof)
        }
    }

    /// Welcomes the client; returns the messages for it.
    pub fn welcome(&mut self, id: Option<u32>, view: &View) -> Vec<ServerMessage> {
        self.greeted = true;
        self.sent = None;
        let mut messages = vec![ServerMessage::Welcome(Box::new((*self.welcome).clone()))];
        messages.extend(self.answer(id, Ok(()), view));
        messages
    }

    /// Returns the messages to a client that must send another code.
    pub fn ask_again(id: Option<u32>) -> [ServerMessage; 2] {
        let reason = "this is not the code that the display shows";
        [refused(id, reason.into()), ServerMessage::Pairing]
    }
}

/// Returns the refusal of the message with this id.
pub fn refused(id: Option<u32>, reason: String) -> ServerMessage {
    ServerMessage::Refused {
        id,
        // The reason may quote a long message.
        reason: notice::cut(reason),
        at: None,
    }
}

fn clamped(finger: Finger) -> Finger {
    let part = |x: f32| if x.is_nan() { 0.0 } else { x.clamp(0.0, 1.0) };
    Finger {
        x: part(finger.x),
        y: part(finger.y),
        size: part(finger.size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::description;
    use crate::factory_networks;
    use crate::link::protocol::State;
    use crate::link::view::InstrumentInfo;
    use crate::runtime::controller::Controller;
    use crate::runtime::parts::{InstrumentParts, Lanes};
    use instrument::parameters::Key;
    use logicnet::Network;
    use logicnet::random::Ops;

    /// An instrument with its clients.
    struct Fixture {
        controller: Controller<Lanes>,
        view: View,
        welcome: Arc<Welcome>,
    }

    impl Fixture {
        fn new() -> Fixture {
            let board = description::built_in("desk").unwrap().board().unwrap();
            let parts = InstrumentParts::new(factory_networks::all());
            let (controller, _) = parts.assemble(board.platform).unwrap();
            let info = InstrumentInfo {
                board: "desk".into(),
                rate: 44_100,
                sound: true,
                outputs: false,
                display: 64,
                surface: board.panel.surface,
            };
            Fixture {
                view: View::new(Arc::clone(controller.state())),
                welcome: Arc::new(info.welcome(7)),
                controller,
            }
        }

        fn session(&self) -> ClientSession {
            ClientSession::new(Arc::clone(&self.welcome))
        }

        fn greeted(&self) -> ClientSession {
            let mut session = self.session();
            session.receive(r#"{"type":"hello","version":1}"#, &self.view, 0);
            assert!(session.greeted());
            session
        }

        /// Handles a message, and carries out its command.
        fn send(&mut self, session: &mut ClientSession, text: &str) -> Vec<ServerMessage> {
            match session.receive(text, &self.view, 99) {
                Action::Send(messages) => messages,
                Action::Command(id, command) => {
                    let outcome = self.controller.command(command);
                    self.view.go_to(self.controller.state());
                    session.answer(id, outcome.map(drop), &self.view)
                }
                action => panic!("{text}: {action:?}"),
            }
        }
    }

    fn reason(action: &Action) -> &str {
        match action {
            Action::End(ServerMessage::Refused { reason, .. }) => reason,
            Action::Send(messages) => match &messages[..] {
                [ServerMessage::Refused { reason, .. }] => reason,
                _ => panic!("{messages:?}"),
            },
            _ => panic!("{action:?}"),
        }
    }

    #[test]
    fn answers_follow_the_state_they_led_to() {
        let mut fixture = Fixture::new();
        let mut session = fixture.greeted();
        let messages = fixture.send(&mut session, r#"{"id":3,"type":"play","playing":false}"#);
        let [ServerMessage::State(state), ServerMessage::Done { id: 3 }] = &messages[..] else {
            panic!("{messages:?}");
        };
        let expected = State {
            transport: Some(protocol::Transport {
                playing: false,
                ..state.transport.unwrap()
            }),
            ..State::default()
        };
        assert_eq!(**state, expected);
        // Without an id, only refusals are answered.
        let messages = fixture.send(&mut session, r#"{"type":"play","playing":true}"#);
        assert!(
            matches!(&messages[..], [ServerMessage::State(_)]),
            "{messages:?}"
        );
        let messages = fixture.send(&mut session, r#"{"type":"choose","place":99}"#);
        let is_refusal =
            |message: &ServerMessage| matches!(message, ServerMessage::Refused { id: None, .. });
        assert!(messages.iter().any(is_refusal), "{messages:?}");
    }

    #[test]
    fn slow_clients_receive_all_differences_at_once() {
        let mut fixture = Fixture::new();
        let (mut one, mut two) = (fixture.greeted(), fixture.greeted());
        for value in 0..10 {
            let text = format!(r#"{{"type":"set","key":"volume","value":{}}}"#, value - 20);
            fixture.send(&mut one, &text);
        }
        fixture.send(&mut one, r#"{"type":"add-layer","name":"bass"}"#);
        let Some(ServerMessage::State(state)) = two.update(&fixture.view) else {
            panic!("no sections, though the state changed");
        };
        assert!(state.parameters.unwrap().contains(&-11));
        assert_eq!(state.layers.unwrap().layers.len(), 2);
        assert!(state.network.is_none() && state.library.is_none());
        assert_eq!(two.update(&fixture.view), None);
        // A change and its reversal are no difference but in the number of edits.
        fixture.send(&mut one, r#"{"type":"set","key":"volume","value":-12}"#);
        fixture.send(&mut one, r#"{"type":"set","key":"volume","value":-11}"#);
        let Some(ServerMessage::State(state)) = two.update(&fixture.view) else {
            panic!("no sections, though there were edits");
        };
        let revision = protocol::Revision {
            edits: 13,
            resumed: 0,
        };
        let expected = State {
            revision: Some(revision),
            ..State::default()
        };
        assert_eq!(*state, expected);
    }

    #[test]
    fn a_client_may_receive_changed_bends_in_place_of_layers() {
        let mut fixture = Fixture::new();
        let (mut whole, mut changes) = (fixture.greeted(), fixture.greeted());
        let listen =
            r#"{"type":"listen","activity":false,"display":false,"sound":false,"bends":true}"#;
        fixture.send(&mut changes, listen);
        let layers = |message: Option<ServerMessage>| match message {
            Some(ServerMessage::State(state)) => (state.layers, state.bends),
            _ => (None, None),
        };
        let mut known = fixture.view.sections(None, true).layers.unwrap();
        for (text, is_change) in [
            (
                r#"{"type":"paint","bends":[[20,"one"],[30,"zero"],[40,"invert"]],"begins":true}"#,
                true,
            ),
            (
                r#"{"type":"paint","bends":[[30,{"op":6}],[20,null]],"begins":false}"#,
                true,
            ),
            (r#"{"type":"strength","layer":0,"strength":50}"#, false),
            (
                r#"{"type":"paint","bends":[[50,"one"],[60,"one"],[70,"one"]],"begins":true}"#,
                true,
            ),
            (r#"{"type":"set","key":"volume","value":-20}"#, false),
            (r#"{"type":"add-layer"}"#, false),
            (
                r#"{"type":"paint","bends":[[50,"zero"]],"begins":true}"#,
                true,
            ),
            (r#"{"type":"clear"}"#, true),
        ] {
            let mut sender = fixture.greeted();
            fixture.send(&mut sender, text);
            let (all, none) = layers(whole.update(&fixture.view));
            assert_eq!(none, None, "{text}");
            let (layers, bends) = layers(changes.update(&fixture.view));
            assert_eq!(bends.is_some(), is_change, "{text}");
            for change in bends.into_iter().flatten() {
                let layer = &mut known.layers[change.layer];
                for (node, bend, counts) in change.bends {
                    layer.bends.retain(|(other, ..)| *other != node);
                    layer.bends.extend(bend.map(|bend| (node, bend, counts)));
                }
                layer.bends.sort_by_key(|(node, ..)| *node);
            }
            known = layers.unwrap_or(known);
            assert_eq!(known, all.unwrap_or_else(|| known.clone()), "{text}");
        }
    }

    #[test]
    fn keys_of_a_client_that_leaves_are_released() {
        let mut fixture = Fixture::new();
        let (mut one, mut two) = (fixture.greeted(), fixture.greeted());
        let keys = |message: Option<ServerMessage>| match message {
            Some(ServerMessage::State(state)) => state.midi.map(|midi| midi.keys),
            _ => None,
        };
        fixture.send(&mut one, r#"{"type":"midi","bytes":"90 40 64"}"#);
        assert_eq!(keys(two.update(&fixture.view)), Some(vec![64]));
        assert_eq!(two.leave(), None);
        let released = one.leave().unwrap();
        assert_eq!(one.leave(), None);
        fixture.controller.command(released).unwrap();
        fixture.view.go_to(fixture.controller.state());
        assert_eq!(keys(two.update(&fixture.view)), Some(Vec::new()));
    }

    #[test]
    fn controls_and_their_controllers_are_sent() {
        let network = r#"{"format": "gatebend-network", "version": 2, "layers": [], "outputs": [[0, 1]],
            "inputs": [{"from": "t", "bits": 1}, {"from": "control", "name": "a", "default": 0.25, "bits": 3}]}"#;
        let mut fixture = Fixture::new();
        let (mut one, mut two) = (fixture.greeted(), fixture.greeted());
        let sections = |session: &mut ClientSession, view: &View| match session.update(view) {
            Some(ServerMessage::State(state)) => (state.controls, state.midi),
            _ => (None, None),
        };
        let load = serde_json::json!({"type": "load", "network": network}).to_string();
        fixture.send(&mut one, &load);
        let control = |position| protocol::Control {
            name: "a".into(),
            position,
            steps: 8,
        };
        let expected = (Some(vec![control(0.25)]), None);
        assert_eq!(sections(&mut two, &fixture.view), expected);
        fixture.send(&mut one, r#"{"type":"control","name":"a","value":0.75}"#);
        let expected = (Some(vec![control(0.75)]), None);
        assert_eq!(sections(&mut two, &fixture.view), expected);
        fixture.send(&mut one, r#"{"type":"learn-midi","name":"a"}"#);
        let midi = sections(&mut two, &fixture.view).1.unwrap();
        assert_eq!(midi.learning.as_deref(), Some("a"));
        fixture.send(&mut one, r#"{"type":"midi","bytes":"b0 07 40"}"#);
        let midi = sections(&mut two, &fixture.view).1.unwrap();
        assert_eq!(
            (midi.learning, midi.controllers),
            (None, vec![(7, "a".into())])
        );
    }

    #[test]
    fn strokes_of_clients_do_not_merge() {
        let mut fixture = Fixture::new();
        let (mut one, mut two) = (fixture.greeted(), fixture.greeted());
        let mut paint = |session: &mut ClientSession, node: u32, begins: bool| {
            let text = format!(r#"{{"type":"paint","bends":[[{node},"one"]],"begins":{begins}}}"#);
            fixture.send(session, &text);
            let state = fixture.view.state();
            (state.bends().len(), state.history.0)
        };
        assert_eq!(paint(&mut one, 20, true), (1, 1));
        assert_eq!(paint(&mut one, 21, false), (2, 1));
        assert_eq!(paint(&mut two, 30, true), (3, 2));
        assert_eq!(paint(&mut one, 22, false), (4, 3));
        assert_eq!(paint(&mut one, 23, true), (5, 4));
        // After a reconnection, there is no stroke to continue.
        let mut again = fixture.greeted();
        let text = r#"{"type":"paint","bends":[[24,"one"]],"begins":false}"#;
        fixture.send(&mut again, text);
        assert_eq!(fixture.view.state().history.0, 5);
    }

    #[test]
    fn networks_of_a_training_are_one_step_of_undo_and_never_replace_bends() {
        let mut fixture = Fixture::new();
        let (mut one, mut two) = (fixture.greeted(), fixture.greeted());
        let network = |seed| Network::random(8, &[8], Ops::XorRich, seed).unwrap();
        let load = |seed, begins: bool| {
            let network = network(seed).to_json();
            serde_json::json!({"type": "load", "network": network, "begins": begins}).to_string()
        };
        let mut send = |session: &mut ClientSession, text: &str| {
            let refused = fixture.send(session, text).pop();
            let state = fixture.view.state();
            let refused = matches!(refused, Some(ServerMessage::Refused { .. }));
            (!refused, state.network.name().to_string(), state.history)
        };
        let name = |seed| network(seed).name().to_string();
        assert_eq!(send(&mut one, &load(1, true)), (true, name(1), (1, 0)));
        assert_eq!(send(&mut one, &load(2, false)), (true, name(2), (1, 0)));
        // Settings are no edits of the network.
        send(&mut one, r#"{"type":"set","key":"volume","value":-20}"#);
        assert_eq!(send(&mut one, &load(3, false)), (true, name(3), (1, 0)));
        // Another client begins its own training.
        assert_eq!(send(&mut two, &load(4, false)), (true, name(4), (2, 0)));
        assert_eq!(send(&mut one, &load(5, false)), (false, name(4), (2, 0)));
        let bend = r#"{"type":"paint","bends":[[9,"one"]],"begins":true}"#;
        assert_eq!(send(&mut two, bend), (true, name(4), (3, 0)));
        assert_eq!(send(&mut two, &load(6, false)), (false, name(4), (3, 0)));
        let undo = r#"{"type":"undo"}"#;
        send(&mut two, undo);
        assert_eq!(send(&mut two, undo), (true, name(3), (1, 2)));
        assert_eq!(send(&mut one, &load(7, false)), (false, name(3), (1, 2)));
    }

    #[test]
    fn a_training_needs_an_id() {
        let fixture = Fixture::new();
        let mut session = fixture.greeted();
        let mut receive = |text: &str| session.receive(text, &fixture.view, 0);
        let fields = r#""type":"train","name":"a","sound":"AAAA","rate":8000,"bits":9,"gates":7"#;
        assert_eq!(
            reason(&receive(&format!("{{{fields}}}"))),
            "give it an id, by which it is answered"
        );
        let training = Training {
            name: "a".into(),
            sound: "AAAA".into(),
            rate: 8000,
            bits: 9,
            gates: 7,
        };
        assert_eq!(
            receive(&format!(r#"{{"id":2,{fields}}}"#)),
            Action::Train(2, training)
        );
        assert_eq!(receive(r#"{"type":"stop-training"}"#), Action::StopTraining);
    }

    #[test]
    fn nothing_is_sent_before_the_client_has_paired() {
        let mut fixture = Fixture::new();
        Arc::make_mut(&mut fixture.welcome).token = Some(Secret("ab".into()));
        let mut session = fixture.session();
        let hello = |session: &mut ClientSession, code: &str| {
            let text = format!(r#"{{"type":"hello","version":1{code}}}"#);
            session.receive(&text, &fixture.view, 0)
        };
        let pair = |id, code: Option<&str>, token: Option<&str>| {
            let [code, token] = [code, token].map(|text| text.map(|text| Secret(text.into())));
            Action::Pair(id, Proof { code, token })
        };
        assert_eq!(hello(&mut session, ""), pair(None, None, None));
        assert_eq!(session.update(&fixture.view), None);
        let early = session.receive(r#"{"type":"snapshot","id":1}"#, &fixture.view, 0);
        assert_eq!(reason(&early), "say hello first");
        assert!(!session.listening().activity);
        let code = hello(&mut session, r#","code":"123456","id":3"#);
        assert_eq!(code, pair(Some(3), Some("123456"), None));
        let token = hello(&mut session, r#","token":"ab""#);
        assert_eq!(token, pair(None, None, Some("ab")));
        let long = format!(r#","code":"{}""#, "1".repeat(MOST_HELLO));
        assert_eq!(reason(&hello(&mut session, &long)), "say hello first");
        assert!(!session.greeted());
        let messages = session.welcome(None, &fixture.view);
        let [ServerMessage::Welcome(welcome), ServerMessage::State(_)] = &messages[..] else {
            panic!("{messages:?}");
        };
        assert_eq!(welcome.token, Some(Secret("ab".into())));
        // A client that was welcomed may say hello again.
        let again = hello(&mut session, "");
        assert!(matches!(again, Action::Send(_)), "{again:?}");
        assert!(session.listening().activity && !session.listening().sound);
    }

    #[test]
    fn codes_and_tokens_are_hidden_when_messages_are_printed() {
        let mut fixture = Fixture::new();
        Arc::make_mut(&mut fixture.welcome).token = Some(Secret("fedcba".into()));
        let text = r#"{"type":"hello","version":1,"code":"123456","token":"fedcba"}"#;
        let mut session = fixture.session();
        let printed = format!(
            "{:?} {:?} {:?}",
            ClientMessage::read(text),
            session.receive(text, &fixture.view, 0),
            session.welcome(None, &fixture.view),
        );
        assert!(!printed.contains("123456") && !printed.contains("fedcba"));
    }

    #[test]
    fn wrong_messages_are_refused_with_reason_and_id() {
        let fixture = Fixture::new();
        let mut session = fixture.greeted();
        for (text, id, expected) in [
            (r#"{"id":4,"type":"dance"}"#, Some(4), "not understood"),
            (r#"{"id":"x","type":"undo"}"#, None, "not understood"),
            (r#"{"type":"snapshot"}"#, None, "give it an id"),
            (
                r#"{"id":5,"type":"show","page":"no"}"#,
                Some(5),
                "play, menu",
            ),
            (
                r#"{"id":6,"type":"set","key":"tempo","value":1}"#,
                Some(6),
                "`key`",
            ),
            (
                r#"{"id":7,"type":"rewire","node":20,"gate":[16,0,0]}"#,
                Some(7),
                "0 to 15",
            ),
        ] {
            let action = session.receive(text, &fixture.view, 0);
            assert!(reason(&action).contains(expected), "{text}: {action:?}");
            let Action::Send(messages) = action else {
                return;
            };
            assert!(
                matches!(&messages[..], [ServerMessage::Refused { id: answered, .. }] if *answered == id)
            );
        }
        let finger = r#"{"x":0,"y":0,"size":0}"#;
        let many = [finger; MOST_FINGERS + 1].join(",");
        let action = session.receive(
            &format!(r#"{{"type":"touch","fingers":[{many}]}}"#),
            &fixture.view,
            0,
        );
        assert!(reason(&action).contains("5 fingers"));
        let long = "x".repeat(100_000);
        let action = session.receive(&format!(r#"{{"type":"{long}"}}"#), &fixture.view, 0);
        assert!(reason(&action).chars().count() <= notice::MAX_CHARACTERS + 1);
        let older = session.receive(r#"{"type":"hello","version":0}"#, &fixture.view, 0);
        assert!(matches!(&older, Action::End(_)) && reason(&older).contains("version 0"));
    }

    #[test]
    fn fingers_stay_on_the_pad() {
        let fixture = Fixture::new();
        let text = r#"{"type":"touch","fingers":[{"x":-3,"y":7e9,"size":0.5}]}"#;
        let action = fixture.greeted().receive(text, &fixture.view, 0);
        let expected = Finger {
            x: 0.0,
            y: 1.0,
            size: 0.5,
        };
        assert_eq!(action, Action::Touch(None, vec![expected]));
    }

    #[test]
    fn a_file_may_have_bends_and_need_not_have_parameters() {
        let mut fixture = Fixture::new();
        let mut session = fixture.greeted();
        let plain = fixture.view.state().network.to_json();
        let masked = plain.trim_end().trim_end_matches('}').trim_end();
        let load = |file: &str| {
            let file = serde_json::to_string(file).unwrap();
            format!(r#"{{"id":1,"type":"load","network":{file}}}"#)
        };
        let done = |messages: &[ServerMessage]| {
            matches!(messages.last(), Some(ServerMessage::Done { id: 1 }))
        };
        fixture.send(&mut session, r#"{"type":"set","key":"volume","value":-20}"#);
        let volume = fixture.view.state().parameters.get(Key::Volume);
        let messages = fixture.send(&mut session, &load(&plain));
        assert!(done(&messages), "{messages:?}");
        for field in [
            r#""masks": [{"node": 20, "force": 0}]"#,
            r#""masks": [{"node": 20, "force": 0}], "bends": [20]"#,
            r#""masks": [{"node": 20, "force": 0}], "bends": [20],
                "covered": [{"node": 20, "force": 1}]"#,
        ] {
            let messages = fixture.send(&mut session, &load(&format!("{masked}, {field}\n}}\n")));
            let state = fixture.view.state();
            assert!(done(&messages), "{field}: {messages:?}");
            assert_eq!(state.parameters.get(Key::Volume), volume);
        }
    }
}
