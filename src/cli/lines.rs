//! Reads JSON lines from stdin, for every `--batch`. It limits the length of a line, and skips a leading byte order
//! mark.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};

use serde::Serialize;

use super::failure::Failure;

/// Maximum length of a line; a longer one is reported and skipped.
const LONGEST: usize = 1024 * 1024;

/// Bytes to read at once.
const AT_ONCE: usize = 64 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// The complete line.
    Whole(&'a [u8]),
    /// The line is longer than the limit.
    TooLong,
}

/// The answer to a line that was refused, without its `id`.
#[derive(Debug, Serialize)]
pub(super) struct Refused<'a> {
    /// The number of the line, if answers may come out of order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
    pub(super) error: &'a Failure,
}

/// A stream of lines. Only [`read`](Self::read) blocks.
pub(super) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    /// Number of bytes in the buffer.
    filled: usize,
    /// Start of the next line.
    start: usize,
    /// Bytes before this position hold no line end.
    searched: usize,
    /// Whether to skip input up to the end of an overlong line.
    skips: bool,
    ended: bool,
    number: u64,
}

impl Lines<File> {
    /// Reads stdin unbuffered, so that polling it through [`AsFd`] tells whether there is more.
    pub(super) fn stdin() -> Result<Self, Failure> {
        let input = io::stdin().as_fd().try_clone_to_owned().map_err(|error| failed(&error))?;
        Ok(Self::new(File::from(input)))
    }
}

impl<R: AsFd> AsFd for Lines<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }
}

impl<R: Read> Lines<R> {
    fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), filled: 0, start: 0, searched: 0, skips: false, ended: false, number: 0 }
    }

    /// Number of the last line taken, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Whether the input has ended, so that [`read`](Self::read) has nothing to do.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Reads more of the input, once.
    pub(super) fn read(&mut self) -> Result<(), Failure> {
        self.buffer.copy_within(self.start..self.filled, 0);
        self.filled -= self.start;
        self.searched -= self.start;
        self.start = 0;
        if self.buffer.len() < self.filled + AT_ONCE {
            self.buffer.resize(self.filled + AT_ONCE, 0);
        }
        let count = loop {
            match self.input.read(&mut self.buffer[self.filled..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read.map_err(|error| failed(&error))?,
            }
        };
        self.filled += count;
        self.ended = count == 0;
        Ok(())
    }

    /// The next line, if it is complete. The last line needs no line end.
    pub(super) fn take(&mut self) -> Option<Line<'_>> {
        loop {
            let from = self.start;
            let found = self.buffer[self.searched..self.filled].iter().position(|it| *it == b'\n');
            let end = found.map_or(self.filled, |at| self.searched + at);
            let whole = found.is_some();
            self.searched = if whole { end + 1 } else { end };
            let too_long = end - from > LONGEST;
            if !(whole || too_long || self.ended && from < end) {
                if self.skips {
                    self.start = end;
                }
                return None;
            }
            self.start = self.searched;
            if self.skips {
                self.skips = !whole;
                continue;
            }
            self.number += 1;
            if too_long {
                self.skips = !whole;
                return Some(Line::TooLong);
            }
            let line = &self.buffer[from..end];
            let line = if self.number == 1 { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) } else { line };
            return Some(Line::Whole(line));
        }
    }
}

fn failed(error: &io::Error) -> Failure {
    Failure::input(format!("stdin: {error}"), "Pipe JSON lines into the command.")
}

pub(super) fn too_long() -> Failure {
    Failure::input(
        format!("the line is longer than the limit of {} MiB", LONGEST >> 20),
        "Send one JSON object in a shorter line.",
    )
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::{AT_ONCE, LONGEST, Line, Lines};

    /// Returns one piece per read.
    struct Pieces(Vec<Vec<u8>>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let mut piece = self.0.remove(0);
            let count = piece.len().min(buffer.len());
            buffer[..count].copy_from_slice(&piece[..count]);
            if count < piece.len() {
                self.0.insert(0, piece.split_off(count));
            }
            Ok(count)
        }
    }

    /// All lines: a long line as its length, an overlong line as `!`.
    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::new(Pieces(pieces.iter().map(|it| it.to_vec()).collect()));
        let mut found = Vec::new();
        loop {
            while let Some(line) = lines.take() {
                found.push(match line {
                    Line::Whole(line) if line.len() > 100 => line.len().to_string(),
                    Line::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                    Line::TooLong => "!".to_owned(),
                });
            }
            if lines.has_ended() {
                assert_eq!(lines.number(), found.len() as u64);
                assert!(lines.buffer.capacity() < 2 * (LONGEST + AT_ONCE), "{}", lines.buffer.capacity());
                return found;
            }
            assert!(lines.read().is_ok());
        }
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        assert_eq!(lines(&[b"a\nbc\r\n\nd"]), ["a", "bc\r", "", "d"]);
        assert_eq!(lines(&[b"a", b"b", b"\nc", b"\n"]), ["ab", "c"]);
        assert_eq!(lines(&[]), [""; 0]);
        assert_eq!(lines(&[b"\n"]), [""]);
    }

    #[test]
    fn a_byte_order_mark_is_skipped_before_the_first_line_alone() {
        assert_eq!(lines(&[b"\xef", b"\xbb\xbfa\n\xef\xbb\xbfb"]), ["a", "\u{feff}b"]);
        assert_eq!(lines(&[b"\xef\xbb\xbf"]), [""]);
        assert_eq!(lines(&[b"\xef\xbb\xbf\xef\xbb\xbfa"]), ["\u{feff}a"]);
    }

    #[test]
    fn a_line_over_the_limit_is_skipped_and_the_next_one_is_read() {
        let (most, over) = (vec![b'x'; LONGEST], vec![b'x'; LONGEST + 1]);
        let length = LONGEST.to_string();
        let length = length.as_str();
        assert_eq!(lines(&[&most, b"\nb\n"]), [length, "b"]);
        assert_eq!(lines(&[&most]), [length]);
        assert_eq!(lines(&[&over, b"\nb"]), ["!", "b"]);
        assert_eq!(lines(&[b"a\n", &over, &over, &over, b"\nb\n", &over, &over]), ["a", "!", "b", "!"]);
        assert_eq!(lines(&[&over, b"\n", &over, b"\n"]), ["!", "!"]);
    }
}
