//! The log: to the terminal and to a small file, without delaying its callers.
//!
//! A caller only formats its message and queues it; a thread writes. Messages that come
//! too fast are counted and the number is logged. Audio code never logs: it counts, and
//! other threads report.

mod repeat_limit;
mod rotating_file;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use log::{Level, LevelFilter, Log, Metadata, Record};
use logicnet::{count, quote, shorten};

use repeat_limit::RepeatLimit;
use rotating_file::RotatingFile;

/// Messages that may be queued.
const QUEUE: usize = 256;
/// Time from one summary of repeated messages to the next.
const INTERVAL: Duration = Duration::from_secs(1);
/// Stack of the thread in bytes. Boards lock all of it into memory.
const STACK_BYTES: usize = 256 << 10;
/// Most characters of a message.
const MAX_CHARACTERS: usize = 500;

/// Returns the time in milliseconds since the start.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Returns the computer's clock, which starts now.
pub fn real_time() -> Clock {
    let start = Instant::now();
    Arc::new(move || start.elapsed().as_millis() as u64)
}

/// Clock, levels and targets of the log.
pub struct Options {
    /// The time of messages, which may be simulated.
    pub clock: Clock,
    /// Least important level that is written to standard error.
    pub terminal: LevelFilter,
    /// Least important level that is written to the file.
    pub file: LevelFilter,
    /// Folder of `log.txt`; without one there is no file.
    pub folder: Option<PathBuf>,
}

/// Parses a level: off, error, warn, info, debug or trace.
///
/// # Errors
/// Returns a message that lists the levels.
pub fn level(name: &str) -> Result<LevelFilter, String> {
    name.parse().map_err(|_| {
        let name = quote(name);
        format!("{name} is not a log level: use off, error, warn, info, debug or trace")
    })
}

/// Replaces control characters, which could break a line or control a terminal, and
/// shortens long text in its middle: the reason of an error is at the beginning or the end.
pub fn one_line(text: &str) -> String {
    let text = shorten(text, MAX_CHARACTERS);
    text.replace(char::is_control, "\u{fffd}")
}

/// A queued message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Time of the message in milliseconds since the start.
    pub at: u64,
    /// Its importance.
    pub level: Level,
    /// File and line of the caller, if known.
    pub site: Option<(&'static str, u32)>,
    /// Its text.
    pub text: String,
}

impl Message {
    /// Formats the message as one line, including the line end.
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

/// The running log of this process.
#[derive(Clone)]
pub struct Logging(Sender<Item>);

impl Logging {
    /// Starts the log of this process.
    ///
    /// # Errors
    /// Fails if it was started before, or if the system cannot start a thread.
    pub fn start(options: Options) -> Result<Logging, String> {
        let file = options
            .folder
            .map(|folder| (options.file, RotatingFile::new(folder)));
        let level = file.as_ref().map_or(LevelFilter::Off, |(level, _)| *level);
        let level = level.max(options.terminal);
        let (send, items) = bounded(QUEUE);
        let lost = Arc::new(AtomicU32::new(0));
        let logger = Logger {
            level,
            clock: Arc::clone(&options.clock),
            send: send.clone(),
            lost: Arc::clone(&lost),
        };
        // Leaked: the logger lasts as long as the process.
        log::set_logger(Box::leak(Box::new(logger))).map_err(|error| error.to_string())?;
        log::set_max_level(level);
        let mut writer = Writer {
            terminal: options.terminal,
            file,
            limit: RepeatLimit::default(),
        };
        thread::Builder::new()
            .name("log".into())
            .stack_size(STACK_BYTES)
            .spawn(move || run(&items, &lost, &options.clock, &mut writer))
            .map_err(|error| format!("cannot start the log's thread: {error}"))?;
        Ok(Logging(send))
    }

