//! A connection, from its request to its end.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::message::{Answer, LONGEST, Received, Status, received};

/// The longest life of a connection.
const LONGEST_LIFE: Duration = Duration::from_secs(10);

/// How often a connection may read before others get their turn.
const READS: usize = 16;

#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    since: Instant,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// With what was received so far.
    Reading(Vec<u8>),
    /// With the number of bytes that were sent.
    Writing {
        head: String,
        text: Rc<str>,
        sent: usize,
    },
    /// Reads what the client still sends, so that its kernel does not throw the answer away.
    Leaving,
    Over,
}

/// What reading or writing a piece led to.
enum Step {
    Next(Phase),
    Again,
    Wait,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, since: Instant::now(), phase: Phase::Reading(Vec::new()) }
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(super) fn waits_for(&self) -> PollFlags {
        match self.phase {
            Phase::Writing { .. } => PollFlags::OUT,
            _ => PollFlags::IN,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over) || self.since.elapsed() > LONGEST_LIFE
    }

    /// Does what can be done without waiting.
    pub(super) fn proceed(&mut self, answer: &mut dyn FnMut(&str) -> Option<Answer>) {
        for _ in 0..READS {
            let step = match &mut self.phase {
                Phase::Reading(bytes) => read(&mut self.stream, bytes, answer),
                Phase::Writing { head, text, sent } => {
                    write(&mut self.stream, [head.as_bytes(), text.as_bytes()], sent)
                }
                Phase::Leaving => leave(&mut self.stream),
                Phase::Over => Step::Wait,
            };
            match step {
                Step::Next(phase) => self.phase = phase,
                Step::Again => {}
                Step::Wait => return,
            }
        }
    }
}

fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>, answer: &mut dyn FnMut(&str) -> Option<Answer>) -> Step {
    let mut piece = [0; 2048];
    let free = LONGEST.saturating_sub(bytes.len()).min(piece.len());
    match stream.read(&mut piece[..free]) {
        Ok(0) => return Step::Next(Phase::Over),
        Ok(count) => bytes.extend_from_slice(&piece[..count]),
        Err(error) => return failed(error.kind()),
    }
    let answer = match received(bytes) {
        Received::Part => return Step::Again,
        Received::Path(path) => answer(&path).unwrap_or_else(|| Answer::plain(Status::NotFound, "not found\n")),
        Received::Refused(status) => Answer::plain(status, "refused\n"),
    };
    Step::Next(Phase::Writing { head: answer.head(), text: answer.text, sent: 0 })
}

fn write(stream: &mut TcpStream, parts: [&[u8]; 2], sent: &mut usize) -> Step {
    let [head, text] = parts;
    let rest = if *sent < head.len() { &head[*sent..] } else { &text[*sent - head.len()..] };
    if rest.is_empty() {
        return Step::Next(stream.shutdown(Shutdown::Write).map_or(Phase::Over, |()| Phase::Leaving));
    }
    match stream.write(rest) {
        Ok(0) => Step::Next(Phase::Over),
        Ok(count) => {
            *sent += count;
            Step::Again
        }
        Err(error) => failed(error.kind()),
    }
}

fn leave(stream: &mut TcpStream) -> Step {
    match stream.read(&mut [0; 4096]) {
        Ok(0) => Step::Next(Phase::Over),
        Ok(_) => Step::Again,
        Err(error) => failed(error.kind()),
    }
}

fn failed(error: ErrorKind) -> Step {
    match error {
        ErrorKind::WouldBlock => Step::Wait,
        ErrorKind::Interrupted => Step::Again,
        _ => Step::Next(Phase::Over),
    }
}
