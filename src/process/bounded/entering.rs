//! How a command gets into its control group before it does anything: cfn starts itself in a hidden mode, which joins the
//! group and then becomes the command. Nothing is forked between, so nothing escapes.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, ioctl_tiocsctty, setrlimit, setsid};
use rustix::stdio::stdin;
use rustix::thread::set_no_new_privs;

use super::apart::Apart;
use crate::linux::OWN_PROGRAM;

/// The hidden command of cfn.
pub(super) const MODE: &str = "become";

/// Its option for each file by which a group is joined.
const JOIN: &str = "--join";

/// Its option for a session of its own, without new rights and core dumps.
const APART: &str = "--apart";

/// Its option for a session of its own on the terminal that is its stdin.
const ON_TERMINAL: &str = "--on-terminal";

/// A dump of an agent would have the keys that it was given, and fill its workspace.
const NONE: Rlimit = Rlimit { current: Some(0), maximum: Some(0) };

/// Starts the program of `arguments` through the hidden mode.
pub(super) fn start(
    program: &OsStr,
    arguments: &[OsString],
    doors: Vec<PathBuf>,
    apart: Option<&Apart<'_>>,
) -> io::Result<Pid> {
    let mut command = Command::new(OWN_PROGRAM);
    command.arg(MODE);
    for door in doors {
        command.arg(JOIN).arg(door);
    }
    if let Some(apart) = apart {
        command.args([APART, ON_TERMINAL].iter().take(if apart.is_on_terminal { 2 } else { 1 }));
        apart.surround(&mut command)?;
    }
    // Its end is waited for by number, with what it leaves behind.
    let child = command.arg("--").arg(program).args(arguments).spawn()?;
    Ok(Pid::from_child(&child))
}

/// What starts a program on the terminal that is its stdin. It leads a session, and so its group of processes.
pub(in crate::process) fn on_terminal(program: &str) -> Command {
    let mut command = Command::new(OWN_PROGRAM);
    command.args([MODE, ON_TERMINAL, "--", program]);
    command
}

/// Why a command was not started.
#[derive(Debug, thiserror::Error)]
pub enum NotEntered {
    /// The control group could not be joined.
    #[error("could not join the control group: {}: {source}", path.display())]
    Group {
        /// The file by which it is joined.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Nobody told which.
    #[error("was not told what to become: {0}")]
    Untold(io::Error),
    /// It could not be set apart.
    #[error("could not begin a session without new rights and core dumps: {0}")]
    Apart(io::Error),
    /// It could not get its terminal.
    #[error("could not begin a session on the terminal: {0}")]
    Terminal(io::Error),
    /// The program could not be started.
    #[error("could not start {}: {source}", Path::new(program).display())]
    Program {
        /// The program.
        program: OsString,
        /// The cause.
        source: io::Error,
    },
}

/// How a command is set apart from the process that starts it.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    /// It leads a session, gains no rights and leaves no core dumps.
    pub is_apart: bool,
    /// It leads a session on the terminal that is its stdin.
    pub is_on_terminal: bool,
}

/// Joins the groups, begins the session and becomes the command; returns only if that fails.
#[must_use]
pub fn become_command(doors: &[PathBuf], session: Session, program: &OsStr, arguments: &[OsString]) -> NotEntered {
    if let Err(not) = enter(doors, session) {
        return not;
    }
    NotEntered::Program { program: program.to_owned(), source: Command::new(program).args(arguments).exec() }
}

/// Joins the groups, and begins the session.
pub(super) fn enter(doors: &[PathBuf], session: Session) -> Result<(), NotEntered> {
    for door in doors {
        fs::write(door, "0").map_err(|source| NotEntered::Group { path: door.clone(), source })?;
    }
    if session.is_apart || session.is_on_terminal {
        let failed = if session.is_on_terminal { NotEntered::Terminal } else { NotEntered::Apart };
        setsid().map_err(|error| failed(error.into()))?;
    }
    if session.is_on_terminal {
        ioctl_tiocsctty(stdin()).map_err(|error| NotEntered::Terminal(error.into()))?;
    }
    if session.is_apart {
        let apart = set_no_new_privs(true).and_then(|()| setrlimit(Resource::Core, NONE));
        apart.map_err(|error| NotEntered::Apart(error.into()))?;
    }
    Ok(())
}
