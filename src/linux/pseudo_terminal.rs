//! Pseudo-terminals: terminals behind which is no device, but a program.
//!
//! A port: where the other side cannot be opened by a call, `ptsname` has its path.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};

/// The side of a pseudo-terminal that has the keys and the screen.
#[derive(Debug)]
pub struct PseudoTerminal(File);

/// Both sides begin no session's control, and are not inherited.
const FLAGS: OpenptFlags = OpenptFlags::RDWR.union(OpenptFlags::NOCTTY).union(OpenptFlags::CLOEXEC);

impl PseudoTerminal {
    /// A new one with the size and the settings of a terminal.
    pub fn like(terminal: impl AsFd) -> io::Result<Self> {
        let new = openpt(FLAGS)?;
        unlockpt(&new)?;
        tcsetattr(&new, OptionalActions::Now, &tcgetattr(&terminal)?)?;
        let new = Self::of(new);
        new.resize_like(terminal).map(|()| new)
    }

    /// One that somebody else opened.
    #[must_use]
    pub fn of(file: OwnedFd) -> Self {
        Self(file.into())
    }

    /// The same by another descriptor.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Gives it the size of a terminal; the programs on it learn of a new one by SIGWINCH.
    pub fn resize_like(&self, terminal: impl AsFd) -> io::Result<()> {
        Ok(tcsetwinsize(&self.0, tcgetwinsize(terminal)?)?)
    }

    /// The side that programs have as their terminal.
    pub fn device(&self) -> io::Result<File> {
        Ok(ioctl_tiocgptpeer(&self.0, FLAGS)?.into())
    }

    /// What is written to it are keys; what is read from it is for the screen.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.0
    }
}

impl AsFd for PseudoTerminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
