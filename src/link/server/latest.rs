//! The latest frames, made once for all clients. A slow client gets only the newest, and
//! gaps in the sound.

use std::collections::VecDeque;

use tungstenite::Message;

use crate::link::client_session::Listening;
use crate::link::frames::Frame;
use crate::link::protocol::ServerMessage;

/// Sound messages that are kept for slow clients: about a second.
const SOUND_MESSAGES: usize = 50;

/// The newest message of a kind, and the number of messages so far.
#[derive(Default)]
struct Newest(u64, Option<Message>);

impl Newest {
    fn set(&mut self, message: Message) {
        *self = Newest(self.0 + 1, Some(message));
    }

    /// Appends the message unless it is the one that was sent last.
    fn append_unsent(&self, sent: &mut u64, messages: &mut Vec<Message>) {
        if *sent != self.0 {
            *sent = self.0;
            messages.extend(self.1.clone());
        }
    }
}

/// The latest frames, as websocket messages.
#[derive(Default)]
pub struct Latest {
    activity: Newest,
    display: Newest,
    status: Newest,
    sound: VecDeque<Message>,
    /// Number of sound messages so far.
    sounds: u64,
}

/// The messages that a client has been sent, by their numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    activity: u64,
    display: u64,
    status: u64,
    sounds: u64,
}

impl Latest {
    /// Adds a frame.
    pub fn add(&mut self, frame: Frame) {
        match frame {
            Frame::Activity(bytes) => self.activity.set(Message::binary(bytes)),
            Frame::Display(bytes) => self.display.set(Message::binary(bytes)),
            Frame::Sound(bytes) => {
                if self.sound.len() == SOUND_MESSAGES {
                    self.sound.pop_front();
                }
                self.sound.push_back(Message::binary(bytes));
                self.sounds += 1;
            }
            Frame::Status(status) => {
                if let Ok(text) = serde_json::to_string(&ServerMessage::Status(status)) {
                    self.status.set(Message::text(text));
                }
            }
        }
    }

    /// Forgets the display, which gets old while no client listens to it.
    pub fn forget_display(&mut self) {
        self.display.1 = None;
    }

    /// The messages that a new client need not be sent: all but the display.
    pub fn sent_to_new_client(&self) -> Sent {
        Sent {
            activity: self.activity.0,
            display: 0,
            status: self.status.0,
            sounds: self.sounds,
        }
    }

    /// Returns the messages that a client listens to and has not been sent yet.
    pub fn unsent(&self, sent: &mut Sent, listening: Listening) -> Vec<Message> {
        let mut messages = Vec::new();
        if listening.sound {
            let missing = (self.sounds - sent.sounds).min(self.sound.len() as u64) as usize;
            messages.extend(self.sound.range(self.sound.len() - missing..).cloned());
        }
        sent.sounds = self.sounds;
        if listening.activity {
            self.activity
                .append_unsent(&mut sent.activity, &mut messages);
        }
        // Activity from before the client listened is too old.
        sent.activity = self.activity.0;
        if listening.display {
            self.display.append_unsent(&mut sent.display, &mut messages);
        }
        self.status.append_unsent(&mut sent.status, &mut messages);
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::protocol::Status;

    fn message(byte: u8) -> Message {
        Message::binary(vec![byte])
    }

    fn activity(byte: u8) -> Frame {
        Frame::Activity(vec![byte])
    }

    fn display(byte: u8) -> Frame {
        Frame::Display(vec![byte])
    }

    fn sound(byte: u8) -> Frame {
        Frame::Sound(vec![byte])
    }

    fn status() -> Frame {
        Frame::Status(Status {
            t: 0,
            load: 0,
            estimated: false,
            late: 0,
            engine: "cpu".into(),
            clients: 1,
            training: None,
            faults: Vec::new(),
        })
    }

    const ALL: Listening = Listening {
        activity: true,
        display: true,
        sound: true,
    };

    #[test]
    fn a_slow_client_gets_the_newest_and_a_gap_in_the_sound() {
        let mut latest = Latest::default();
        let mut sent = Sent::default();
        for i in 0..10 {
            latest.add(activity(i));
            latest.add(display(100 + i));
        }
        for i in 0..=SOUND_MESSAGES as u8 {
            latest.add(sound(i));
        }
        let messages = latest.unsent(&mut sent, ALL);
        let (sound, rest) = messages.split_at(SOUND_MESSAGES);
        assert_eq!(sound.first(), Some(&message(1)));
        assert_eq!(rest, [message(9), message(109)]);
        assert_eq!(latest.unsent(&mut sent, ALL), []);
    }

    #[test]
    fn a_new_client_gets_nothing_old_but_the_display() {
        let mut latest = Latest::default();
        latest.add(activity(1));
        latest.add(status());
        latest.add(display(3));
        latest.add(sound(4));
        // The display is kept while others listen to it.
        let mut sent = latest.sent_to_new_client();
        assert_eq!(latest.unsent(&mut sent, ALL), [message(3)]);
        latest.forget_display();
        let mut sent = latest.sent_to_new_client();
        assert_eq!(latest.unsent(&mut sent, ALL), []);
        latest.add(activity(5));
        latest.add(status());
        latest.add(display(7));
        latest.add(sound(8));
        let messages = latest.unsent(&mut sent, ALL);
        assert_eq!(messages[..3], [8, 5, 7].map(message));
        assert!(messages.len() == 4 && messages[3].is_text());
    }

    #[test]
    fn a_client_that_begins_to_listen_gets_the_display_and_nothing_else_old() {
        let mut latest = Latest::default();
        let mut sent = Sent::default();
        let nothing = Listening {
            activity: false,
            display: false,
            sound: false,
        };
        latest.add(activity(1));
        latest.add(display(2));
        latest.add(sound(3));
        assert_eq!(latest.unsent(&mut sent, nothing), []);
        assert_eq!(latest.unsent(&mut sent, ALL), [message(2)]);
        latest.add(sound(4));
        assert_eq!(latest.unsent(&mut sent, ALL), [message(4)]);
    }
}
