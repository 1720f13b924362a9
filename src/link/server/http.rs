//! The part of HTTP that serves a page: reads the head of a request, writes a response.

use std::io::{self, Read, Write};

use httparse::EMPTY_HEADER;
use tungstenite::http::StatusCode;

/// Longest head of a request, in bytes.
const MAX_HEAD: usize = 8 << 10;
/// Most headers of a request; browsers send fewer than 30.
const MAX_HEADERS: usize = 100;

/// The parts of a request that the server uses. Host names are in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// True for `GET`, false for `HEAD`.
    pub wants_body: bool,
    /// The path, without the query.
    pub path: String,
    /// The `Host` header: a name or address, with a port if one was given.
    pub host: String,
    /// The origin of the page that sent the request, if a browser names it.
    pub origin: Option<String>,
    /// Tags of the versions that the browser has (`If-None-Match`).
    pub known_tags: Option<String>,
    /// True if the body may be compressed.
    pub accepts_gzip: bool,
    /// The key of the websocket that is requested.
    pub websocket_key: Option<String>,
}

/// A response that reports a problem: its status, and a description for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem(pub StatusCode, pub &'static str);

const NOT_HTTP: Problem = Problem(StatusCode::BAD_REQUEST, "this is not an HTTP request");
const TOO_LONG: Problem = Problem(
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    "the request's headers are too long",
);

/// Reads the head of a request; also returns the bytes that arrived after it.
///
/// # Errors
/// Fails if the head is too long or malformed, or does not arrive in time; with `None` if
/// nothing arrived at all, which gets no response.
pub fn read(stream: &mut impl Read) -> Result<(Request, Vec<u8>), Option<Problem>> {
    let mut bytes = Vec::new();
    let mut part = [0; 1024];
    loop {
        let part = match stream.read(&mut part) {
            Ok(0) => return Err(None),
            Ok(count) => &part[..count],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) if bytes.is_empty() => return Err(None),
            Err(_) => {
                return Err(Some(Problem(
                    StatusCode::REQUEST_TIMEOUT,
                    "the request did not arrive in time",
                )));
            }
        };
        bytes.extend_from_slice(part);
        // A head ends with a line feed.
        if part.contains(&b'\n') {
            if let Some((request, length)) = parse(&bytes)? {
                return Ok((request, bytes.split_off(length)));
            }
        }
        if bytes.len() > MAX_HEAD {
            return Err(Some(TOO_LONG));
        }
    }
}

/// Parses the head of a request; returns it with its length, or nothing if it is
/// incomplete.
fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, Problem> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let length = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(TOO_LONG),
        Err(_) => return Err(NOT_HTTP),
    };
    let wants_body = match head.method {
        Some("GET") => true,
        Some("HEAD") => false,
        _ => {
            return Err(Problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "only GET and HEAD are supported",
            ));
        }
    };
    let target = head.path.unwrap_or_default();
    let mut request = Request {
        wants_body,
        path: target.split(['?', '#']).next().unwrap_or_default().into(),
        ..Request::default()
    };
    let (mut is_websocket, mut hosts) = (false, 0);
    for header in head.headers {
        let value = std::str::from_utf8(header.value).map_err(|_| NOT_HTTP)?;
        match header.name.to_ascii_lowercase().as_str() {
            "host" => {
                request.host = value.to_ascii_lowercase();
                hosts += 1;
            }
            "origin" => request.origin = Some(value.to_ascii_lowercase()),
            "if-none-match" => request.known_tags = Some(value.into()),
            "accept-encoding" => {
                request.accepts_gzip = value
                    .split(',')
                    .any(|encoding| encoding.trim().split(';').next() == Some("gzip"));
            }
            "upgrade" => is_websocket = value.eq_ignore_ascii_case("websocket"),
            "sec-websocket-key" => request.websocket_key = Some(value.into()),
            _ => {}
        }
    }
    if hosts != 1 {
        return Err(Problem(
            StatusCode::BAD_REQUEST,
            "a request must name one host",
        ));
    }
    request.websocket_key = request.websocket_key.filter(|_| is_websocket);
    Ok(Some((request, length)))
}