    /// Writes the queued messages and ends the thread, waiting at most this long.
    pub fn end(&self, timeout: Duration) {
        let (reply, ended) = bounded(1);
        if self.0.send_timeout(Item::End(reply), timeout).is_ok() {
            let _ = ended.recv_timeout(timeout);
        }
    }
}

/// Least important level of messages of other crates. Their finer messages contain whatever
/// passes through them, such as pairing codes.
const OTHERS: LevelFilter = LevelFilter::Warn;

/// Queues the messages of `log`'s macros.
struct Logger {
    level: LevelFilter,
    clock: Clock,
    send: Sender<Item>,
    lost: Arc<AtomicU32>,
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let level = match metadata.target().split("::").next() {
            Some("gatebend") => self.level,
            _ => self.level.min(OTHERS),
        };
        metadata.level() <= level
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let message = Message {
            at: (self.clock)(),
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

/// Runs the log's thread.
fn run(items: &Receiver<Item>, lost: &AtomicU32, clock: &Clock, writer: &mut Writer) {
    loop {
        let item = items.recv_timeout(INTERVAL);
        let now = clock();
        writer.summarize(now, lost.swap(0, Ordering::Relaxed));
        match item {
            Ok(Item::Message(message)) => writer.message(&message),
            Ok(Item::End(reply)) => {
                writer.summarize(u64::MAX, 0);
                let _ = reply.send(());
                return;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Writes messages and limits repeated ones. Time is passed in.
struct Writer {
    terminal: LevelFilter,
    file: Option<(LevelFilter, RotatingFile)>,
    limit: RepeatLimit,
}

impl Writer {
    fn message(&mut self, message: &Message) {
        if self.limit.admits(message) {
            self.write(message);
        }
    }

    /// Writes summaries of repeated messages, and the number of lost ones.
    fn summarize(&mut self, now: u64, lost: u32) {
        for message in self.limit.summarize(now) {
            self.write(&message);
        }
        if lost > 0 {
            let message = Message {
                at: now,
                level: Level::Warn,
                site: None,
                text: format!(
                    "{} came too fast and got lost",
                    count(lost as usize, "message")
                ),
            };
            self.write(&message);
        }
    }

    fn write(&mut self, message: &Message) {
        let line = message.line();
        if message.level <= self.terminal {
            // Standard error may be closed.
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
    fn every_message_is_one_line() {
        let message = Message {
            at: 12_045,
            level: Level::Warn,
            site: None,
            text: "a\nb\u{1b}[31m".into(),
        };
        assert_eq!(message.line(), "    12.045 warn  a\u{fffd}b\u{fffd}[31m\n");
        let long = format!("'{}': why", "x".repeat(16_000));
        assert_eq!(one_line(&long).chars().count(), MAX_CHARACTERS);
        assert!(one_line(&long).ends_with("x': why"));
        assert_eq!(level("warn"), Ok(LevelFilter::Warn));
        assert!(level("loud").unwrap_err().contains("off, error"));
    }

    #[test]
    fn messages_that_do_not_fit_are_counted_without_waiting() {
        let (send, items) = bounded(2);
        let logger = Logger {
            level: LevelFilter::Info,
            clock: real_time(),
            send,
            lost: Arc::default(),
        };
        let log = |level| {
            let record = Record::builder()
                .target("gatebend::here")
                .level(level)
                .args(format_args!("x"))
                .build();
            logger.log(&record);
        };
        (0..5).for_each(|_| log(Level::Info));
        log(Level::Debug);
        assert_eq!(items.len(), 2);
        assert_eq!(logger.lost.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn other_crates_log_only_warnings_and_errors() {
        let (send, items) = bounded(9);
        let logger = Logger {
            level: LevelFilter::Trace,
            clock: real_time(),
            send,
            lost: Arc::default(),
        };
        let is_enabled = |target, level| {
            let metadata = Metadata::builder().target(target).level(level).build();
            logger.enabled(&metadata)
        };
        assert!(is_enabled("gatebend::link", Level::Trace));
        assert!(is_enabled("tungstenite::protocol", Level::Warn));
        assert!(!is_enabled("tungstenite::protocol", Level::Trace));
        assert!(!is_enabled("gatebending", Level::Info));
        drop(items);
    }

    #[test]
    fn suppressed_and_lost_messages_are_summarized() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer {
            terminal: LevelFilter::Off,
            file: Some((LevelFilter::Info, RotatingFile::new(folder.path().into()))),
            limit: RepeatLimit::default(),
        };
        let message = |at, text: &str| Message {
            at,
            level: Level::Info,
            site: Some(("here.rs", 7)),
            text: text.into(),
        };
        for i in 0..20 {
            writer.message(&message(i * 100, "again"));
        }
        writer.summarize(20_000, 3);
        let text = std::fs::read_to_string(folder.path().join("log.txt")).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 7, "{text}");
        assert!(lines[5].ends_with("info  again (15 more times)"), "{text}");
        assert!(lines[6].contains("3 messages came too fast"), "{text}");
    }
}
