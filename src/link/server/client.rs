//! A client on its websocket. Each has its own thread, so a client that is slow or sends too
//! much delays only itself.

use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tungstenite::error::ProtocolError;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tungstenite::{Bytes, Error, Message, WebSocket};

use super::context::{ClientEntry, Connection, ServerContext};
use super::deadline::{SlicedStream, close_gracefully, is_incomplete};
use super::fragments::write_json;
use super::job_queue::JobQueue;
use super::latest::Sent;
use super::pairing::Check;
use super::token_bucket::TokenBucket;
use super::turns::{LONG, Turn};
use super::workshop::Task;
use crate::handle::{CommandResult, Reply};
use crate::link::client_session::{Action, ClientSession, MOST_HELLO, Proof, refused};
use crate::link::protocol::ServerMessage;
use crate::link::rate_limit::RateLimit;
use crate::link::view::View;

/// Longest wait for a message before updates are sent.
const SLICE: Duration = Duration::from_millis(10);
/// Period of changes of the state: 30 a second.
const CHANGES_PERIOD: Duration = Duration::from_millis(33);
/// Size of the read buffer in bytes.
const READ_BUFFER: usize = 8 << 10;
/// Pings in the time after which a silent client is dropped.
const PINGS: u32 = 3;
/// Factor on the time to say hello for a client that has to type a code.
const TYPING: u32 = 20;

/// Changes of presets of a client that wait for the disk at the same time. More are not read
/// meanwhile.
const MOST_SAVING: usize = 8;

/// Serves a client to its end.
pub fn serve(stream: TcpStream, received: Vec<u8>, connection: &Connection) {
    let context = connection.context();
    let Ok(stream) = SlicedStream::new(stream, received.len(), SLICE) else {
        return;
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(MOST_HELLO))
        .max_frame_size(Some(MOST_HELLO));
    let mut socket = WebSocket::from_partially_read(stream, received, Role::Server, Some(config));
    let end = Client::new(connection, &mut socket).run();
    let is_displaced = matches!(end, End::Displaced);
    let (code, reason) = match end {
        End::Gone => return,
        End::Displaced => (CloseCode::Again, "other clients are also waiting".into()),
        End::Close(code, reason) => (code, reason),
    };
    log::info!("a client's connection is closed: {reason}");
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    // A connection that is closing counts as one that waits: others may displace it.
    let closing = (!is_displaced).then(|| ClientEntry::new(context, connection.peer()));
    socket.get_mut().begin_writing(context.limits.stall);
    if socket.close(Some(frame)).is_ok() && socket.flush().is_ok() {
        let is_over = || closing.as_ref().is_none_or(ClientEntry::is_displaced);
        close_gracefully(socket.get_ref().stream(), is_over);
    }
}

/// The reason why a connection ends.
enum End {
    /// The client has left, or does not receive its messages.
    Gone,
    /// The client was not welcomed yet, and newer ones have displaced it.
    Displaced,
    /// The server closes the connection with this code and reason.
    Close(CloseCode, String),
}

impl End {
    fn close(code: CloseCode, reason: &str) -> End {
        End::Close(code, reason.into())
    }
}

impl From<Error> for End {
    fn from(error: Error) -> End {
        match error {
            Error::Capacity(_) => End::close(CloseCode::Size, "this message is too long"),
            Error::Utf8(_) => End::close(CloseCode::Invalid, "text must be UTF-8"),
            // A page that was closed, or lost its network.
            Error::Protocol(
                ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
            ) => End::Gone,
            Error::Protocol(error) => {
                let mut reason = format!("this is not a valid websocket frame: {error}");
                // A close frame has room for 123 bytes.
                while reason.len() > 120 {
                    reason.pop();
                }
                End::Close(CloseCode::Protocol, reason)
            }
            _ => End::Gone,
        }
    }
}

/// A client; times are those of [`ServerContext::now`].
struct Client<'a> {
    context: &'a ServerContext,
    peer: IpAddr,
    entry: ClientEntry<'a>,
    socket: &'a mut WebSocket<SlicedStream>,
    session: ClientSession,
    connected: Duration,
    /// Messages that it may send.
    messages: TokenBucket,
    /// Bytes that it may send.
    bytes: TokenBucket,
    /// Time before which nothing is read.
    paused_until: Duration,
    /// True if a person has to type the code.
    is_typing: bool,
    /// A command that was sent to the instrument; the next message waits for its result.
    pending: Option<(Option<u32>, Reply)>,
    /// Changes of presets, which wait for the disk; messages are read meanwhile.
    saving: Vec<(Option<u32>, Reply)>,
    job_queue: JobQueue,
    sent: Sent,
    changes: RateLimit,
    /// Time of the last whole message.
    last_message: Duration,
    /// Bytes of the message that has not yet arrived as a whole.
    unfinished: usize,
    /// The client's turn to receive or send long messages.
    turn: Turn<'a>,
    next_ping: Duration,
}

