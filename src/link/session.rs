//! One client: what it says, and what it was told. Pure: no sockets, threads or clocks;
//! the instrument in a page has one, too.
//!
//! Whoever owns a session does what [`Session::receive`] gives back, one message after
//! the other, and then calls [`Session::answer`]: so an answer comes after the state that
//! it led to. What others change is told by [`Session::update`], whenever that is called:
//! always the difference to what was told last, so that a client that takes little is
//! told less often, and never less.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use logicnet::{Gate, Mask, Network, Op};

use super::jobs::Job;
use super::protocol::{self, Bend, ClientMessage, Finger, Message, ServerMessage, Welcome};
use super::view::{PAGES, View};
use instrument::parameters::Key;
use instrument::{Command, Direction, Saved, notice};

/// Most fingers that the pad takes.
pub const MOST_FINGERS: usize = 5;
/// Most bytes of a message before the welcome.
pub const MOST_HELLO: usize = 1024;

const HELLO_FIRST: &str = "say hello first";

/// What is to be done about a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// ServerMessage this; all is done.
    Say(Vec<ServerMessage>),
    /// ServerMessage this: a code was wrong. The next guess must wait.
    Wrong(Vec<ServerMessage>),
    /// ServerMessage this, and end the connection.
    End(ServerMessage),
    /// Have the instrument do this, then [`Session::answer`].
    Command(Option<u32>, Command),
    /// These are all fingers on the pad now; then [`Session::answer`].
    Touch(Option<u32>, Vec<Finger>),
    /// Have this worked out, and tell the answer; other messages need not wait.
    Job(Job),
}

/// What a client wants to hear of by the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listening {
    /// [`protocol::FrameKind::Activity`].
    pub activity: bool,
    /// [`protocol::FrameKind::Display`].
    pub display: bool,
    /// [`protocol::FrameKind::Sound`].
    pub sound: bool,
}

/// A client.
pub struct Session {
    welcome: Arc<Welcome>,
    code: Option<Arc<str>>,
    greeted: bool,
    listening: Listening,
    /// The number of its last stroke.
    stroke: Option<u32>,
    told: Option<View>,
}

/// The number of the next stroke: no two clients have one in common.
static STROKES: AtomicU32 = AtomicU32::new(0);

impl Session {
    /// A client that has not said anything; with a code, it must know it.
    pub fn new(welcome: Arc<Welcome>, code: Option<Arc<str>>) -> Session {
        Session {
            welcome,
            code,
            greeted: false,
            listening: Listening {
                activity: true,
                display: true,
                sound: false,
            },
            stroke: None,
            told: None,
        }
    }

    /// Whether it was welcomed.
    pub fn greeted(&self) -> bool {
        self.greeted
    }

    /// What it wants to hear of; of nothing before it was welcomed.
    pub fn listening(&self) -> Listening {
        if self.greeted() {
            return self.listening;
        }
        Listening {
            activity: false,
            display: false,
            sound: false,
        }
    }

    /// Takes a message, at a network time.
    pub fn receive(&mut self, text: &str, view: &View, t: u32) -> Action {
        if !self.greeted && text.len() > MOST_HELLO {
            return Action::Say(vec![refused(None, HELLO_FIRST.into())]);
        }
        let (id, wish) = match Message::read(text) {
            Ok(Message { id, ask }) => (id, self.ask(id, ask, view, t)),
            Err((id, reason)) => (id, Err(reason)),
        };
        wish.unwrap_or_else(|reason| Action::Say(vec![refused(id, reason)]))
    }

    /// What has changed since it was told last: a message, or none.
    pub fn update(&mut self, view: &View) -> Option<ServerMessage> {
        if !self.greeted() {
            return None;
        }
        let sections = view.sections(self.told.as_ref());
        self.told = Some(view.clone());
        (sections != protocol::State::default()).then(|| ServerMessage::State(Box::new(sections)))
    }

    /// What a wish has led to: the state, then the answer.
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

