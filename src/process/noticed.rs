//! Signals to this process, which are waited for together with something else.

use std::io;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use signal_hook::low_level::pipe;

use crate::linux::ProcessStatus;

/// Signals that do nothing to this process any more but being noticed. Each has a pipe, so that none is missed between two
/// waits.
#[derive(Debug)]
pub struct Noticed(Vec<(i32, UnixStream)>);

/// What came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// What was waited for is ready.
    Ready,
    /// A signal.
    Signal(i32),
    /// Nothing, for as long as the pause is, or for less.
    Nothing,
}

impl Noticed {
    /// Notices each of these signals from here on, except those that the caller of this process ignores.
    pub fn listen(signals: &[i32]) -> io::Result<Self> {
        let own = ProcessStatus::own();
        let listened = signals.iter().filter(|it| !own.ignores(**it)).map(|signal| {
            let (reader, writer) = UnixStream::pair()?;
            pipe::register(*signal, writer)?;
            Ok((*signal, reader))
        });
        listened.collect::<io::Result<_>>().map(Self)
    }

    /// The end of a stream is this signal too. Nobody else may read it.
    pub fn add_end_of(&mut self, stream: UnixStream, signal: i32) {
        self.0.push((signal, stream));
    }

    /// Waits; without a pause for ever.
    pub fn next(&mut self, awaited: BorrowedFd<'_>, pause: Option<Duration>) -> io::Result<First> {
        let mut all = vec![PollFd::from_borrowed_fd(awaited, PollFlags::IN)];
        all.extend(self.0.iter().map(|(_, it)| PollFd::new(it, PollFlags::IN)));
        let pause = pause.map(|it| Timespec::try_from(it).map_err(io::Error::other)).transpose()?;
        match poll(&mut all, pause.as_ref()) {
            Err(Errno::INTR) => return Ok(First::Nothing),
            polled => polled?,
        };
        if !all[0].revents().is_empty() {
            return Ok(First::Ready);
        }
        Ok(self.signal().map_or(First::Nothing, First::Signal))
    }

    /// The next signal that came.
    fn signal(&mut self) -> Option<i32> {
        for (number, (signal, reader)) in self.0.iter().enumerate() {
            let signal = *signal;
            match recv(reader, &mut [0; 64], RecvFlags::DONTWAIT) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                Ok((1.., _)) => return Some(signal),
                Ok(_) | Err(_) => {
                    self.0.remove(number); // it ended, and does so once
                    return Some(signal);
                }
            }
        }
        None
    }
}
