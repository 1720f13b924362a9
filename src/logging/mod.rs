//! The log: to the terminal and to a small file, never in anybody's way.
//!
//! Who logs only formats and hands over; a thread of its own writes. What comes
//! too fast is counted and told. Audio code never logs: it counts, and others
//! report.

mod limit;
mod ring;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use log::{Level, LevelFilter, Log, Metadata, Record};

pub use limit::Limit;
pub use ring::Ring;

/// Messages that may wait to be written.
const WAITING: usize = 256;
/// How often the thread looks whether there is something to sum up.
const LOOK: Duration = Duration::from_secs(1);
/// Stack of the thread, which a board locks into memory whole.
const STACK_BYTES: usize = 256 << 10;
/// Most characters of a message.
const MOST_CHARACTERS: usize = 500;

/// What is logged, and where to.
#[derive(Clone, Debug)]
pub struct Options {
    /// The least important level that goes to standard error.
    pub terminal: LevelFilter,
    /// The least important level that goes to the file.
    pub file: LevelFilter,
    /// To `log.txt` in this folder.
    pub folder: Option<PathBuf>,
}

/// A level by its name: off, error, warn, info, debug or trace.
///
/// # Errors
/// Says which there are.
pub fn level(name: &str) -> Result<LevelFilter, String> {
    name.parse().map_err(|_| {
        format!("{name:?} is no level of the log: off, error, warn, info, debug or trace")
    })
}

