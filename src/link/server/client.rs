//! A client on its websocket, by a thread of its own, which does everything for it: one
//! that is slow, or says too much, waits for itself alone.

use std::io;
use std::net::{IpAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tungstenite::{Bytes, Error, Message, Utf8Bytes, WebSocket};

use super::connection::part;
use super::context::{Guest, Seat, ServerContext};
use super::deadline::Turns;
use super::job_queue::JobQueue;
use super::latest::Told;
use super::trust::TokenBucket;
use crate::handle::{CommandResult, Reply};
use crate::link::protocol::ServerMessage;
use crate::link::session::{Action, MOST_HELLO, Session};

/// How long it waits for a message before it looks what there is to tell.
const LOOK: Duration = Duration::from_millis(10);
/// From one telling of changes to the next: 30 a second.
const CHANGES: Duration = Duration::from_millis(33);
/// Bytes that a socket is read by.
const READ: usize = 8 << 10;
/// Pings in the time after which who says nothing is gone.
const PINGS: u32 = 3;
/// Who must type a code has so many times longer to say hello.
const TYPING: u32 = 20;

/// Serves a client to its end.
pub fn converse(stream: TcpStream, rest: Vec<u8>, guest: &Guest) {
    let limits = guest.context().limits;
    let Ok(turns) = Turns::new(stream, rest.len(), LOOK, limits.full) else {
        return;
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ)
        .max_message_size(Some(MOST_HELLO))
        .max_frame_size(Some(MOST_HELLO));
    let mut socket = WebSocket::from_partially_read(turns, rest, Role::Server, Some(config));
    let End::Close(code, reason) = Client::new(guest, &mut socket).run() else {
        return;
    };
    log::info!("a client is sent away: {reason}");
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    socket.get_mut().speak(limits.full);
    if socket.close(Some(frame)).is_ok() && socket.flush().is_ok() {
        part(socket.get_ref().stream());
    }
}

/// Why a client is served no longer.
enum End {
    /// It has left, or does not take what it is sent.
    Gone,
    /// It is told.
    Close(CloseCode, String),
}

impl From<Error> for End {
    fn from(error: Error) -> End {
        match error {
            Error::Capacity(_) => End::Close(CloseCode::Size, "this message is too long".into()),
            Error::Utf8(_) => End::Close(CloseCode::Invalid, "text is UTF-8".into()),
            Error::Protocol(error) => {
                let mut reason = format!("this is no websocket's: {error}");
                // A closing frame has room for 123 bytes.
                while reason.len() > 120 {
                    reason.pop();
                }
                End::Close(CloseCode::Protocol, reason)
            }
            _ => End::Gone,
        }
    }
}

struct Client<'a> {
    context: &'a ServerContext,
    peer: IpAddr,
    seat: Seat<'a>,
    socket: &'a mut WebSocket<Turns>,
    session: Session,
    started: Instant,
    /// How much it may say.
    messages: TokenBucket,
    bytes: TokenBucket,
    /// It is not listened to before; times are from the start.
    rest: Duration,
    /// What it said, and is not looked at before: a code may be in it.
    held: Option<Utf8Bytes>,
    /// It was told that a code is wanted.
    types: bool,
    /// A command on its way, which the next message waits for.
    asked: Option<(Option<u32>, Reply)>,
    job_queue: JobQueue,
    told: Told,
    next_changes: Duration,
    heard: Duration,
    /// Of a message, some has come.
    amid: bool,
    next_ping: Duration,
}

