//! Requests, answers and their bytes.

use std::rc::Rc;

use httparse::{EMPTY_HEADER, Error, Request};

/// The most bytes of a request's head.
pub(super) const LONGEST: usize = 8 << 10;

/// The most header lines of a request.
const HEADERS: usize = 64;

/// The status of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the status of its name in HTTP")]
pub enum Status {
    Ok,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    HeaderTooLarge,
    Unavailable,
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed\r\nAllow: GET",
            Self::HeaderTooLarge => "431 Request Header Fields Too Large",
            Self::Unavailable => "503 Service Unavailable",
        }
    }
}

/// An answer. Connections share its text.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: Status,
    /// The type of the text.
    pub content_type: &'static str,
    /// The text.
    pub text: Rc<str>,
}

impl Answer {
    /// A plain text.
    #[must_use]
    pub fn plain(status: Status, text: &str) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", text: text.into() }
    }

    /// What stands before the text. Each connection ends with its answer.
    pub(super) fn head(&self) -> String {
        let (status, kind, length) = (self.status.line(), self.content_type, self.text.len());
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
    }
}

/// What was received so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// The head of a request for this path, without its query.
    Path(String),
    /// Half a head.
    Part,
    /// Nothing that is answered otherwise.
    Refused(Status),
}

/// Reads what was received. A body is not looked at.
pub(super) fn received(bytes: &[u8]) -> Received {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut request = Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(parsed) if parsed.is_complete() && request.method != Some("GET") => {
            Received::Refused(Status::MethodNotAllowed)
        }
        Ok(parsed) if parsed.is_complete() => {
            let path = request.path.unwrap_or_default();
            Received::Path(path.split_once('?').map_or(path, |it| it.0).to_owned())
        }
        Ok(_) if bytes.len() < LONGEST => Received::Part,
        Ok(_) | Err(Error::TooManyHeaders) => Received::Refused(Status::HeaderTooLarge),
        Err(_) => Received::Refused(Status::BadRequest),
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, LONGEST, Received, Status, received};

    #[test]
    fn only_a_whole_and_short_get_is_answered() {
        let path = Received::Path("/metrics".to_owned());
        assert_eq!(received(b"GET /metrics?name=a HTTP/1.1\r\nHost: h\r\n\r\n"), path);
        assert_eq!(received(b"GET /metrics HTTP/1.0\r\n\r\nbody"), path);
        assert_eq!(received(b"GET /metrics HTTP/1.1\r\nHost: h\r\n"), Received::Part);
        assert_eq!(received(b"POST /metrics HTTP/1.1\r\n\r\n"), Received::Refused(Status::MethodNotAllowed));
        for nonsense in [&b"\x16\x03\x01\x02\x00"[..], b"GET /metrics\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"] {
            assert_eq!(received(nonsense), Received::Refused(Status::BadRequest), "{nonsense:?}");
        }
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(LONGEST));
        assert_eq!(received(&long.as_bytes()[..LONGEST]), Received::Refused(Status::HeaderTooLarge));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(65));
        assert_eq!(received(many.as_bytes()), Received::Refused(Status::HeaderTooLarge));
    }

    #[test]
    fn an_answer_says_how_long_it_is_and_that_it_is_the_last() {
        let head = Answer::plain(Status::MethodNotAllowed, "no\n").head();
        let expected = "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\nConnection: close\r\n\r\n";
        assert_eq!(head, expected);
    }
}
