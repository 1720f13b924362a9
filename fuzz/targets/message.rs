//! An instrument handles client messages, one a line: it answers each, and none of them
//! ends the session.
#![no_main]

use std::sync::{Arc, OnceLock};

use gatebend::board::parts::{Lanes, Parts};
use gatebend::conductor::Conductor;
use gatebend::engine::{Cost, Platform};
use gatebend::instrument::surface::Surface;
use gatebend::library;
use gatebend::link::protocol::Tell;
use gatebend::link::session::{MOST_FINGERS, Session, Wish};
use gatebend::link::view::{Place, View};
use gatebend::link::workshop::Work;
use libfuzzer_sys::fuzz_target;
use logicnet::Network;

/// Most messages of a run.
const MESSAGES: usize = 40;

fn conductor() -> Conductor<Lanes> {
    static NETWORKS: OnceLock<Vec<Network>> = OnceLock::new();
    let networks = NETWORKS.get_or_init(|| library::shipped()[..3].to_vec());
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
    let assembled = Parts::new(networks.clone()).assemble(platform);
    assembled.expect("the shipped networks play").0
}

fuzz_target!(|text: &str| {
    let mut conductor = conductor();
    let welcome = Place {
        start: 1,
        board: "desk".into(),
        rate: 44_100,
        sound: true,
        display: 64,
        surface: Surface::default(),
    }
    .welcome();
    let mut session = Session::new(Arc::new(welcome), None);
    let mut view = View::new(Arc::clone(conductor.state()));
    for line in text.lines().take(MESSAGES) {
        view.go_to(conductor.state());
        match session.receive(line, &view, 0) {
            Wish::Say(tells) => assert!(tells.len() <= 3),
            Wish::Wrong(_) => panic!("the session needs no pairing code"),
            Wish::End(Tell::Refused { .. }) => return,
            Wish::End(tell) => panic!("{tell:?}"),
            Wish::Touch(id, fingers) => {
                let inside = |x: f32| (0.0..=1.0).contains(&x);
                assert!(fingers.len() <= MOST_FINGERS);
                assert!(fingers.iter().all(|f| inside(f.x) && inside(f.y) && inside(f.size)));
                session.answer(id, Ok(()), &view);
            }
            Wish::Command(id, command) => {
                let outcome = conductor.command(command);
                view.go_to(conductor.state());
                let tells = session.answer(id, outcome, &view);
                assert!(id.is_none() || !tells.is_empty());
            }
            // Jobs run outside the session; the target `expression` covers compiling.
            Wish::Work(Work::Compile { .. } | Work::Waveform { .. }) => {}
        }
        if let Some(tell) = session.update(&view) {
            assert!(matches!(tell, Tell::State(_)));
        }
    }
});
