//! Passes signals on to other processes, while this one waits for them.

use std::io::{self, Read as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use crate::linux::ProcessStatus;

/// Passes SIGINT and SIGTERM on. SIGHUP still ends this process.
#[derive(Debug, Clone)]
pub struct Relay(Arc<Noted>);

#[derive(Debug)]
struct Noted {
    state: Mutex<State>,
    /// Ends with the first signal, for those who wait for something else too.
    until: UnixStream,
    ends: UnixStream,
}

#[derive(Debug, Default)]
struct State {
    /// The first signal.
    signal: Option<i32>,
    /// The processes by their numbers. The kernel holds each by a descriptor: a new process with its number is not meant.
    held: Vec<(u32, OwnedFd)>,
}

impl Relay {
    /// Notices each SIGINT and SIGTERM from now on, unless the caller of this process ignores them.
    pub fn listen() -> io::Result<Self> {
        let (until, ends) = UnixStream::pair()?;
        let relay = Self(Arc::new(Noted { state: Mutex::default(), until, ends }));
        let own = ProcessStatus::own();
        for (number, signal) in [(SIGINT, Signal::INT), (SIGTERM, Signal::TERM)] {
            if own.ignores(number) {
                continue;
            }
            let (mut reader, writer) = UnixStream::pair()?;
            pipe::register(number, writer)?;
            let relay = relay.clone();
            thread::Builder::new().spawn(move || {
                while reader.read(&mut [0; 64]).is_ok_and(|it| it > 0) {
                    relay.pass(number, signal);
                }
            })?;
        }
        Ok(relay)
    }

    fn pass(&self, number: i32, signal: Signal) {
        self.state().signal.get_or_insert(number);
        let _ = self.0.ends.shutdown(Shutdown::Write); // it may have ended
        self.send(signal);
    }

    /// Asks all processes to end.
    pub fn end_all(&self) {
        self.send(Signal::TERM);
    }

    fn send(&self, signal: Signal) {
        for (_, process) in &self.state().held {
            let _ = pidfd_send_signal(process, signal); // it may have ended
        }
    }

    /// Passes signals on to a child of this process too, which nobody waited for yet. A signal that came before counts.
    pub fn add(&self, process: u32) {
        let number = i32::try_from(process).ok().and_then(Pid::from_raw);
        let Some(held) = number.and_then(|it| pidfd_open(it, PidfdFlags::empty()).ok()) else { return };
        let mut state = self.state();
        if state.signal.is_some() {
            let _ = pidfd_send_signal(&held, Signal::TERM); // it may have ended
        }
        state.held.push((process, held));
    }

    /// Passes no more signals on to a process.
    pub fn remove(&self, process: u32) {
        self.state().held.retain(|it| it.0 != process);
    }

    /// The first signal that came.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        self.state().signal
    }

    /// Waits until a file can be read, or is at its end; `false` if there was a signal.
    pub fn lets_read(&self, file: BorrowedFd<'_>) -> io::Result<bool> {
        let mut both = [PollFd::new(&self.0.until, PollFlags::IN), PollFd::from_borrowed_fd(file, PollFlags::IN)];
        loop {
            match poll(&mut both, None) {
                Err(Errno::INTR) => {}
                polled => {
                    polled?;
                    return Ok(both[0].revents().is_empty());
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
