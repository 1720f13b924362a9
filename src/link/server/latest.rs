//! What is told many times a second: made once, for whoever takes it in time. Who is
//! late finds the newest only, and gaps in the sound.

use std::collections::VecDeque;

use tungstenite::Message;

use crate::link::session::Listening;

/// Blocks of sound that wait for who is late: a second of them.
const BLOCKS: usize = 50;

/// The newest of something, and how many there were.
#[derive(Default)]
struct Newest(u64, Option<Message>);

impl Newest {
    fn put(&mut self, message: Message) {
        *self = Newest(self.0 + 1, Some(message));
    }

    /// It, if it is news.
    fn news(&self, told: &mut u64, into: &mut Vec<Message>) {
        if *told != self.0 {
            *told = self.0;
            into.extend(self.1.clone());
        }
    }
}

/// What is told of the moment.
#[derive(Default)]
pub struct Moments {
    activity: Newest,
    display: Newest,
    status: Newest,
    sound: VecDeque<Message>,
    /// Blocks of sound so far.
    blocks: u64,
}

/// How much of it a client was told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    activity: u64,
    display: u64,
    status: u64,
    blocks: u64,
}

impl Moments {
    /// What the gates do.
    pub fn put_activity(&mut self, message: Message) {
        self.activity.put(message);
    }

    /// What the display shows.
    pub fn put_display(&mut self, message: Message) {
        self.display.put(message);
    }

    /// How it does.
    pub fn put_status(&mut self, message: Message) {
        self.status.put(message);
    }

    /// The next block of sound.
    pub fn put_sound(&mut self, message: Message) {
        if self.sound.len() == BLOCKS {
            self.sound.pop_front();
        }
        self.sound.push_back(message);
        self.blocks += 1;
    }

    /// Nobody wants to hear of the display: what it shows is forgotten, for it gets old.
    pub fn forget_display(&mut self) {
        self.display.1 = None;
    }

    /// What a client was told that comes now: of all there was, but for the display.
    pub fn now(&self) -> Told {
        Told {
            activity: self.activity.0,
            display: 0,
            status: self.status.0,
            blocks: self.blocks,
        }
    }

    /// What is news to a client that wants to hear of this.
    pub fn news(&self, told: &mut Told, listening: Listening) -> Vec<Message> {
        let mut news = Vec::new();
        if listening.sound {
            let missing = (self.blocks - told.blocks).min(self.sound.len() as u64) as usize;
            news.extend(self.sound.range(self.sound.len() - missing..).cloned());
        }
        told.blocks = self.blocks;
        if listening.activity {
            self.activity.news(&mut told.activity, &mut news);
        }
        // What was when nobody listened is old.
        told.activity = self.activity.0;
        if listening.display {
            self.display.news(&mut told.display, &mut news);
        }
        self.status.news(&mut told.status, &mut news);
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(byte: u8) -> Message {
        Message::binary(vec![byte])
    }

    const ALL: Listening = Listening {
        activity: true,
        display: true,
        sound: true,
    };

    #[test]
    fn who_is_late_finds_the_newest_and_a_gap_in_the_sound() {
        let mut moments = Moments::default();
        let mut told = Told::default();
        for i in 0..10 {
            moments.put_activity(message(i));
            moments.put_display(message(100 + i));
        }
        for i in 0..=BLOCKS as u8 {
            moments.put_sound(message(i));
        }
        let news = moments.news(&mut told, ALL);
        let (sound, rest) = news.split_at(BLOCKS);
        assert_eq!(sound.first(), Some(&message(1)));
        assert_eq!(rest, [message(9), message(109)]);
        assert_eq!(moments.news(&mut told, ALL), []);
    }

    #[test]
    fn who_comes_is_told_nothing_old() {
        let mut moments = Moments::default();
        moments.put_activity(message(1));
        moments.put_status(message(2));
        moments.put_display(message(3));
        moments.put_sound(message(4));
        // While others look, what the display shows is kept.
        let mut told = moments.now();
        assert_eq!(moments.news(&mut told, ALL), [message(3)]);
        moments.forget_display();
        let mut told = moments.now();
        assert_eq!(moments.news(&mut told, ALL), []);
        moments.put_activity(message(5));
        moments.put_status(message(6));
        moments.put_display(message(7));
        moments.put_sound(message(8));
        let news = [8, 5, 7, 6].map(message);
        assert_eq!(moments.news(&mut told, ALL), news);
    }

    #[test]
    fn who_begins_to_listen_hears_nothing_old_and_sees_the_display() {
        let mut moments = Moments::default();
        let mut told = Told::default();
        let nothing = Listening {
            activity: false,
            display: false,
            sound: false,
        };
        moments.put_activity(message(1));
        moments.put_display(message(2));
        moments.put_sound(message(3));
        assert_eq!(moments.news(&mut told, nothing), []);
        assert_eq!(moments.news(&mut told, ALL), [message(2)]);
        moments.put_sound(message(4));
        assert_eq!(moments.news(&mut told, ALL), [message(4)]);
    }
}
