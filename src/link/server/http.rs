//! HTTP, as little of it as serves a page: a request's head in, an answer out.

use std::io::{self, Read, Write};

/// Most bytes of a request's head.
const MOST_HEAD: usize = 8 << 10;

/// What of a request matters here. Names of hosts are in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Whether the content is wanted, too (`GET`), or not (`HEAD`).
    pub content: bool,
    /// The path, without what comes after a `?`.
    pub path: String,
    /// Which host it is for, with a port if one was given.
    pub host: String,
    /// The page that it comes from, if a browser says so.
    pub origin: Option<String>,
    /// The content's tag, as the browser has it.
    pub known: Option<String>,
    /// It may be compressed.
    pub gzip: bool,
    /// The key of a websocket that is asked for.
    pub key: Option<String>,
}

/// An answer's status and, if it is no good one, a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem(pub Status, pub &'static str);

/// A status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u16, pub &'static str);

pub const OK: Status = Status(200, "OK");
pub const NOT_MODIFIED: Status = Status(304, "Not Modified");
pub const BAD_REQUEST: Status = Status(400, "Bad Request");
pub const FORBIDDEN: Status = Status(403, "Forbidden");
pub const NOT_FOUND: Status = Status(404, "Not Found");
pub const NOT_ALLOWED: Status = Status(405, "Method Not Allowed");
pub const TIMEOUT: Status = Status(408, "Request Timeout");
pub const UPGRADE: Status = Status(426, "Upgrade Required");
pub const TOO_LARGE: Status = Status(431, "Request Header Fields Too Large");

/// Reads a head, and what came after it already.
///
/// # Errors
/// When it is too long or makes no sense, or none comes in time; none is told to who
/// said nothing at all.
pub fn read(stream: &mut impl Read) -> Result<(Request, Vec<u8>), Option<Problem>> {
    let mut bytes = Vec::new();
    let mut part = [0; 1024];
    loop {
        let begin = bytes.len().saturating_sub(3);
        let count = match stream.read(&mut part) {
            Ok(0) => return Err(None),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) if bytes.is_empty() => return Err(None),
            Err(_) => {
                return Err(Some(Problem(
                    TIMEOUT,
                    "the request did not come to its end",
                )));
            }
        };
        bytes.extend_from_slice(&part[..count]);
        if let Some(at) = find(&bytes[begin..], b"\r\n\r\n") {
            let rest = bytes.split_off(begin + at + 4);
            return Ok((parse(&bytes)?, rest));
        }
        if bytes.len() > MOST_HEAD {
            return Err(Some(Problem(TOO_LARGE, "the request's head is too long")));
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|part| part == what)
}

/// A request from its head.
///
/// # Errors
/// When it makes no sense.
pub fn parse(head: &[u8]) -> Result<Request, Problem> {
    let nonsense = Problem(BAD_REQUEST, "this is no request of HTTP");
    let text = std::str::from_utf8(head).map_err(|_| nonsense)?;
    let mut lines = text.split("\r\n");
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, "HTTP/1.1" | "HTTP/1.0"] = words[..] else {
        return Err(nonsense);
    };
    let content = match method {
        "GET" => true,
        "HEAD" => false,
        _ => return Err(Problem(NOT_ALLOWED, "there is only GET and HEAD here")),
    };
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let mut request = Request {
        content,
        path: path.to_string(),
        ..Request::default()
    };
    let (mut websocket, mut hosts) = (false, 0);
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or(nonsense)?;
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "host" => {
                request.host = value.to_ascii_lowercase();
                hosts += 1;
            }
            "origin" => request.origin = Some(value.to_ascii_lowercase()),
            "if-none-match" => request.known = Some(value.to_string()),
            "accept-encoding" => {
                request.gzip = value
                    .split(',')
                    .any(|encoding| encoding.trim().split(';').next() == Some("gzip"));
            }
            "upgrade" => websocket = value.eq_ignore_ascii_case("websocket"),
            "sec-websocket-key" => request.key = Some(value.to_string()),
            _ => {}
        }
    }
    if hosts != 1 {
        return Err(Problem(
            BAD_REQUEST,
            "a request says once which host it is for",
        ));
    }
    request.key = request.key.filter(|_| websocket);
    Ok(request)
}

