//! Handles SIGTERM in a process that must finish work before it ends: the signal wakes the thread that waits for input,
//! or for the reader of its output.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::SIGTERM;
use signal_hook::low_level::{emulate_default_handler, pipe};

/// Number of bytes that a pipe with room accepts without blocking.
const PIECE: usize = 4096;

/// Knows whether SIGTERM arrived.
pub(super) struct Stop {
    asked: Arc<AtomicBool>,
    wakes: UnixStream,
}

impl Stop {
    /// Catches the first SIGTERM; a second one kills the process.
    pub(super) fn listen() -> io::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        let (wakes, signalled) = UnixStream::pair()?;
        signal_hook::flag::register_conditional_default(SIGTERM, Arc::clone(&asked))?;
        signal_hook::flag::register(SIGTERM, Arc::clone(&asked))?;
        pipe::register(SIGTERM, signalled)?;
        Ok(Self { asked, wakes })
    }

    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Waits for input, SIGTERM or the timeout; returns whether there is input.
    pub(super) fn wait_for(&self, input: &impl AsFd, most: Option<Duration>) -> io::Result<bool> {
        let most = most.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
        self.poll(PollFd::new(input, PollFlags::IN), most.as_ref())
    }

    /// Writes everything, but gives up if SIGTERM arrives while the reader is stuck. A closed pipe is an error.
    pub(super) fn write(&self, out: &impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.poll(PollFd::new(out, PollFlags::OUT), None)? {
                match rustix::io::write(out, &bytes[..bytes.len().min(PIECE)]) {
                    Ok(count) => bytes = &bytes[count..],
                    Err(error) if [rustix::io::Errno::INTR, rustix::io::Errno::AGAIN].contains(&error) => {}
                    Err(error) => return Err(error.into()),
                }
            } else if self.is_asked() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Ends the process as an uncaught SIGTERM would.
    pub(super) fn end() -> io::Result<()> {
        emulate_default_handler(SIGTERM)
    }

    fn poll(&self, file: PollFd<'_>, most: Option<&Timespec>) -> io::Result<bool> {
        let mut files = [file, PollFd::new(&self.wakes, PollFlags::IN)];
        match poll(&mut files, most) {
            Ok(_) => Ok(!files[0].revents().is_empty()),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
