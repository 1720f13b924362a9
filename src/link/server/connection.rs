//! A connection: a file of the page, or a client's websocket.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use tungstenite::handshake::derive_accept_key;

use super::client;
use super::context::{Guest, ServerContext};
use super::deadline::Patient;
use super::http::{self, Problem, Request};
use super::trust;

/// Where the websocket is.
const WEBSOCKET: &str = "/ws";

/// Serves it to its end.
pub fn serve(stream: TcpStream, guest: &Guest) {
    let context = guest.context();
    let limits = context.limits;
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let finish = |say: &dyn Fn(&mut Patient) -> io::Result<()>| {
        if say(&mut Patient::new(&stream, limits.answer)).is_ok() {
            part(&stream);
        }
    };
    let (request, rest) = match http::read(&mut Patient::new(&stream, limits.request)) {
        Ok(request) => request,
        Err(None) => return,
        Err(Some(problem)) => return finish(&|out| http::say(out, problem, true)),
    };
    let Ok(local) = stream.local_addr() else {
        return;
    };
    if !context.hosts.know(&request.host, local.ip()) {
        let problem = Problem(
            http::FORBIDDEN,
            "this instrument does not go by that name; its board file may add it: [web] hosts",
        );
        log::info!("refused: a request for the host {:.100}", request.host);
        return finish(&|out| http::say(out, problem, request.content));
    }
    if request.path == WEBSOCKET {
        match upgrade(&request) {
            Ok(accept) => {
                let headers = [
                    ("Upgrade", "websocket"),
                    ("Connection", "Upgrade"),
                    ("Sec-WebSocket-Accept", accept.as_str()),
                ];
                let mut patient = Patient::new(&stream, limits.answer);
                if http::switch(&mut patient, &headers).is_ok() {
                    client::converse(stream, rest, guest);
                }
            }
            Err(problem) => finish(&|out| http::say(out, problem, request.content)),
        }
        return;
    }
    finish(&|out| file(out, &request, context));
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

fn file(out: &mut impl Write, request: &Request, context: &ServerContext) -> io::Result<()> {
    let Some(file) = context.files.find(&request.path, request.gzip) else {
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

/// Most bytes that are still read of who is sent away, and how long that may take.
const MOST_REST: usize = 64 << 10;
const PARTING: Duration = Duration::from_millis(500);

/// Ends a connection so that what was said last arrives: what is not read would reset it.
pub fn part(stream: &TcpStream) {
    if stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let mut patient = Patient::new(stream, PARTING);
    let (mut left, mut rest) = (MOST_REST, [0; 4096]);
    while let Ok(count @ 1..) = patient.read(&mut rest) {
        left = left.saturating_sub(count);
        if left == 0 {
            return;
        }
    }
}