/// An answer: headers of its own beside those that all have, and a content.
pub fn answer(
    out: &mut impl Write,
    status: Status,
    headers: &[(&str, &str)],
    content: &[u8],
    with_content: bool,
) -> io::Result<()> {
    let Status(number, words) = status;
    let mut head = format!("HTTP/1.1 {number} {words}\r\n");
    for (name, value) in headers {
        head.extend([*name, ": ", *value, "\r\n"]);
    }
    if status != NOT_MODIFIED {
        head.extend(["Content-Length: ", &content.len().to_string(), "\r\n"]);
    }
    head += "Connection: close\r\n\r\n";
    out.write_all(head.as_bytes())?;
    if with_content && status != NOT_MODIFIED {
        out.write_all(content)?;
    }
    out.flush()
}

/// The answer after which HTTP is over.
pub fn switch(out: &mut impl Write, headers: &[(&str, &str)]) -> io::Result<()> {
    let mut head = String::from("HTTP/1.1 101 Switching Protocols\r\n");
    for (name, value) in headers {
        head.extend([*name, ": ", *value, "\r\n"]);
    }
    head += "\r\n";
    out.write_all(head.as_bytes())
}

/// An answer that is a sentence.
pub fn say(
    out: &mut impl Write,
    Problem(status, sentence): Problem,
    with_content: bool,
) -> io::Result<()> {
    let headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    ];
    let content = format!("{sentence}\n");
    answer(out, status, &headers, content.as_bytes(), with_content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[&str]) -> Vec<u8> {
        format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
    }

    #[test]
    fn what_matters_of_a_request_is_taken() {
        let lines = [
            "GET /ws?x=1 HTTP/1.1",
            "HOST: Bela.Local:8080",
            "Origin: http://bela.local:8080",
            "accept-encoding: br, gzip;q=0.5",
            "Upgrade: WebSocket",
            "Sec-WebSocket-Key: abc=",
        ];
        let request = parse(&head(&lines)).unwrap();
        let expected = Request {
            content: true,
            path: "/ws".into(),
            host: "bela.local:8080".into(),
            origin: Some("http://bela.local:8080".into()),
            known: None,
            gzip: true,
            key: Some("abc=".into()),
        };
        assert_eq!(request, expected);
        // A key without the wish for a websocket is none.
        let other = [lines[0], lines[1], lines[5]];
        assert_eq!(parse(&head(&other)).unwrap().key, None);
    }

    #[test]
    fn what_is_none_is_refused() {
        for (lines, status) in [
            (&["GET /"][..], BAD_REQUEST),
            (&["GET / HTTP/2"], BAD_REQUEST),
            (&["POST / HTTP/1.1", "host: x"], NOT_ALLOWED),
            (&["GET / HTTP/1.1"], BAD_REQUEST),
            (&["GET / HTTP/1.1", "host: a", "host: b"], BAD_REQUEST),
            (&["GET / HTTP/1.1", "host: a", "nonsense"], BAD_REQUEST),
        ] {
            assert_eq!(parse(&head(lines)).unwrap_err().0, status, "{lines:?}");
        }
        let long = vec![b'x'; MOST_HEAD + 2000];
        assert_eq!(read(&mut &long[..]).unwrap_err().unwrap().0, TOO_LARGE);
        assert_eq!(read(&mut &b""[..]), Err(None));
    }

    #[test]
    fn a_head_may_come_in_pieces_and_with_more_after_it() {
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
            let _ = parse(&bytes);
            let _ = read(&mut &bytes[..]);
        }
    }
}
