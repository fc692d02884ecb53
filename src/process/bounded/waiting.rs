//! Waits for the end of a process, a deadline and signals at once.

use std::io::{self, IsTerminal as _, Read as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, pidfd_open, waitpid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use super::ending::Ending;
use crate::linux::ProcessStatus;

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

/// Waits for the end of a command. It has a pipe for each signal, so that none is missed between two waits.
#[derive(Debug)]
pub struct Waiting {
    signals: Vec<(i32, UnixStream)>,
    process: Option<OwnedFd>,
}

impl Waiting {
    /// Signals are noticed from here on, and end this process no more, except those that the caller ignores.
    pub fn new() -> io::Result<Self> {
        let (mut signals, own) = (Vec::new(), ProcessStatus::own());
        for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|it| !own.ignores(*it)) {
            let (reader, writer) = UnixStream::pair()?;
            reader.set_nonblocking(true)?;
            pipe::register(signal, writer)?;
            signals.push((signal, reader));
        }
        Ok(Self { signals, process: None })
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
        if self.poll(awaited, pause)? {
            return Ok(None);
        }
        for (signal, reader) in &mut self.signals {
            if reader.read(&mut [0; 64]).is_ok_and(|it| it > 0) {
                return Ok(Some(Event::Signal(*signal)));
            }
        }
        Ok(Some(Event::Look))
    }

    /// Whether it is ready, after at most a pause.
    fn poll(&self, awaited: BorrowedFd<'_>, pause: Option<Duration>) -> io::Result<bool> {
        let mut all = vec![PollFd::from_borrowed_fd(awaited, PollFlags::IN)];
        all.extend(self.signals.iter().map(|(_, it)| PollFd::new(it, PollFlags::IN)));
        let pause = pause.map(|it| Timespec::try_from(it).map_err(io::Error::other)).transpose()?;
        match poll(&mut all, pause.as_ref()) {
            Err(rustix::io::Errno::INTR) => Ok(false),
            polled => polled.map(|_| !all[0].revents().is_empty()).map_err(io::Error::from),
        }
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