impl<'a> Client<'a> {
    fn new(guest: &'a Guest, socket: &'a mut WebSocket<Turns>) -> Client<'a> {
        let context = guest.context();
        let limits = context.limits;
        let started = Instant::now();
        Client {
            context,
            peer: guest.peer(),
            seat: Seat::wait(context),
            socket,
            session: context.session(),
            started,
            messages: TokenBucket::new(limits.messages, 2.0 * limits.messages),
            bytes: TokenBucket::new(limits.bytes, 2.0 * limits.message as f64),
            rest: Duration::ZERO,
            held: None,
            types: false,
            asked: None,
            job_queue: JobQueue::default(),
            told: Told::default(),
            next_changes: Duration::ZERO,
            heard: Duration::ZERO,
            amid: false,
            next_ping: limits.silence / PINGS,
        }
    }

    fn run(mut self) -> End {
        loop {
            if let Err(end) = self.turn() {
                return end;
            }
        }
    }

    fn turn(&mut self) -> Result<(), End> {
        if self.context.ended() {
            let reason = "the instrument was switched off";
            return Err(End::Close(CloseCode::Away, reason.into()));
        }
        let now = self.started.elapsed();
        self.socket.get_mut().speak(self.context.limits.answer);
        self.look_after(now)?;
        let worked = self.job_queue.turn(&self.context.jobs);
        self.tell(worked)?;
        if now >= self.next_changes {
            self.next_changes = now + CHANGES;
            let changes = self.session.update(&self.context.view());
            self.tell(changes)?;
        }
        if self.session.greeted() {
            let listening = self.session.listening();
            let news = self.context.moments().news(&mut self.told, listening);
            for message in news {
                self.socket.write(message)?;
            }
        }
        self.socket.flush()?;
        if let Some((id, answer)) = self.asked.take() {
            // Meanwhile it is not listened to.
            self.heard = now;
            match answer.within(LOOK) {
                Some(outcome) => self.answer(id, outcome)?,
                None => self.asked = Some((id, answer)),
            }
        } else if now < self.rest {
            // Who rests within a message has to come to its end all the same.
            if !self.amid {
                self.heard = now;
            }
            thread::sleep(self.rest.saturating_sub(now).min(LOOK));
        } else if let Some(text) = self.held.take() {
            self.take(text, now)?;
        } else {
            self.read(now)?;
        }
        Ok(())
    }

    fn tell(&mut self, tells: impl IntoIterator<Item = ServerMessage>) -> Result<(), End> {
        for tell in tells {
            if let Ok(text) = serde_json::to_string(&tell) {
                self.socket.write(Message::text(text))?;
            }
        }
        Ok(())
    }

    fn answer(&mut self, id: Option<u32>, outcome: CommandResult) -> Result<(), End> {
        if id.is_none() && outcome.is_ok() {
            // Nobody waits; what it led to is told soon.
            return Ok(());
        }
        let tells = self.session.answer(id, outcome, &self.context.view());
        self.tell(tells)
    }

    /// Reads a message, if one comes.
    fn read(&mut self, now: Duration) -> Result<(), End> {
        self.socket.get_mut().listen();
        let message = self.socket.read();
        let came = self.socket.get_mut().take_came();
        self.rest = now + self.bytes.take(came as f64, now);
        let message = match message {
            Ok(message) => message,
            Err(Error::Io(error)) if is_nothing(&error) => {
                self.amid |= came > 0;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        self.heard = now;
        self.amid = false;
        self.rest = self.rest.max(now + self.messages.take(1.0, now));
        match message {
            Message::Text(text) => self.take(text, now),
            Message::Binary(_) => self.tell([ServerMessage::Refused {
                id: None,
                reason: "messages are JSON, as text".into(),
                at: None,
            }]),
            Message::Close(_) => {
                // Its answer is on its way.
                let _ = self.socket.flush();
                Err(End::Gone)
            }
            // Pings are answered by the socket.
            _ => Ok(()),
        }
    }

    /// Sees whether anybody is there, and may stay.
    fn look_after(&mut self, now: Duration) -> Result<(), End> {
        let limits = self.context.limits;
        if now > self.heard + limits.silence {
            log::info!("a client does not answer any more");
            return Err(End::Gone);
        }
        if !self.session.greeted() {
            let typing = if self.types { TYPING } else { 1 };
            if now > limits.hello * typing {
                let reason = "say hello first";
                return Err(End::Close(CloseCode::Policy, reason.into()));
            }
            if self.seat.is_lost() {
                let reason = "others want to come in, too";
                return Err(End::Close(CloseCode::Again, reason.into()));
            }
        }
        if now >= self.next_ping {
            self.next_ping = now + limits.silence / PINGS;
            self.socket.send(Message::Ping(Bytes::new()))?;
        }
        Ok(())
    }

    /// It is welcomed, for the first time or again, if there is room.
    fn sit(&mut self, first: bool) -> Result<(), End> {
        let limits = self.context.limits;
        if !self.seat.sit(self.session.listening()) {
            let reason = format!(
                "the instrument has {} clients already, and takes no more",
                limits.clients
            );
            self.tell([ServerMessage::Refused {
                id: None,
                reason: reason.clone(),
                at: None,
            }])?;
            return Err(End::Close(CloseCode::Again, reason));
        }
        if first {
            self.told = self.context.moments().now();
            self.socket.set_config(|config| {
                config.max_message_size = Some(limits.message);
                config.max_frame_size = Some(limits.message);
            });
        }
        Ok(())
    }

    fn take(&mut self, text: Utf8Bytes, now: Duration) -> Result<(), End> {
        let (context, view) = (self.context, self.context.view());
        let greeted = self.session.greeted();
        let mut receive = || self.session.receive(&text, &view, context.counters.time());
        let wish = if greeted {
            receive()
        } else {
            match context.guess(self.peer, receive) {
                Ok(wish) => wish,
                Err(wait) => {
                    self.rest = now + wait;
                    self.held = Some(text);
                    return Ok(());
                }
            }
        };
        match wish {
            Action::Send(tells) | Action::WrongCode(tells) => {
                if tells.contains(&ServerMessage::Pairing) {
                    self.types = true;
                    context.show_code();
                }
                if self.session.greeted() {
                    self.sit(!greeted)?;
                }
                self.tell(tells)?;
            }
            Action::End(tell) => {
                self.tell([tell])?;
                let reason = "the instrument does not take this page";
                return Err(End::Close(CloseCode::Policy, reason.into()));
            }
            Action::Command(id, command) => self.asked = Some((id, context.shared.ask(command))),
            Action::Touch(id, fingers) => {
                self.seat.touch(&fingers);
                self.answer(id, Ok(()))?;
            }
            Action::Job(work) => {
                let superfluous = self.job_queue.take(work);
                self.tell(superfluous)?;
            }
        }
        Ok(())
    }
}

/// Whether a read has found nothing, yet.
fn is_nothing(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}
