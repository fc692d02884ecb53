//! Questions to a person at the terminal: single keys, and lines. They go to stderr, so that stdout has the report only.

use std::io::IsTerminal as _;

use rustix::io::Errno;
use rustix::stdio::stdin;
use rustix::termios::{QueueSelector, tcflush};

use super::raw::Raw;
use super::{Output, Page, Terminal, pager};

/// Rows of a terminal of unknown size.
const USUAL_ROWS: usize = 24;

/// The bytes of keys.
const ESCAPE: u8 = 0x1b;
const BACKSPACES: [u8; 2] = [0x08, 0x7f];
/// Ctrl-C and Ctrl-D.
const ENDS: [u8; 2] = [0x03, 0x04];

/// A person at a terminal.
pub(in crate::cli) struct Conversation {
    output: Output,
    terminal: Terminal,
}

/// A key that was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Key {
    Letter(char),
    /// Ctrl-C, Ctrl-D, or the end of the input.
    End,
    Other,
}

/// A line that was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Line {
    Text(String),
    /// Nothing was typed, or it was taken back with Escape.
    Empty,
    /// Ctrl-C, Ctrl-D, or the end of the input.
    End,
}

impl Output {
    /// Starts a conversation; `None` if nobody is at a terminal.
    pub(in crate::cli) fn conversation(self) -> Option<Conversation> {
        let terminal = Terminal::of_stderr().filter(|_| std::io::stdin().is_terminal())?;
        Some(Conversation { output: self, terminal })
    }
}

impl Conversation {
    /// An empty page as wide as the terminal.
    pub(in crate::cli) fn page(&self) -> Page {
        Page::new(self.output.color_err, Some(self.terminal.columns)).seen(true)
    }

    pub(in crate::cli) fn rows(&self) -> usize {
        self.terminal.rows.unwrap_or(USUAL_ROWS)
    }

    pub(in crate::cli) fn say(&self, page: &Page) {
        self.output.stderr(&page.text);
    }

    /// Shows a page of any length, through the pager if that is possible.
    pub(in crate::cli) fn show(&self, page: &Page) {
        if !(Terminal::of_stdout().is_some() && pager::show(page.text.as_bytes())) {
            self.say(page);
        }
    }

    /// Asks for a key. What was typed before the question is forgotten: it was no answer.
    pub(in crate::cli) fn key(&self, question: &str) -> Key {
        let Ok(_raw) = Raw::of_keys(stdin()) else { return Key::End };
        let _ = tcflush(stdin(), QueueSelector::IFlush);
        self.output.stderr(question);
        let mut bytes = [0; 64];
        let key = match read(&mut bytes) {
            None => Key::End,
            Some(typed) => key_of(typed),
        };
        match key {
            Key::Letter(letter) => self.output.stderr(&format!("{letter}\n")),
            Key::End | Key::Other => self.output.stderr("\n"),
        }
        key
    }

    /// Asks for a line.
    pub(in crate::cli) fn line(&self, question: &str) -> Line {
        let Ok(_raw) = Raw::of_keys(stdin()) else { return Line::End };
        self.output.stderr(question);
        let mut line = Typed::default();
        let mut bytes = [0; 64];
        let ended = loop {
            let Some(typed) = read(&mut bytes) else { break Line::End };
            if typed.first() == Some(&ESCAPE) {
                if typed.len() == 1 {
                    break Line::Empty;
                }
                continue; // an arrow or another key
            }
            if let Some(ended) = typed.iter().find_map(|it| line.take(*it)) {
                break ended;
            }
            self.output.stderr(&line.echo());
        };
        self.output.stderr(&line.echo());
        self.output.stderr("\n");
        ended
    }
}

/// A line that is being typed.
#[derive(Debug, Default)]
struct Typed {
    text: Vec<u8>,
    /// What the terminal has not shown yet.
    unseen: Vec<u8>,
}

impl Typed {
    /// Takes a byte; returns the line if it is its end.
    fn take(&mut self, byte: u8) -> Option<Line> {
        match byte {
            b'\r' | b'\n' => {
                let text = String::from_utf8_lossy(&self.text).trim().to_owned();
                return Some(if text.is_empty() { Line::Empty } else { Line::Text(text) });
            }
            it if ENDS.contains(&it) => return Some(Line::End),
            it if BACKSPACES.contains(&it) => {
                while self.text.pop().is_some_and(is_continuation) {}
                self.unseen.extend(b"\x08 \x08");
            }
            it if it < b' ' => {}
            it => {
                self.text.push(it);
                self.unseen.push(it);
            }
        }
        None
    }

    /// What to show now: whole characters.
    fn echo(&mut self) -> String {
        let whole = self.unseen.utf8_chunks().map(|it| it.valid().len()).next().unwrap_or_default();
        let shown: Vec<u8> = self.unseen.drain(..whole).collect();
        String::from_utf8(shown).unwrap_or_default()
    }
}

/// Whether a byte continues a character.
fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

fn key_of(typed: &[u8]) -> Key {
    match typed.first() {
        None => Key::End,
        Some(it) if ENDS.contains(it) => Key::End,
        Some(it) if it.is_ascii_alphabetic() => Key::Letter(it.to_ascii_lowercase().into()),
        Some(_) => Key::Other,
    }
}

/// Reads what was typed; `None` at the end of the input.
fn read(bytes: &mut [u8]) -> Option<&[u8]> {
    loop {
        match rustix::io::read(stdin(), &mut *bytes) {
            Ok(0) => return None,
            Ok(count) => return bytes.get(..count),
            Err(Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Line, Typed, key_of};

    fn typed(bytes: &[u8]) -> (Option<Line>, String) {
        let mut line = Typed::default();
        let ended = bytes.iter().find_map(|it| line.take(*it));
        (ended, line.echo())
    }

    #[test]
    fn a_line_is_what_is_left_when_it_ends() {
        let text = |it: &str| Some(Line::Text(it.to_owned()));
        assert_eq!(typed(b" touches keys \r").0, text("touches keys"));
        assert_eq!(typed("k\u{e9}\u{7f}eys\n".as_bytes()).0, text("keys"));
        assert_eq!(typed(b"\x7f\x7fa\n").0, text("a"));
        assert_eq!((typed(b"  \r").0, typed(b"a\x03").0, typed(b"a").0), (Some(Line::Empty), Some(Line::End), None));
        assert_eq!(typed(b"ab").1, "ab");
        assert_eq!(typed(b"a\xc3").1, "a", "the rest of the character comes with the next bytes");
    }

    #[test]
    fn keys_are_letters_or_the_end() {
        assert_eq!((key_of(b"A"), key_of(b"q"), key_of(b"\x1b[A")), (Key::Letter('a'), Key::Letter('q'), Key::Other));
        assert_eq!((key_of(b"\x03"), key_of(b"\x04"), key_of(b"")), (Key::End, Key::End, Key::End));
        assert_eq!((key_of(b"\r"), key_of("\u{e9}".as_bytes())), (Key::Other, Key::Other));
    }
}