    fn ask(
        &mut self,
        id: Option<u32>,
        ask: ClientMessage,
        view: &View,
        t: u32,
    ) -> Result<Action, String> {
        if let ClientMessage::Hello { version, code } = ask {
            return Ok(self.hello(id, version, code.as_deref(), view));
        }
        if !self.greeted() {
            return Err(HELLO_FIRST.into());
        }
        let needed = || id.ok_or("give it an id, by which it is answered");
        Ok(match ask {
            ClientMessage::Listen {
                activity,
                display,
                sound,
            } => {
                self.listening = Listening {
                    activity,
                    display,
                    sound: sound && self.welcome.sound,
                };
                Action::Say(self.answer(id, Ok(()), view))
            }
            ClientMessage::Touch { fingers } => {
                if fingers.len() > MOST_FINGERS {
                    return Err(format!("the pad takes {MOST_FINGERS} fingers at most"));
                }
                Action::Touch(id, fingers.into_iter().map(within).collect())
            }
            ClientMessage::Snapshot => {
                let id = needed()?;
                let snapshot = Saved::of(view.state()).to_json();
                let snapshot = snapshot.map_err(|error| error.to_string())?;
                let mut tells = self.answer(None, Ok(()), view);
                tells.push(ServerMessage::Snapshot { id, snapshot, t });
                Action::Say(tells)
            }
            ClientMessage::Compile { expression, bits } => Action::Job(Job::Compile {
                id: needed()?,
                expression,
                bits,
            }),
            ClientMessage::Waveform { columns } => Action::Job(waveform(needed()?, columns, view)?),
            ClientMessage::Paint { bends, begins } => {
                Action::Command(id, self.paint(bends, begins)?)
            }
            ask => Action::Command(id, command(ask, view)?),
        })
    }

    /// A part of this client's stroke, and of nobody else's: what another one paints
    /// meanwhile does not go on in it.
    fn paint(&mut self, bends: Vec<(u32, Option<Bend>)>, begins: bool) -> Result<Command, String> {
        let bends = bends
            .into_iter()
            .map(|(node, bend)| Ok((node, bend.map(mask).transpose()?)))
            .collect::<Result<_, String>>()?;
        let stroke = self.stroke.filter(|_| !begins);
        let stroke = stroke.unwrap_or_else(|| STROKES.fetch_add(1, Ordering::Relaxed));
        self.stroke = Some(stroke);
        Ok(Command::Paint {
            bends,
            stroke: Some(stroke),
        })
    }

    fn hello(&mut self, id: Option<u32>, version: u32, code: Option<&str>, view: &View) -> Action {
        if version != protocol::VERSION {
            return Action::End(refused(
                id,
                format!(
                    "this page speaks version {version} of the protocol and the instrument \
                     version {}: load it anew",
                    protocol::VERSION
                ),
            ));
        }
        match (&self.code, code) {
            _ if self.greeted => self.welcomed(id, view),
            (Some(wanted), Some(code)) if **wanted != *code.trim() => {
                let reason = "this is not the code that the display shows";
                Action::Wrong(vec![refused(id, reason.into()), ServerMessage::Pairing])
            }
            (Some(_), None) => Action::Say(vec![ServerMessage::Pairing]),
            _ => self.welcomed(id, view),
        }
    }

    fn welcomed(&mut self, id: Option<u32>, view: &View) -> Action {
        self.greeted = true;
        self.told = None;
        let mut tells = vec![ServerMessage::Welcome(Box::new((*self.welcome).clone()))];
        tells.extend(self.answer(id, Ok(()), view));
        Action::Say(tells)
    }
}

fn refused(id: Option<u32>, reason: String) -> ServerMessage {
    ServerMessage::Refused {
        id,
        // A message that is not understood may be long.
        reason: notice::cut(reason),
        at: None,
    }
}

fn within(finger: Finger) -> Finger {
    // What is no number is nowhere else.
    let part = |x: f32| if x.is_nan() { 0.0 } else { x.clamp(0.0, 1.0) };
    Finger {
        x: part(finger.x),
        y: part(finger.y),
        size: part(finger.size),
    }
}

fn waveform(id: u32, columns: u16, view: &View) -> Result<Job, String> {
    let state = view.state();
    let bent = (*state.network).clone().with_masks(state.masks());
    Ok(Job::Waveform {
        id,
        columns,
        bent: bent.map_err(|error| error.to_string())?.to_json(),
        plain: state.network.to_json(),
    })
}

