//! Reads replies within limits. The client library's own parser accepts any length and grows without limit, but a
//! faulty or malicious server must not cost memory or time.

use std::io::{self, BufRead, Read};

use redis::{ServerError, Value, make_extension_error};

/// Maximum total size of the replies to a pipeline, in bytes.
pub(super) const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Maximum length of a line: a status, an error or a number.
const LONGEST_LINE: usize = 4096;

/// Maximum nesting of arrays; `LATENCY LATEST` and `SCAN` need two.
const DEEPEST: usize = 4;

/// Memory of a value besides its bytes, rounded up, so that many small values count too.
const OF_ONE_VALUE: usize = 64;

/// Reads one RESP2 reply; `left` is the remaining size limit.
pub(super) fn read(reader: &mut impl BufRead, left: &mut usize) -> io::Result<Value> {
    nested(reader, left, DEEPEST)
}

fn nested(reader: &mut impl BufRead, left: &mut usize, depth: usize) -> io::Result<Value> {
    *left = left.saturating_sub(OF_ONE_VALUE);
    let line = line(reader, left)?;
    let (kind, text) = line.split_at_checked(1).ok_or_else(|| wrong("an empty line"))?;
    match kind {
        "+" if text == "OK" => Ok(Value::Okay),
        "+" => Ok(Value::SimpleString(text.to_owned())),
        "-" => error(text),
        ":" => Ok(Value::Int(number(text)?)),
        "$" => match length(text, *left)? {
            None => Ok(Value::Nil),
            Some(length) => bulk(reader, left, length).map(Value::BulkString),
        },
        "*" if depth == 0 => Err(wrong("arrays nested too deeply")),
        "*" => match length(text, *left)? {
            None => Ok(Value::Nil),
            // The array grows with the received elements, not with the announced length.
            Some(length) => {
                (0..length).map(|_| nested(reader, left, depth - 1)).collect::<io::Result<_>>().map(Value::Array)
            }
        },
        _ => Err(wrong("an invalid reply")),
    }
}

fn line(reader: &mut impl BufRead, left: &mut usize) -> io::Result<String> {
    let most = LONGEST_LINE.min(*left);
    let mut line = Vec::new();
    let count = reader.by_ref().take(most as u64).read_until(b'\n', &mut line)?;
    *left -= count;
    if most == 0 {
        return Err(wrong("too large a reply"));
    }
    if count == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
    }
    let text = line.strip_suffix(b"\r\n").ok_or_else(|| wrong("an unterminated line"))?;
    String::from_utf8(text.to_vec()).map_err(|_| wrong("a line that is not UTF-8"))
}

fn number(text: &str) -> io::Result<i64> {
    text.parse().map_err(|_| wrong("an invalid integer"))
}

/// Parses the length of a value; `None` for a null value. A length over the limit is refused before reading.
fn length(text: &str, left: usize) -> io::Result<Option<usize>> {
    match number(text)? {
        -1 => Ok(None),
        length => match usize::try_from(length) {
            Ok(length) if length < left => Ok(Some(length)),
            _ => Err(wrong("a reply of an invalid length")),
        },
    }
}

fn bulk(reader: &mut impl BufRead, left: &mut usize, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Allocates only for received bytes, not for the announced length.
    let count = reader.by_ref().take(length as u64 + 2).read_to_end(&mut bytes)?;
    *left = left.saturating_sub(count);
    if count != length + 2 || !bytes.ends_with(b"\r\n") {
        return Err(wrong("a reply shorter or longer than announced"));
    }
    bytes.truncate(length);
    Ok(bytes)
}

fn error(text: &str) -> io::Result<Value> {
    let (code, detail) = text.split_once(' ').unwrap_or((text, ""));
    let detail = Some(detail.to_owned()).filter(|it| !it.is_empty());
    let error = ServerError::try_from(make_extension_error(code.to_owned(), detail));
    error.map(Value::ServerError).map_err(io::Error::other)
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the server sent {what}"))
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufReader, Cursor, Read};

    use redis::Value;

    use super::{MOST_BYTES, read};

    fn reply(bytes: &[u8]) -> io::Result<Value> {
        let mut left = MOST_BYTES;
        read(&mut Cursor::new(bytes), &mut left)
    }

    #[test]
    fn replies_are_read() {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let pairs = [
            ("+OK\r\n", Value::Okay),
            ("+PONG\r\n", Value::SimpleString("PONG".into())),
            (":-12\r\n", Value::Int(-12)),
            ("$-1\r\n", Value::Nil),
            ("$0\r\n\r\n", text("")),
            ("$4\r\na\r\nb\r\n", text("a\r\nb")),
            ("*-1\r\n", Value::Nil),
            ("*2\r\n$1\r\na\r\n*1\r\n:1\r\n", Value::Array(vec![text("a"), Value::Array(vec![Value::Int(1)])])),
        ];
        for (bytes, value) in pairs {
            assert_eq!(reply(bytes.as_bytes()).ok(), Some(value), "{bytes:?}");
        }
        let error = reply(b"-NOAUTH Authentication required.\r\n");
        assert!(matches!(&error, Ok(Value::ServerError(it)) if it.code() == "NOAUTH"), "{error:?}");
    }

    #[test]
    fn invalid_replies_are_refused() {
        let deep = "*1\r\n".repeat(100_000);
        for bytes in [
            "",
            "\r\n",
            "+OK",
            "+OK\n",
            "hello\r\n",
            "$x\r\n",
            "$-2\r\n",
            "$5\r\nab\r\n",
            "$1\r\nabc",
            ":\r\n",
            "%1\r\n",
            "$9223372036854775807\r\n",
            "$18446744073709551616\r\n",
            "*9223372036854775807\r\n",
            "*2\r\n:1\r\n",
            &deep,
        ] {
            assert!(reply(bytes.as_bytes()).is_err(), "{bytes:?}");
        }
        assert!(reply(format!("+{}", "x".repeat(100_000)).as_bytes()).is_err(), "a line without end");
        assert!(reply(b"+\xff\r\n").is_err());
    }

    /// A server that sends forever, and counts the bytes read.
    struct Endless(&'static [u8], usize);

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            for (at, byte) in buffer.iter_mut().enumerate() {
                *byte = self.0[(self.1 + at) % self.0.len()];
            }
            self.1 += buffer.len();
            Ok(buffer.len())
        }
    }

    #[test]
    fn reading_stops_when_a_server_sends_too_much() {
        for (bytes, most) in [
            (b"$536870912\r\nxxxxxxxxxxxx".as_slice(), 100_000),
            (b"$99999999\r\n", 100_000),
            (b"+xxxxxxxxxxxxx", 100_000),
            (b"*8000000\r\n", 100_000),
            (b"*8000000\r\n:1\r\n:1\r\n:1\r\n", 100_000),
        ] {
            let mut reader = BufReader::new(Endless(bytes, 0));
            let mut left = MOST_BYTES;
            assert!(read(&mut reader, &mut left).is_err());
            assert!(reader.get_ref().1 <= most, "{} bytes of {bytes:?}", reader.get_ref().1);
        }
    }
}
