//! The terminal of a run, on which a person and its command talk.
//!
//! The spawning command opens it, and has the keys and the size. The supervisor logs what is for the screen, and sends it to
//! the spawning command. When that is gone, the terminal has hung up.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::linux::PseudoTerminal;

/// Maximum wait for the rest of the screen after the end of the run, and then for the rest of its log.
const PATIENCE: Duration = Duration::from_secs(1);

/// A terminal for a run, and the supervisor's connection to the spawning command.
#[derive(Debug)]
pub struct RunTerminal {
    terminal: PseudoTerminal,
    caller: UnixStream,
}

impl RunTerminal {
    /// A new one like another terminal, and the spawning command's end of the connection: what is for the screen comes
    /// through it, and its end is a hang-up.
    pub fn like(terminal: impl AsFd) -> io::Result<(Self, UnixStream)> {
        let (caller, near) = UnixStream::pair()?;
        Ok((Self { terminal: PseudoTerminal::like(terminal)?, caller }, near))
    }

    /// The side with the keys and the size.
    pub fn keys(&self) -> io::Result<PseudoTerminal> {
        self.terminal.try_clone()
    }

    /// What is handed over to the supervisor.
    pub(super) fn files(&self) -> [BorrowedFd<'_>; 2] {
        [self.terminal.as_fd(), self.caller.as_fd()]
    }

    /// What was handed over, if anything was.
    #[must_use]
    pub fn handed_over(files: Vec<OwnedFd>) -> Option<Self> {
        let [terminal, caller] = <[_; 2]>::try_from(files).ok()?;
        Some(Self { terminal: PseudoTerminal::of(terminal), caller: caller.into() })
    }

    /// Sends what is for the screen to the log and to the spawning command from here on.
    pub(super) fn start(&self, log: File) -> io::Result<(Screen, Device)> {
        let device = Device { file: self.terminal.device()?, caller: self.caller.try_clone()? };
        let (terminal, caller) = (self.keys()?, self.caller.try_clone()?);
        let (tell, ended) = mpsc::channel();
        thread::Builder::new().spawn(move || {
            pass_on(&terminal, log, caller);
            let _ = tell.send(()); // nobody may wait any more
        })?;
        Ok((Screen { ended, caller: self.caller.try_clone()? }, device))
    }
}

/// Until no program has the terminal.
fn pass_on(terminal: &PseudoTerminal, mut log: File, caller: UnixStream) {
    let (mut buffer, mut caller) = (vec![0; 64 << 10], Some(caller));
    loop {
        let count = match terminal.file().read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let _ = log.write_all(&buffer[..count]); // its other end stays for the whole run
        caller = caller.filter(|mut it| it.write_all(&buffer[..count]).is_ok());
    }
}

/// The terminal as the command of a run has it.
#[derive(Debug)]
pub struct Device {
    /// For its stdin, stdout and stderr.
    pub file: File,
    caller: UnixStream,
}

impl Device {
    /// The connection whose end is a hang-up.
    pub(super) fn caller(&self) -> io::Result<UnixStream> {
        self.caller.try_clone()
    }

    /// Hangs up.
    pub(super) fn hang_up(&self) {
        let _ = self.caller.shutdown(Shutdown::Read); // or the caller did so before
    }
}

/// What sends on what is for the screen.
pub(super) struct Screen {
    ended: Receiver<()>,
    caller: UnixStream,
}

impl Screen {
    /// Waits until all is sent and logged. A caller that does not take it lacks the rest; the log has it.
    pub(super) fn end(self) {
        if self.ended.recv_timeout(PATIENCE).is_err() {
            let _ = self.caller.shutdown(Shutdown::Both);
            let _ = self.ended.recv_timeout(PATIENCE);
        }
    }
}
