//! An instrument handles client messages, one a line: it answers each, and none of them
//! ends the session.
#![no_main]

use std::sync::{Arc, OnceLock};

use gatebend::runtime::parts::{InstrumentParts, Lanes};
use gatebend::runtime::controller::Controller;
use engine::{Cost, Platform};
use instrument::surface::Surface;
use gatebend::factory_networks;
use gatebend::link::protocol::ServerMessage;
use gatebend::link::client_session::{MOST_FINGERS, ClientSession, Action};
use gatebend::link::view::{InstrumentInfo, View};
use gatebend::link::jobs::Job;
use libfuzzer_sys::fuzz_target;
use logicnet::Network;

/// Maximum number of messages per run.
const MAX_MESSAGES: usize = 40;

fn controller() -> Controller<Lanes> {
    static NETWORKS: OnceLock<Vec<Network>> = OnceLock::new();
    let networks = NETWORKS.get_or_init(|| factory_networks::all()[..3].to_vec());
    let cost = Cost {
        gate_ns: 14.0,
        group_ns: 2000.0,
        frame_ns: 250.0,
        callback_ns: 3000.0,
    };
    let platform = Platform {
        rate: 44_100,
        block: 16,
        cost,
    };
    let assembled = InstrumentParts::new(networks.clone()).assemble(platform);
    assembled.expect("the shipped networks play").0
}

fuzz_target!(|text: &str| {
    let mut controller = controller();
    let welcome = InstrumentInfo {
        board: "desk".into(),
        rate: 44_100,
        sound: true,
        outputs: false,
        display: 64,
        surface: Surface::default(),
    }
    .welcome(1);
    let mut session = ClientSession::new(Arc::new(welcome));
    let mut view = View::new(Arc::clone(controller.state()));
    for line in text.lines().take(MAX_MESSAGES) {
        view.go_to(controller.state());
        match session.receive(line, &view, 0) {
            Action::Send(messages) => assert!(messages.len() <= 3),
            Action::Pair(..) => panic!("the session needs no pairing code"),
            Action::End(ServerMessage::Refused { .. }) => return,
            Action::End(message) => panic!("{message:?}"),
            Action::Touch(id, fingers) => {
                let inside = |x: f32| (0.0..=1.0).contains(&x);
                assert!(fingers.len() <= MOST_FINGERS);
                assert!(fingers.iter().all(|f| inside(f.x) && inside(f.y) && inside(f.size)));
                session.answer(id, Ok(()), &view);
            }
            Action::Command(id, command) => {
                let outcome = controller.command(command);
                view.go_to(controller.state());
                let messages = session.answer(id, outcome.map(drop), &view);
                assert!(id.is_none() || !messages.is_empty());
            }
            // Jobs run outside the session; the target `expression` covers compiling.
            Action::Snapshot(id, t) => {
                let messages = session.snapshot(id, &view, t);
                assert!(matches!(messages.last(), Some(ServerMessage::Snapshot { .. })));
            }
            Action::Job(Job::Compile { .. } | Job::Waveform { .. }) => {}
            Action::Train(..) | Action::StopTraining => {}
        }
        if let Some(message) = session.update(&view) {
            assert!(matches!(message, ServerMessage::State(_)));
        }
    }
});