/// What does that which was asked.
fn command(ask: ClientMessage, view: &View) -> Result<Command, String> {
    Ok(match ask {
        ClientMessage::Load { network } => load(&network, view)?,
        ClientMessage::Choose { place } => Command::Choose(place),
        ClientMessage::Swap { next: true } => Command::Swap(Direction::Next),
        ClientMessage::Swap { next: false } => Command::Swap(Direction::Previous),
        ClientMessage::Random { seed } => Command::Random(seed.map(u64::from)),
        ClientMessage::Mutate { seed } => Command::Mutate(seed.map(u64::from)),
        ClientMessage::Rewire { node, gate } => Command::Rewire(node, wired(gate)?),
        ClientMessage::Clear { layer: None } => Command::ClearBends,
        ClientMessage::Clear { layer: Some(layer) } => Command::ClearLayer(layer),
        ClientMessage::AddLayer { name } => Command::AddLayer(name),
        ClientMessage::RemoveLayer { layer } => Command::RemoveLayer(layer),
        ClientMessage::ChooseLayer { layer } => Command::ChooseLayer(layer),
        ClientMessage::Strength { layer, strength } => Command::SetStrength(layer, strength),
        ClientMessage::Undo => Command::Undo,
        ClientMessage::Redo => Command::Redo,
        ClientMessage::Set { key, value } => {
            let key = Key::with_id(&key).ok_or_else(|| format!("no parameter {key:?}"))?;
            Command::Set(key, value)
        }
        ClientMessage::Play { playing } => Command::Play(playing),
        ClientMessage::Seek { t } => Command::Seek(t),
        ClientMessage::Show { page } => {
            let known = PAGES.iter().find(|(_, name)| *name == page);
            let (page, _) = known.ok_or_else(|| {
                let names = PAGES.map(|(_, name)| name).join(", ");
                format!("no page {page:?}; there are {names}")
            })?;
            Command::Show(*page)
        }
        ClientMessage::SavePreset { name } => Command::SavePreset(name),
        ClientMessage::RecallPreset { name } => Command::RecallPreset(name),
        ClientMessage::DeletePreset { name } => Command::DeletePreset(name),
        ClientMessage::Restore { snapshot, t } => {
            let saved = Saved::from_json(&snapshot).map_err(|error| error.to_string())?;
            Command::Restore(Box::new(saved), t)
        }
        ClientMessage::Hello { .. }
        | ClientMessage::Listen { .. }
        | ClientMessage::Touch { .. }
        | ClientMessage::Paint { .. }
        | ClientMessage::Snapshot
        | ClientMessage::Compile { .. }
        | ClientMessage::Waveform { .. } => return Err("this is no command".into()),
    })
}

/// A network; or with its bends and parameters, if its file tells of them.
fn load(text: &str, view: &View) -> Result<Command, String> {
    let network = Network::from_json(text).map_err(|error| error.to_string())?;
    let has = |field| network.extra().contains_key(field);
    if !has("bends") {
        return Ok(Command::Load(Box::new(network)));
    }
    let mut saved = Saved::from_json(text).map_err(|error| error.to_string())?;
    if !has("parameters") {
        saved.parameters = view.state().parameters.clone();
    }
    Ok(Command::Restore(Box::new(saved), None))
}

fn operation(number: u8) -> Result<Op, String> {
    Op::new(number).ok_or_else(|| format!("no operation {number}; they are 0 to 15"))
}

fn wired(protocol::Gate(op, a, b): protocol::Gate) -> Result<Gate, String> {
    Ok(Gate {
        op: operation(op)?,
        a,
        b,
    })
}

