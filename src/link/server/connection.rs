//! A connection: serves a file of the page, or becomes a client's websocket.

use std::io::{self, Write};
use std::net::TcpStream;

use tungstenite::handshake::derive_accept_key;
use tungstenite::http::StatusCode;

use super::client;
use super::context::{Connection, Request, ServerContext};
use super::deadline::{DeadlineStream, close_gracefully};
use super::hosts::is_same_origin;
use super::http::{self, Problem};
use crate::spawn::Role;

/// Path of the websocket.
const WEBSOCKET: &str = "/ws";

/// Serves a request, and then those that wait. A client gets a thread.
pub fn serve(request: Request) {
    let mut next = Some(request);
    while let Some(request) = next {
        if let Some((stream, received, connection)) = respond(&request) {
            let serve = Box::new(move || client::serve(stream, received, &connection));
            let started = (request.context().spawn)("gb-client", Role::Background, serve);
            if let Err(error) = started {
                log::warn!("a client was dropped: no thread: {error}");
            }
        }
        next = request.end();
    }
}

/// Responds to a request. Returns the websocket that its connection has become, if any, and
/// the bytes that were received after the request.
fn respond(request: &Request) -> Option<(TcpStream, Vec<u8>, Connection)> {
    let (stream, context) = (request.stream(), request.context());
    let limits = context.limits;
    stream.set_nodelay(true).ok()?;
    let finish = |respond: &dyn Fn(&mut DeadlineStream) -> io::Result<()>| {
        if respond(&mut DeadlineStream::new(stream, limits.answer)).is_ok() {
            close_gracefully(stream, || false);
        }
        None
    };
    let refuse =
        |problem, wants_body| finish(&|out| http::respond_problem(out, problem, wants_body));
    let (head, rest) = match http::read(&mut DeadlineStream::new(stream, limits.request)) {
        Ok(head) => head,
        Err(None) => return None,
        Err(Some(problem)) => return refuse(problem, true),
    };
    let local = stream.local_addr().ok()?;
    if !context.hosts.contains(&head.host, local.ip()) {
        log::info!("refused: a request for the host {:.100}", head.host);
        let problem = Problem(
            StatusCode::FORBIDDEN,
            "this instrument does not go by that name; its board file may add it: [web] hosts",
        );
        return refuse(problem, head.wants_body);
    }
    if head.path != WEBSOCKET {
        return finish(&|out| serve_file(out, &head, context));
    }
    let key = match accept_key(&head) {
        Ok(key) => key,
        Err(problem) => return refuse(problem, head.wants_body),
    };
    let Some(connection) = request.websocket(limits.request) else {
        let problem = Problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many websockets are open",
        );
        return refuse(problem, head.wants_body);
    };
    let headers = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", key.as_str()),
    ];
    let mut out = DeadlineStream::new(stream, limits.answer);
    http::switch_protocols(&mut out, &headers).ok()?;
    Some((stream.try_clone().ok()?, rest, connection))
}

/// Returns the key that accepts a websocket, if the instrument's own page requests it.
fn accept_key(request: &http::Request) -> Result<String, Problem> {
    if let Some(origin) = &request.origin {
        if !is_same_origin(origin, &request.host) {
            log::info!("refused: a websocket for a page of {origin:.100}");
            return Err(Problem(
                StatusCode::FORBIDDEN,
                "only the instrument's own page may play it",
            ));
        }
    }
    match &request.websocket_key {
        Some(key) if request.wants_body => Ok(derive_accept_key(key.as_bytes())),
        _ => Err(Problem(
            StatusCode::UPGRADE_REQUIRED,
            "this is the address of a websocket",
        )),
    }
}

fn serve_file(
    out: &mut impl Write,
    request: &http::Request,
    context: &ServerContext,
) -> io::Result<()> {
    let Some(file) = context.files.find(&request.path, request.accepts_gzip) else {
        let problem = Problem(StatusCode::NOT_FOUND, "there is no such file");
        return http::respond_problem(out, problem, request.wants_body);
    };
    let policy = content_security_policy(&request.host);
    let mut headers = vec![
        ("Content-Type", file.mime),
        ("ETag", file.tag.as_str()),
        // Browsers revalidate each time; usually the file has not changed.
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
    let is_known = request.known_tags.as_deref().is_some_and(|tags| {
        tags.split(',')
            .any(|tag| tag.trim().trim_start_matches("W/") == file.tag)
    });
    let status = if is_known {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    };
    http::respond(out, status, &headers, &file.content, request.wants_body)
}

/// Hash of the script in `web/index.html`.
const INLINE_SCRIPT: &str = "sha256-s/kkjXdgMRyoPsd2yr50Nnfrtnc8ORcQPS2gHKRt54Q=";

/// Returns the policy that limits the page to this host. Some browsers do not count
/// websockets as `'self'`.
fn content_security_policy(host: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' '{INLINE_SCRIPT}'; style-src 'self'; \
         img-src 'self' data: blob:; connect-src 'self' ws://{host} wss://{host}; \
         worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}
