//! The thread that makes what all clients are told of the moment.

use std::thread;
use std::time::Duration;

use tungstenite::Message;

use super::context::ServerContext;
use crate::link::activity::Gates;
use crate::link::protocol::{self, ServerMessage};
use crate::link::view::status;
use crate::panel::Mirror;
use engine::TapReader;

/// From one look to the next.
const TICK: Duration = Duration::from_millis(20);
/// Of so many looks one is at the display and the gates: 25 a second.
const SIGHT: u64 = 2;
/// Of so many, one at the gates of a network of more nodes than this.
const SELDOM: u64 = 8;
const HUGE: u32 = 8192;
/// Of so many, one tells how it does: 5 a second.
const STATUS: u64 = 10;
/// Blocks of sound a second, at least: one a look, mostly.
const BLOCKS: u32 = 40;

/// Makes messages for all clients.
pub struct Broadcast {
    display: Box<dyn FnMut() -> Vec<u8> + Send>,
    mirror: Mirror,
    sound: Option<TapReader>,
    gates: Gates,
    /// What the display showed when it was told last.
    shown: Vec<u8>,
    looks: u64,
}

impl Broadcast {
    /// Looks at this display and hears this sound.
    pub fn new(
        display: Box<dyn FnMut() -> Vec<u8> + Send>,
        mirror: Mirror,
        sound: Option<TapReader>,
    ) -> Broadcast {
        Broadcast {
            display,
            mirror,
            sound,
            gates: Gates::default(),
            shown: Vec::new(),
            looks: 0,
        }
    }

    /// Until the end.
    pub fn run(&mut self, context: &ServerContext) {
        while !context.ended() {
            self.look(context);
            thread::sleep(TICK);
        }
    }

    fn look(&mut self, context: &ServerContext) {
        let (clients, wanted) = context.wanted();
        let looks = self.looks;
        self.looks += 1;
        if let Some(sound) = &mut self.sound {
            sound.listen(wanted.sound);
            let most = context.welcome().rate / BLOCKS;
            while let Some((first, frames)) = sound.read(most as usize) {
                context.moments().put_sound(block(first, &frames));
            }
        }
        if !wanted.display {
            self.shown.clear();
            context.moments().forget_display();
        } else if looks % SIGHT == 0 {
            let shown = (self.display)();
            if shown != self.shown {
                self.shown.clone_from(&shown);
                context.moments().put_display(Message::binary(shown));
            }
        }
        if wanted.activity {
            let view = context.view();
            let huge = view.state().network.nodes() > HUGE;
            if looks % (if huge { SELDOM } else { SIGHT }) == 0 {
                let frame = self.gates.frame(&view, context.counters.time());
                context.moments().put_activity(Message::binary(frame));
            }
        }
        if clients > 0 && looks % STATUS == 0 {
            let faults = self.mirror.look().faults;
            let status = ServerMessage::Status(status(&context.counters, clients, faults));
            if let Ok(text) = serde_json::to_string(&status) {
                context.moments().put_status(Message::text(text));
            }
        }
    }
}

/// A message of sound: [`protocol::Frame::Sound`].
fn block(first: u64, frames: &[f32]) -> Message {
    let mut bytes = Vec::with_capacity(16 + 4 * frames.len());
    bytes.extend([protocol::Frame::Sound as u8, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend(first.to_le_bytes());
    bytes.extend(frames.iter().flat_map(|frame| frame.to_le_bytes()));
    Message::binary(bytes)
}