/// Writes a response and ends it: these headers in addition to those of every response,
/// and a body if it is wanted.
pub fn respond(
    out: &mut impl Write,
    status: StatusCode,
    headers: &[(&str, &str)],
    body: &[u8],
    wants_body: bool,
) -> io::Result<()> {
    let mut head = head(status, headers);
    if status != StatusCode::NOT_MODIFIED {
        head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
    }
    head += "Connection: close\r\n\r\n";
    out.write_all(head.as_bytes())?;
    if wants_body && status != StatusCode::NOT_MODIFIED {
        out.write_all(body)?;
    }
    out.flush()
}

/// Writes the response that switches to another protocol.
pub fn switch_protocols(out: &mut impl Write, headers: &[(&str, &str)]) -> io::Result<()> {
    let head = head(StatusCode::SWITCHING_PROTOCOLS, headers) + "\r\n";
    out.write_all(head.as_bytes())
}

/// Writes a response that reports a problem.
pub fn respond_problem(
    out: &mut impl Write,
    Problem(status, text): Problem,
    wants_body: bool,
) -> io::Result<()> {
    let headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    ];
    let body = format!("{text}\n");
    respond(out, status, &headers, body.as_bytes(), wants_body)
}

fn head(status: StatusCode, headers: &[(&str, &str)]) -> String {
    let mut head = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in headers {
        head.extend([*name, ": ", *value, "\r\n"]);
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[&str]) -> Vec<u8> {
        format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
    }

    fn parse(lines: &[&str]) -> Result<Request, Problem> {
        let head = head(lines);
        let (request, length) = super::parse(&head)?.expect("a whole head");
        assert_eq!(length, head.len());
        Ok(request)
    }

    #[test]
    fn requests_are_parsed() {
        let lines = [
            "GET /ws?x=1 HTTP/1.1",
            "HOST: Bela.Local:8080",
            "Origin: http://bela.local:8080",
            "accept-encoding: br, gzip;q=0.5",
            "Upgrade: WebSocket",
            "Sec-WebSocket-Key: abc=",
        ];
        let expected = Request {
            wants_body: true,
            path: "/ws".into(),
            host: "bela.local:8080".into(),
            origin: Some("http://bela.local:8080".into()),
            known_tags: None,
            accepts_gzip: true,
            websocket_key: Some("abc=".into()),
        };
        assert_eq!(parse(&lines), Ok(expected));
        // A key counts only if a websocket is requested.
        let other = [lines[0], lines[1], lines[5]];
        assert_eq!(parse(&other).unwrap().websocket_key, None);
    }

    #[test]
    fn malformed_requests_are_refused() {
        for (lines, status) in [
            (&["GET /"][..], StatusCode::BAD_REQUEST),
            (&["GET / HTTP/2"], StatusCode::BAD_REQUEST),
            (
                &["POST / HTTP/1.1", "host: x"],
                StatusCode::METHOD_NOT_ALLOWED,
            ),
            (&["GET / HTTP/1.1"], StatusCode::BAD_REQUEST),
            (
                &["GET / HTTP/1.1", "host: a", "host: b"],
                StatusCode::BAD_REQUEST,
            ),
            (
                &["GET / HTTP/1.1", "host: a", "nonsense"],
                StatusCode::BAD_REQUEST,
            ),
            (
                &[&["GET / HTTP/1.1"][..], &["a: b"; MAX_HEADERS + 1]].concat(),
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            ),
        ] {
            assert_eq!(parse(lines).unwrap_err().0, status, "{lines:?}");
        }
        let long = vec![b'x'; MAX_HEAD + 2000];
        assert_eq!(
            read(&mut &long[..]).unwrap_err().unwrap().0,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
        );
        assert_eq!(read(&mut &b""[..]), Err(None));
    }

    #[test]
    fn a_head_may_arrive_in_pieces_and_with_more_after_it() {
        let mut bytes = head(&["GET / HTTP/1.1", "host: a"]);
        bytes.extend_from_slice(b"more");
        let mut pieces = bytes
            .chunks(1)
            .fold(Box::new(io::empty()) as Box<dyn Read>, |before, piece| {
                Box::new(before.chain(piece))
            });
        let (request, rest) = read(&mut pieces).unwrap();
        assert_eq!((request.host.as_str(), &rest[..]), ("a", &b""[..]));
        let (_, rest) = read(&mut &bytes[..]).unwrap();
        assert_eq!(rest, b"more");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_request_or_refused(bytes: Vec<u8>) {
            let _ = super::parse(&bytes);
            let _ = read(&mut &bytes[..]);
        }
    }
}
