//! SIGTERM for a process that still has something to do before it ends: it wakes the thread that waits for input, or for
//! a reader of the answers.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::SIGTERM;
use signal_hook::low_level::{emulate_default_handler, pipe};

/// What a pipe that has room takes without waiting.
const PIECE: usize = 4096;

/// Knows whether the process was asked to end.
pub(super) struct Stop {
    asked: Arc<AtomicBool>,
    wakes: UnixStream,
}

impl Stop {
    /// From now on SIGTERM is a question; the second one kills.
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

    /// Waits until there is input, until the process is asked to end, or for so long; whether there is input.
    pub(super) fn wait_for(&self, input: &impl AsFd, most: Option<Duration>) -> io::Result<bool> {
        let most = most.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
        self.poll(PollFd::new(input, PollFlags::IN), most.as_ref())
    }

    /// Writes all of it, unless the process is asked to end while nobody reads. No reader at all is an error.
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

    /// Ends the process as SIGTERM does.
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