fn mask(bend: Bend) -> Result<Mask, String> {
    Ok(match bend {
        Bend::Zero => Mask::Force(false),
        Bend::One => Mask::Force(true),
        Bend::Invert => Mask::Invert,
        Bend::Op(number) => Mask::Replace(operation(number)?),
    })
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

    /// An instrument with its clients.
    struct Stage {
        controller: Controller<Lanes>,
        view: View,
        welcome: Arc<Welcome>,
    }

    impl Stage {
        fn new() -> Stage {
            let board = description::built_in("desk").unwrap().board().unwrap();
            let parts = InstrumentParts::new(factory_networks::all());
            let (controller, _) = parts.assemble(board.platform).unwrap();
            let info = InstrumentInfo {
                board: "desk".into(),
                rate: 44_100,
                sound: true,
                display: 64,
                surface: board.panel.surface,
            };
            Stage {
                view: View::new(Arc::clone(controller.state())),
                welcome: Arc::new(info.welcome(7)),
                controller,
            }
        }

        fn session(&self, code: Option<&str>) -> Session {
            Session::new(Arc::clone(&self.welcome), code.map(Arc::from))
        }

        fn greeted(&self) -> Session {
            let mut session = self.session(None);
            session.receive(r#"{"type":"hello","version":1}"#, &self.view, 0);
            assert!(session.greeted());
            session
        }

        /// Does what a message asks for.
        fn say(&mut self, session: &mut Session, text: &str) -> Vec<ServerMessage> {
            match session.receive(text, &self.view, 99) {
                Action::Say(tells) => tells,
                Action::Command(id, command) => {
                    let outcome = self.controller.command(command);
                    self.view.go_to(self.controller.state());
                    session.answer(id, outcome, &self.view)
                }
                wish => panic!("{text}: {wish:?}"),
            }
        }
    }

    fn reason(wish: &Action) -> &str {
        match wish {
            Action::End(ServerMessage::Refused { reason, .. }) => reason,
            Action::Say(tells) => match &tells[..] {
                [ServerMessage::Refused { reason, .. }] => reason,
                _ => panic!("{tells:?}"),
            },
            _ => panic!("{wish:?}"),
        }
    }

    #[test]
    fn an_answer_comes_after_the_state_that_it_led_to() {
        let mut stage = Stage::new();
        let mut session = stage.greeted();
        let tells = stage.say(&mut session, r#"{"id":3,"type":"play","playing":false}"#);
        let [ServerMessage::State(state), ServerMessage::Done { id: 3 }] = &tells[..] else {
            panic!("{tells:?}");
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
        let tells = stage.say(&mut session, r#"{"type":"play","playing":true}"#);
        assert!(matches!(&tells[..], [ServerMessage::State(_)]), "{tells:?}");
        let tells = stage.say(&mut session, r#"{"type":"choose","place":99}"#);
        let is_refusal =
            |tell: &ServerMessage| matches!(tell, ServerMessage::Refused { id: None, .. });
        assert!(tells.iter().any(is_refusal), "{tells:?}");
    }

    #[test]
    fn who_takes_little_is_told_the_difference_at_once() {
        let mut stage = Stage::new();
        let (mut one, mut two) = (stage.greeted(), stage.greeted());
        for value in 0..10 {
            let text = format!(r#"{{"type":"set","key":"volume","value":{}}}"#, value - 20);
            stage.say(&mut one, &text);
        }
        stage.say(&mut one, r#"{"type":"add-layer","name":"bass"}"#);
        let Some(ServerMessage::State(state)) = two.update(&stage.view) else {
            panic!("much has changed");
        };
        assert!(state.parameters.unwrap().contains(&-11));
        assert_eq!(state.layers.unwrap().layers.len(), 2);
        assert!(state.network.is_none() && state.library.is_none());
        assert_eq!(two.update(&stage.view), None);
        // There and back is no change.
        stage.say(&mut one, r#"{"type":"set","key":"volume","value":-12}"#);
        stage.say(&mut one, r#"{"type":"set","key":"volume","value":-11}"#);
        assert_eq!(two.update(&stage.view), None);
    }

    #[test]
    fn a_stroke_is_its_clients_alone() {
        let mut stage = Stage::new();
        let (mut one, mut two) = (stage.greeted(), stage.greeted());
        let mut paint = |session: &mut Session, node: u32, begins: bool| {
            let text = format!(r#"{{"type":"paint","bends":[[{node},"one"]],"begins":{begins}}}"#);
            stage.say(session, &text);
            let state = stage.view.state();
            (state.bends().len(), state.history.0)
        };
        assert_eq!(paint(&mut one, 20, true), (1, 1));
        assert_eq!(paint(&mut one, 21, false), (2, 1));
        assert_eq!(paint(&mut two, 30, true), (3, 2));
        assert_eq!(paint(&mut one, 22, false), (4, 3));
        assert_eq!(paint(&mut one, 23, true), (5, 4));
        // Here again after a break, it has no stroke to go on with.
        let mut again = stage.greeted();
        let text = r#"{"type":"paint","bends":[[24,"one"]],"begins":false}"#;
        stage.say(&mut again, text);
        assert_eq!(stage.view.state().history.0, 5);
    }

    #[test]
    fn nothing_is_told_before_the_code_is_known() {
        let stage = Stage::new();
        let mut session = stage.session(Some("123456"));
        let hello = |session: &mut Session, code: &str| {
            let text = format!(r#"{{"type":"hello","version":1{code}}}"#);
            session.receive(&text, &stage.view, 0)
        };
        assert_eq!(
            hello(&mut session, ""),
            Action::Say(vec![ServerMessage::Pairing])
        );
        assert_eq!(session.update(&stage.view), None);
        let early = session.receive(r#"{"type":"snapshot","id":1}"#, &stage.view, 0);
        assert_eq!(reason(&early), "say hello first");
        assert!(!session.listening().activity);
        // Who has an old code is asked for the new one.
        let wrong = hello(&mut session, r#","code":"1""#);
        let Action::Wrong(tells) = wrong else {
            panic!("{wrong:?}");
        };
        assert!(matches!(
            &tells[..],
            [ServerMessage::Refused { .. }, ServerMessage::Pairing]
        ));
        let long = format!(r#","code":"{}""#, "1".repeat(MOST_HELLO));
        assert_eq!(reason(&hello(&mut session, &long)), "say hello first");
        let welcome = hello(&mut session, r#","code":" 123456""#);
        let Action::Say(tells) = welcome else {
            panic!("{welcome:?}");
        };
        assert!(matches!(
            &tells[..],
            [ServerMessage::Welcome(_), ServerMessage::State(_)]
        ));
        assert!(session.listening().activity && !session.listening().sound);
    }

    #[test]
    fn what_is_not_right_is_refused_with_its_reason_and_id() {
        let stage = Stage::new();
        let mut session = stage.greeted();
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
                "no parameter",
            ),
            (
                r#"{"id":7,"type":"rewire","node":20,"gate":[16,0,0]}"#,
                Some(7),
                "0 to 15",
            ),
        ] {
            let wish = session.receive(text, &stage.view, 0);
            assert!(reason(&wish).contains(expected), "{text}: {wish:?}");
            let Action::Say(tells) = wish else { return };
            assert!(matches!(&tells[..], [ServerMessage::Refused { id: told, .. }] if *told == id));
        }
        let finger = r#"{"x":0,"y":0,"size":0}"#;
        let many = [finger; MOST_FINGERS + 1].join(",");
        let wish = session.receive(
            &format!(r#"{{"type":"touch","fingers":[{many}]}}"#),
            &stage.view,
            0,
        );
        assert!(reason(&wish).contains("5 fingers"));
        let long = "x".repeat(100_000);
        let wish = session.receive(&format!(r#"{{"type":"{long}"}}"#), &stage.view, 0);
        assert!(reason(&wish).chars().count() <= notice::MAX_CHARACTERS + 1);
        let older = session.receive(r#"{"type":"hello","version":0}"#, &stage.view, 0);
        assert!(matches!(&older, Action::End(_)) && reason(&older).contains("version 0"));
    }

    #[test]
    fn fingers_stay_on_the_pad() {
        let stage = Stage::new();
        let text = r#"{"type":"touch","fingers":[{"x":-3,"y":7e9,"size":0.5}]}"#;
        let wish = stage.greeted().receive(text, &stage.view, 0);
        let expected = Finger {
            x: 0.0,
            y: 1.0,
            size: 0.5,
        };
        assert_eq!(wish, Action::Touch(None, vec![expected]));
    }

    #[test]
    fn a_file_may_have_bends_and_need_not_have_parameters() {
        let mut stage = Stage::new();
        let mut session = stage.greeted();
        let plain = stage.view.state().network.to_json();
        let masked = plain.trim_end().trim_end_matches('}').trim_end();
        let load = |file: &str| {
            let file = serde_json::to_string(file).unwrap();
            format!(r#"{{"id":1,"type":"load","network":{file}}}"#)
        };
        let done =
            |tells: &[ServerMessage]| matches!(tells.last(), Some(ServerMessage::Done { id: 1 }));
        stage.say(&mut session, r#"{"type":"set","key":"volume","value":-20}"#);
        let volume = stage.view.state().parameters.get(Key::Volume);
        let tells = stage.say(&mut session, &load(&plain));
        assert!(done(&tells), "{tells:?}");
        for field in [
            r#""masks": [{"node": 20, "force": 0}]"#,
            r#""masks": [{"node": 20, "force": 0}], "bends": [20]"#,
            r#""masks": [{"node": 20, "force": 0}], "bends": [20],
                "covered": [{"node": 20, "force": 1}]"#,
        ] {
            let tells = stage.say(&mut session, &load(&format!("{masked}, {field}\n}}\n")));
            let state = stage.view.state();
            assert!(done(&tells), "{field}: {tells:?}");
            assert_eq!(state.parameters.get(Key::Volume), volume);
        }
    }
}
