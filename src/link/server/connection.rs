//! A connection: a file of the page, or a client's websocket.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use tungstenite::handshake::derive_accept_key;

use super::client;
use super::http::{self, Problem, Request};
use super::hub::Hub;
use super::trust;

/// Where the websocket is.
const WEBSOCKET: &str = "/ws";

/// Serves it to its end.
pub fn serve(mut stream: TcpStream, hub: &Hub) {
    let limits = hub.limits;
    // Without these, a peer could hold the thread for ever.
    if stream.set_write_timeout(Some(limits.full)).is_err() || stream.set_nodelay(true).is_err() {
        return;
    }
    let mut patient = Patient {
        stream: &stream,
        until: Instant::now() + limits.request,
    };
    let read = http::read(&mut patient);
    let (request, rest) = match read {
        Ok(request) => request,
        Err(None) => return,
        Err(Some(problem)) => return finish(stream, |out| http::say(out, problem, true)),
    };
    let Ok(local) = stream.local_addr() else {
        return;
    };
    if !hub.hosts.know(&request.host, local.ip()) {
        let problem = Problem(
            http::FORBIDDEN,
            "this instrument does not go by that name; its board file may add it: [web] hosts",
        );
        log::info!("refused: a request for the host {:.100}", request.host);
        return finish(stream, |out| http::say(out, problem, request.content));
    }
    if request.path == WEBSOCKET {
        match upgrade(&request) {
            Ok(accept) => {
                let headers = [
                    ("Upgrade", "websocket"),
                    ("Connection", "Upgrade"),
                    ("Sec-WebSocket-Accept", accept.as_str()),
                ];
                if http::switch(&mut stream, &headers).is_ok() {
                    client::converse(stream, rest, hub);
                }
            }
            Err(problem) => finish(stream, |out| http::say(out, problem, request.content)),
        }
        return;
    }
    finish(stream, |out| file(out, &request, hub));
}

/// What accepts a websocket, if it is one of ours.
fn upgrade(request: &Request) -> Result<String, Problem> {
    if let Some(origin) = &request.origin {
        if !trust::same(origin, &request.host) {
            log::info!("refused: a websocket for a page of {origin:.100}");
            return Err(Problem(
                http::FORBIDDEN,
                "only the instrument's own page may play it",
            ));
        }
    }
    match &request.key {
        Some(key) if request.content => Ok(derive_accept_key(key.as_bytes())),
        _ => Err(Problem(http::UPGRADE, "there is a websocket here")),
    }
}

fn file(out: &mut impl Write, request: &Request, hub: &Hub) -> io::Result<()> {
    let Some(file) = hub.files.find(&request.path, request.gzip) else {
        let problem = Problem(http::NOT_FOUND, "there is no such file");
        return http::say(out, problem, request.content);
    };
    let policy = policy(&request.host);
    let mut headers = vec![
        ("Content-Type", file.mime),
        ("ETag", file.tag.as_str()),
        // To be asked for each time: the answer is mostly that nothing has changed.
        ("Cache-Control", "no-cache"),
        ("Vary", "Accept-Encoding"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Content-Security-Policy", policy.as_str()),
    ];
    if file.gzip {
        headers.push(("Content-Encoding", "gzip"));
    }
    let known = request.known.as_deref().is_some_and(|known| {
        known
            .split(',')
            .any(|tag| tag.trim().trim_start_matches("W/") == file.tag)
    });
    let status = if known { http::NOT_MODIFIED } else { http::OK };
    http::answer(out, status, &headers, &file.content, request.content)
}

/// What the page may do: nothing but what comes from here. `'self'` is no websocket in
/// every browser.
fn policy(host: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data: blob:; connect-src 'self' ws://{host} wss://{host}; \
         worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

/// Says the last thing on a connection.
fn finish(mut stream: TcpStream, say: impl FnOnce(&mut TcpStream) -> io::Result<()>) {
    if say(&mut stream).is_ok() {
        part(&stream);
    }
}

/// Most bytes that are still read of who is sent away, and how long that may take.
const MOST_REST: usize = 64 << 10;
const PARTING: std::time::Duration = std::time::Duration::from_millis(500);

/// Ends a connection so that what was said last arrives: what is not read would reset it.
pub fn part(stream: &TcpStream) {
    if stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let mut patient = Patient {
        stream,
        until: Instant::now() + PARTING,
    };
    let (mut left, mut rest) = (MOST_REST, [0; 4096]);
    while let Ok(count @ 1..) = patient.read(&mut rest) {
        left = left.saturating_sub(count);
        if left == 0 {
            return;
        }
    }
}

/// Reads until a time, however slowly it comes.
struct Patient<'a> {
    stream: &'a TcpStream,
    until: Instant,
}

impl Read for Patient<'_> {
    fn read(&mut self, part: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(part)
    }
}
