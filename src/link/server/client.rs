//! A client on its websocket, by a thread of its own, which does everything for it: one
//! that is slow, or says too much, waits for itself alone.

use std::io;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tungstenite::{Bytes, Error, Message, WebSocket};

use super::connection::part;
use super::hub::{Hub, Seat};
use super::moments::Told;
use super::trust::Allowance;
use super::workbench::Workbench;
use crate::board::threads::{Answer, Outcome};
use crate::link::protocol::Tell;
use crate::link::session::{Session, Wish};

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
pub fn converse(stream: TcpStream, rest: Vec<u8>, hub: &Hub) {
    if stream.set_read_timeout(Some(LOOK)).is_err() {
        return;
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(READ)
        .max_message_size(Some(hub.limits.message))
        .max_frame_size(Some(hub.limits.message));
    let mut socket = WebSocket::from_partially_read(stream, rest, Role::Server, Some(config));
    let end = match Seat::take(hub) {
        Some(seat) => Client::new(hub, seat, &mut socket).run(),
        None => full(hub, &mut socket),
    };
    let End::Close(code, reason) = end else {
        return;
    };
    log::info!("a client is sent away: {reason}");
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    if socket.close(Some(frame)).is_ok() && socket.flush().is_ok() {
        part(socket.get_ref());
    }
}

fn full(hub: &Hub, socket: &mut WebSocket<TcpStream>) -> End {
    let reason = format!(
        "the instrument has {} clients already, and takes no more",
        hub.limits.clients
    );
    let tell = Tell::Refused {
        id: None,
        reason: reason.clone(),
        at: None,
    };
    let text = serde_json::to_string(&tell).unwrap_or_default();
    match socket.send(Message::text(text)) {
        Ok(()) => End::Close(CloseCode::Again, reason),
        Err(_) => End::Gone,
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
    hub: &'a Hub,
    seat: Seat<'a>,
    socket: &'a mut WebSocket<TcpStream>,
    session: Session,
    started: Instant,
    /// How much it may say.
    messages: Allowance,
    bytes: Allowance,
    /// It is not listened to before; times are from the start.
    rest: Duration,
    /// A command on its way, which the next message waits for.
    asked: Option<(Option<u32>, Answer)>,
    workbench: Workbench,
    told: Told,
    next_changes: Duration,
    heard: Duration,
    next_ping: Duration,
}

impl<'a> Client<'a> {
    fn new(hub: &'a Hub, seat: Seat<'a>, socket: &'a mut WebSocket<TcpStream>) -> Client<'a> {
        let limits = hub.limits;
        let started = Instant::now();
        Client {
            hub,
            seat,
            socket,
            session: hub.session(),
            started,
            messages: Allowance::new(limits.messages, 2.0 * limits.messages),
            bytes: Allowance::new(limits.bytes, 2.0 * limits.message as f64),
            rest: Duration::ZERO,
            asked: None,
            workbench: Workbench::default(),
            told: Told::default(),
            next_changes: Duration::ZERO,
            heard: Duration::ZERO,
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
        if self.hub.ended() {
            let reason = "the instrument was switched off";
            return Err(End::Close(CloseCode::Away, reason.into()));
        }
        let now = self.started.elapsed();
        let worked = self.workbench.turn(&self.hub.jobs);
        self.tell(worked)?;
        if now >= self.next_changes {
            self.next_changes = now + CHANGES;
            let changes = self.session.update(&self.hub.view());
            self.tell(changes)?;
        }
        if self.session.greeted() {
            let listening = self.session.listening();
            let news = self.hub.moments().news(&mut self.told, listening);
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
            self.heard = now;
            thread::sleep(self.rest.saturating_sub(now).min(LOOK));
        } else {
            self.read(now)?;
        }
        Ok(())
    }

    fn tell(&mut self, tells: impl IntoIterator<Item = Tell>) -> Result<(), End> {
        for tell in tells {
            if let Ok(text) = serde_json::to_string(&tell) {
                self.socket.write(Message::text(text))?;
            }
        }
        Ok(())
    }

    fn answer(&mut self, id: Option<u32>, outcome: Outcome) -> Result<(), End> {
        if id.is_none() && outcome.is_ok() {
            // Nobody waits; what it led to is told soon.
            return Ok(());
        }
        let tells = self.session.answer(id, outcome, &self.hub.view());
        self.tell(tells)
    }

    /// Reads a message, if one comes.
    fn read(&mut self, now: Duration) -> Result<(), End> {
        let message = match self.socket.read() {
            Ok(message) => message,
            Err(Error::Io(error)) if is_nothing(&error) => return self.look_after(now),
            Err(error) => return Err(error.into()),
        };
        self.heard = now;
        let length = message.len() as f64;
        let waits = [self.messages.take(1.0, now), self.bytes.take(length, now)];
        self.rest = now + waits.into_iter().max().unwrap_or_default();
        match message {
            Message::Text(text) => self.take(&text),
            Message::Binary(_) => self.tell([Tell::Refused {
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

    /// Nothing has come: sees whether anybody is there.
    fn look_after(&mut self, now: Duration) -> Result<(), End> {
        let limits = self.hub.limits;
        if now > self.heard + limits.silence {
            log::info!("a client does not answer any more");
            return Err(End::Gone);
        }
        let typing = if self.hub.pairs() { TYPING } else { 1 };
        if !self.session.greeted() && now > limits.hello * typing {
            let reason = "say hello first";
            return Err(End::Close(CloseCode::Policy, reason.into()));
        }
        if now >= self.next_ping {
            self.next_ping = now + limits.silence / PINGS;
            self.socket.send(Message::Ping(Bytes::new()))?;
        }
        Ok(())
    }

    fn take(&mut self, text: &str) -> Result<(), End> {
        let (hub, view) = (self.hub, self.hub.view());
        match self.session.receive(text, &view, hub.counters.time()) {
            Wish::Say(tells) => {
                if tells.contains(&Tell::Pairing) {
                    hub.show_code();
                }
                self.seat.listen(self.session.listening());
                self.tell(tells)?;
            }
            Wish::Wrong(tell) => {
                hub.wait_for_guess();
                self.tell([tell])?;
            }
            Wish::End(tell) => {
                self.tell([tell])?;
                let reason = "the instrument does not take this page";
                return Err(End::Close(CloseCode::Policy, reason.into()));
            }
            Wish::Command(id, command) => self.asked = Some((id, hub.shared.ask(command))),
            Wish::Touch(id, fingers) => {
                self.seat.touch(&fingers);
                self.answer(id, Ok(()))?;
            }
            Wish::Work(work) => {
                let superfluous = self.workbench.take(work);
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