impl<'a> Client<'a> {
    fn new(connection: &'a Connection, socket: &'a mut WebSocket<SlicedStream>) -> Client<'a> {
        let context = connection.context();
        let limits = context.limits;
        let now = context.now();
        Client {
            context,
            peer: connection.peer(),
            entry: ClientEntry::new(context, connection.peer()),
            socket,
            session: context.session(),
            connected: now,
            messages: TokenBucket::new(limits.messages, 2.0 * limits.messages),
            bytes: TokenBucket::new(limits.bytes, 2.0 * limits.message_bytes as f64),
            paused_until: now,
            is_typing: false,
            pending: None,
            saving: Vec::new(),
            job_queue: JobQueue::new(Arc::clone(&context.workshop), connection.peer()),
            sent: Sent::default(),
            changes: RateLimit::default(),
            last_message: now,
            unfinished: 0,
            turn: context.turns.client(),
            next_ping: now + limits.silence / PINGS,
        }
    }

    fn run(mut self) -> End {
        let end = loop {
            if let Err(end) = self.step() {
                break end;
            }
        };
        if let Some(command) = self.session.leave() {
            // Nobody waits for the result.
            drop(self.context.handle.request(command));
        }
        end
    }

    /// Sends updates, then waits up to [`SLICE`] for a message or a result.
    fn step(&mut self) -> Result<(), End> {
        if self.context.is_ended() {
            let reason = "the instrument was switched off";
            return Err(End::close(CloseCode::Away, reason));
        }
        let now = self.context.now();
        let stream = self.socket.get_mut();
        stream.begin_writing(self.context.limits.answer);
        self.check_presence(now)?;
        self.send_updates(now)?;
        if let Some((id, reply)) = self.pending.take() {
            // Nothing is read meanwhile.
            self.last_message = now;
            match reply.within(SLICE) {
                Some(result) => self.answer(id, result)?,
                None => self.pending = Some((id, reply)),
            }
        } else if now < self.paused_until {
            // A pause within a message does not extend the time for it.
            if self.unfinished == 0 {
                self.last_message = now;
            }
            thread::sleep(self.paused_until.saturating_sub(now).min(SLICE));
        } else {
            self.read(now)?;
        }
        if self.unfinished == 0 && self.pending.is_none() {
            self.turn.end();
        }
        Ok(())
    }

    /// Waits for the client's turn if a message needs this much memory.
    fn wait_for_turn(&mut self, bytes: usize) {
        if bytes < LONG || self.turn.take(self.context.now()) {
            return;
        }
        while !self.context.is_ended() && !self.turn.take(self.context.now()) {
            thread::sleep(SLICE);
        }
        // Nothing was read meanwhile.
        self.last_message = self.context.now();
        let stream = self.socket.get_mut();
        stream.begin_writing(self.context.limits.answer);
    }

    /// Waits for the client's turn if the next change of the state is long. Returns the state.
    fn view(&mut self) -> View {
        let bytes = self.session.update_bytes(&self.context.view());
        self.wait_for_turn(bytes);
        self.context.view()
    }

    /// Sends answers to jobs and their progress, changes of the state, and frames.
    fn send_updates(&mut self, now: Duration) -> Result<(), End> {
        let messages = self.job_queue.poll(now);
        self.send(messages)?;
        for (id, reply) in std::mem::take(&mut self.saving) {
            match reply.now() {
                Some(result) => self.answer(id, result)?,
                None => self.saving.push((id, reply)),
            }
        }
        if self.changes.is_due(now, CHANGES_PERIOD) {
            // A slow client must not hold a state in memory while it receives.
            let view = self.view();
            let changes = self.session.update(&view);
            drop(view);
            self.send(changes)?;
        }
        if self.session.greeted() {
            let listening = self.session.listening();
            let frames = self.context.latest().unsent(&mut self.sent, listening);
            for message in frames {
                self.socket.write(message)?;
            }
        }
        self.socket.flush()?;
        Ok(())
    }

    fn send(&mut self, messages: impl IntoIterator<Item = ServerMessage>) -> Result<(), End> {
        let (context, turn) = (self.context, &self.turn);
        for message in messages {
            write_json(self.socket, &message, || !turn.is_over(context.now()))?;
        }
        Ok(())
    }

    fn answer(&mut self, id: Option<u32>, result: CommandResult) -> Result<(), End> {
        if id.is_none() && result.is_ok() {
            // No answer is expected; the changes are sent soon.
            return Ok(());
        }
        let view = self.view();
        let messages = self.session.answer(id, result, &view);
        drop(view);
        self.send(messages)
    }

    /// Reads a message, if one arrives.
    fn read(&mut self, now: Duration) -> Result<(), End> {
        self.wait_for_turn(self.unfinished);
        self.socket.get_mut().begin_reading();
        let message = self.socket.read();
        let received = self.socket.get_mut().take_received();
        self.paused_until = now + self.bytes.take(received as f64, now);
        let message = match message {
            Ok(message) => message,
            Err(Error::Io(error)) if is_incomplete(&error) => {
                self.unfinished += received;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        self.last_message = now;
        self.unfinished = 0;
        let pause = now + self.messages.take(1.0, now);
        self.paused_until = self.paused_until.max(pause);
        match message {
            Message::Text(text) => self.receive(&text, now),
            Message::Binary(_) => self.send([refused(None, "messages are JSON, as text".into())]),
            Message::Close(_) => {
                // The socket has queued the answer.
                let _ = self.socket.flush();
                Err(End::Gone)
            }
            // The socket answers pings.
            _ => Ok(()),
        }
    }

    /// Pings the client, and ends it if it is silent, or was not welcomed in time.
    fn check_presence(&mut self, now: Duration) -> Result<(), End> {
        let limits = self.context.limits;
        if self.turn.is_over(now) {
            return Err(End::close(CloseCode::Again, "other clients are waiting"));
        }
        if now > self.last_message + limits.silence {
            log::info!("a client has stopped answering");
            return Err(End::Gone);
        }
        if !self.session.greeted() {
            let factor = if self.is_typing { TYPING } else { 1 };
            if now > self.connected + limits.hello * factor {
                return Err(End::close(CloseCode::Policy, "say hello first"));
            }
            if self.entry.is_displaced() {
                return Err(End::Displaced);
            }
        }
        if now >= self.next_ping {
            self.next_ping = now + limits.silence / PINGS;
            self.socket.send(Message::Ping(Bytes::new()))?;
        }
        Ok(())
    }

    /// Admits the client that was welcomed, for the first time or again, if there is room.
    fn admit(&mut self, is_first: bool) -> Result<(), End> {
        let limits = self.context.limits;
        if !self.entry.admit(self.session.listening()) {
            let reason = format!(
                "the instrument already has {} clients, the most it allows",
                limits.clients
            );
            self.send([refused(None, reason.clone())])?;
            return Err(End::Close(CloseCode::Again, reason));
        }
        if is_first {
            // Until now, a wait could keep others from connecting.
            let _ = self.socket.get_ref().set_stall(limits.stall);
            self.sent = self.context.latest().sent_to_new_client();
            self.socket.set_config(|config| {
                config.max_message_size = Some(limits.message_bytes);
                config.max_frame_size = Some(limits.message_bytes);
            });
        }
        Ok(())
    }

    /// Handles a message.
    fn receive(&mut self, text: &str, now: Duration) -> Result<(), End> {
        let (context, view) = (self.context, self.view());
        let was_greeted = self.session.greeted();
        let time = context.counters.time();
        match self.session.receive(text, &view, time) {
            Action::Send(messages) => {
                if self.session.greeted() {
                    self.admit(!was_greeted)?;
                }
                self.send(messages)?;
            }
            Action::Pair(id, proof) => self.pair(id, &proof, now)?,
            Action::End(message) => {
                self.send([message])?;
                let reason = "this page does not fit the instrument's version";
                return Err(End::close(CloseCode::Policy, reason));
            }
            Action::Command(id, command) => {
                let waits = command.is_of_presets() && self.saving.len() < MOST_SAVING;
                let sent = (id, context.handle.request(command));
                if waits {
                    self.saving.push(sent);
                } else {
                    self.pending = Some(sent);
                }
            }
            Action::Touch(id, fingers) => {
                self.entry.touch(&fingers);
                self.answer(id, Ok(()))?;
            }
            Action::Snapshot(id, t) => {
                self.wait_for_turn(self.session.snapshot_bytes(&view));
                let messages = self.session.snapshot(id, &view, t);
                drop(view);
                self.send(messages)?;
            }
            Action::Job(job) => {
                let replaced = self.job_queue.add(job);
                self.send(replaced)?;
            }
            Action::Train(id, training) => {
                let replaced = self.job_queue.add(Task::training(id, training));
                self.send(replaced)?;
            }
            Action::StopTraining => {
                let stopped = self.job_queue.stop_training();
                self.send(stopped)?;
            }
        }
        Ok(())
    }

    /// Welcomes the client if it sends the code or a token, and asks for the code otherwise.
    fn pair(&mut self, id: Option<u32>, proof: &Proof, now: Duration) -> Result<(), End> {
        let context = self.context;
        match context.pair(self.peer, proof) {
            Check::Paired => {
                let messages = self.session.welcome(id, &context.view());
                self.admit(true)?;
                return self.send(messages);
            }
            Check::NoCode => self.send([ServerMessage::Pairing])?,
            Check::Wrong | Check::Replaced => {
                self.paused_until = self.paused_until.max(now + context.limits.wrong_code);
                self.send(ClientSession::ask_again(id))?;
            }
        }
        self.is_typing = true;
        context.show_code();
        Ok(())
    }
}