/// A text without what would break a line or steer a terminal, and not without end.
pub fn one_line(text: &str) -> String {
    let mut line: String = text
        .chars()
        .take(MOST_CHARACTERS)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(MOST_CHARACTERS).is_some() {
        line.push_str("...");
    }
    line
}

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Message {
    /// When it was said, in milliseconds since the start.
    pub at: u64,
    /// How important it is.
    pub level: Level,
    /// Where in the code, if that is known.
    pub site: Option<(&'static str, u32)>,
    /// What it says.
    pub text: String,
}

impl Message {
    /// The message in one line, with its end.
    pub fn line(&self) -> String {
        let (seconds, thousandths) = (self.at / 1000, self.at % 1000);
        let level = self.level.as_str().to_lowercase();
        let text = one_line(&self.text);
        format!("{seconds:>6}.{thousandths:03} {level:<5} {text}\n")
    }
}

enum Item {
    Message(Message),
    End(Sender<()>),
}

/// The log of this process, once it was started.
#[derive(Clone)]
pub struct Logbook(Sender<Item>);

impl Logbook {
    /// Starts the log of this process.
    ///
    /// # Errors
    /// When it was started before, or there is no room for a thread.
    pub fn start(options: Options) -> Result<Logbook, String> {
        let file = options
            .folder
            .map(|folder| (options.file, Ring::new(folder)));
        let level = file.as_ref().map_or(LevelFilter::Off, |(level, _)| *level);
        let level = level.max(options.terminal);
        let (send, items) = bounded(WAITING);
        let lost = Arc::new(AtomicU32::new(0));
        let front = Front {
            level,
            start: Instant::now(),
            send: send.clone(),
            lost: Arc::clone(&lost),
        };
        let start = front.start;
        // It lasts as long as the process.
        log::set_logger(Box::leak(Box::new(front))).map_err(|error| error.to_string())?;
        log::set_max_level(level);
        let mut writer = Writer::new(options.terminal, file);
        thread::Builder::new()
            .name("log".into())
            .stack_size(STACK_BYTES)
            .spawn(move || write(&items, &lost, start, &mut writer))
            .map_err(|error| format!("no thread for the log: {error}"))?;
        Ok(Logbook(send))
    }

    /// Writes what waits, and nothing after it. Waits so long at most.
    pub fn end(&self, longest: Duration) {
        let (reply, ended) = bounded(1);
        if self.0.send_timeout(Item::End(reply), longest).is_ok() {
            let _ = ended.recv_timeout(longest);
        }
    }
}

/// What `log`'s macros call.
struct Front {
    level: LevelFilter,
    start: Instant,
    send: Sender<Item>,
    lost: Arc<AtomicU32>,
}

impl Log for Front {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= self.level
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let message = Message {
            at: self.start.elapsed().as_millis() as u64,
            level: record.level(),
            site: record.file_static().zip(record.line()),
            text: record.args().to_string(),
        };
        if self.send.try_send(Item::Message(message)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self) {}
}

/// The log's thread.
fn write(items: &Receiver<Item>, lost: &AtomicU32, start: Instant, writer: &mut Writer) {
    loop {
        let item = items.recv_timeout(LOOK);
        let now = start.elapsed().as_millis() as u64;
        writer.look(now, lost.swap(0, Ordering::Relaxed));
        match item {
            Ok(Item::Message(message)) => writer.message(&message),
            Ok(Item::End(reply)) => {
                writer.look(u64::MAX, 0);
                let _ = reply.send(());
                return;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Writes messages, not too often the same. Time is passed in.
struct Writer {
    terminal: LevelFilter,
    file: Option<(LevelFilter, Ring)>,
    limit: Limit,
}

impl Writer {
    fn new(terminal: LevelFilter, file: Option<(LevelFilter, Ring)>) -> Writer {
        Writer {
            terminal,
            file,
            limit: Limit::default(),
        }
    }

    fn message(&mut self, message: &Message) {
        if self.limit.admits(message) {
            self.put(message);
        }
    }

    /// Sums up what was held back, and tells how many were lost.
    fn look(&mut self, now: u64, lost: u32) {
        for message in self.limit.sum_up(now) {
            self.put(&message);
        }
        if lost > 0 {
            let message = Message {
                at: now,
                level: Level::Warn,
                site: None,
                text: format!("{lost} messages came too fast and are not here"),
            };
            self.put(&message);
        }
    }

    fn put(&mut self, message: &Message) {
        let line = message.line();
        if message.level <= self.terminal {
            // Where nobody listens, nobody is told.
            let _ = io::stderr().write_all(line.as_bytes());
        }
        match &mut self.file {
            Some((level, ring)) if message.level <= *level => ring.write(&line),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_whatever_it_says() {
        let message = Message {
            at: 12_045,
            level: Level::Warn,
            site: None,
            text: "a\nb\u{1b}[31m".into(),
        };
        assert_eq!(message.line(), "    12.045 warn  a\u{fffd}b\u{fffd}[31m\n");
        assert_eq!(one_line(&"x".repeat(900)).len(), 503);
        assert_eq!(level("warn"), Ok(LevelFilter::Warn));
        assert!(level("loud").unwrap_err().contains("off, error"));
    }

    #[test]
    fn messages_that_nobody_takes_are_counted_and_no_caller_waits() {
        let (send, items) = bounded(2);
        let front = Front {
            level: LevelFilter::Info,
            start: Instant::now(),
            send,
            lost: Arc::default(),
        };
        let say = |level| {
            let record = Record::builder()
                .level(level)
                .args(format_args!("x"))
                .build();
            front.log(&record);
        };
        (0..5).for_each(|_| say(Level::Info));
        say(Level::Debug);
        assert_eq!(items.len(), 2);
        assert_eq!(front.lost.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn what_is_held_back_or_lost_is_summed_up() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(
            LevelFilter::Off,
            Some((LevelFilter::Info, Ring::new(folder.path().into()))),
        );
        let message = |at, text: &str| Message {
            at,
            level: Level::Info,
            site: Some(("here.rs", 7)),
            text: text.into(),
        };
        for i in 0..20 {
            writer.message(&message(i * 100, "again"));
        }
        writer.look(20_000, 3);
        let text = std::fs::read_to_string(folder.path().join("log.txt")).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 7, "{text}");
        assert!(
            lines[5].ends_with("info  again (said 15 times more)"),
            "{text}"
        );
        assert!(lines[6].contains("3 messages came too fast"), "{text}");
    }
}
