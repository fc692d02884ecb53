//! Waits for the end of a process, a deadline and signals at once.

use std::io::{self, IsTerminal as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, pidfd_open, waitpid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::ending::Ending;
use crate::process::noticed::{First, Noticed};

/// Interval for looking whether a limit is exceeded.
const LOOKS: Duration = Duration::from_millis(100);

/// What happened first.
pub(in crate::process) enum Event {
    /// The process ended.
    Ended(Ending),
    /// The deadline is over.
    Deadline,
    /// This process got a signal.
    Signal(i32),
    /// It is time to look at the limits.
    Look,
}

/// Waits for the end of a command.
#[derive(Debug)]
pub struct Waiting {
    signals: Noticed,
    process: Option<OwnedFd>,
}

impl Waiting {
    /// Signals are noticed from here on, and end this process no more, except those that the caller ignores.
    pub fn new() -> io::Result<Self> {
        Ok(Self { signals: Noticed::listen(&[SIGINT, SIGTERM, SIGHUP])?, process: None })
    }

    /// The end of this stream is a SIGHUP, also for a process that ignores it: a terminal has hung up.
    pub fn hangs_up_with(&mut self, stream: UnixStream) {
        self.signals.add_end_of(stream, SIGHUP);
    }

    /// From here on, another process is waited for.
    pub(in crate::process) fn begin(&mut self) {
        self.process = None;
    }

    pub(in crate::process) fn next(
        &mut self,
        process: Pid,
        deadline: Option<Instant>,
        looks: bool,
    ) -> io::Result<Event> {
        let held = match self.process.take() {
            Some(held) => held,
            None => pidfd_open(process, PidfdFlags::empty())?,
        };
        let event = self.next_of(held.as_fd(), deadline, looks);
        self.process = Some(held);
        match event? {
            Some(event) => Ok(event),
            None => ending_of(process).map(Event::Ended),
        }
    }

    /// The same for anything that can be waited for; `None` if it is ready.
    pub(in crate::process) fn next_of(
        &mut self,
        awaited: BorrowedFd<'_>,
        deadline: Option<Instant>,
        looks: bool,
    ) -> io::Result<Option<Event>> {
        let left = deadline.map(|it| it.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Ok(Some(Event::Deadline));
        }
        let pause = [left, looks.then_some(LOOKS)].into_iter().flatten().min();
        Ok(match self.signals.next(awaited, pause)? {
            First::Ready => None,
            First::Signal(signal) => Some(Event::Signal(signal)),
            First::Nothing => Some(Event::Look),
        })
    }
}

fn ending_of(process: Pid) -> io::Result<Ending> {
    let status = waitpid(Some(process), WaitOptions::empty())?.map(|it| it.1);
    let code = status.and_then(WaitStatus::exit_status);
    let signal = status.and_then(WaitStatus::terminating_signal);
    Ok(signal.map_or(Ending::Exited(code.and_then(|it| u8::try_from(it).ok()).unwrap_or(1)), Ending::Signaled))
}

/// The signal for the command. What is typed on a terminal reaches the command without us.
pub(in crate::process) fn passed_on(signal: i32) -> Option<Signal> {
    match signal {
        SIGINT if io::stdin().is_terminal() => None,
        SIGINT => Some(Signal::INT),
        SIGHUP => Some(Signal::HUP),
        _ => Some(Signal::TERM),
    }
}
