//! How a command gets into its control group before it does anything: cfn starts itself in a hidden mode, which joins the
//! group and then becomes the command. Nothing is forked between, so nothing escapes.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, setrlimit, setsid};
use rustix::thread::set_no_new_privs;

use super::apart::Apart;
use crate::linux::OWN_PROGRAM;

/// The hidden command of cfn, and its option for each file by which a group is joined.
const MODE: [&str; 2] = ["become", "--join"];

/// Its option for a session of its own, without new rights and core dumps.
const APART: &str = "--apart";

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
    command.arg(MODE[0]);
    for door in doors {
        command.arg(MODE[1]).arg(door);
    }
    if let Some(apart) = apart {
        apart.surround(command.arg(APART))?;
    }
    // Its end is waited for by number, with what it leaves behind.
    let child = command.arg("--").arg(program).args(arguments).spawn()?;
    Ok(Pid::from_child(&child))
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
    /// It could not be set apart.
    #[error("could not begin a session without new rights and core dumps: {0}")]
    Apart(io::Error),
    /// The program could not be started.
    #[error("could not start {}: {source}", Path::new(program).display())]
    Program {
        /// The program.
        program: OsString,
        /// The cause.
        source: io::Error,
    },
}

/// Joins the groups and becomes the command; returns only if that fails.
#[must_use]
pub fn become_command(doors: &[PathBuf], apart: bool, program: &OsStr, arguments: &[OsString]) -> NotEntered {
    for door in doors {
        if let Err(source) = fs::write(door, "0") {
            return NotEntered::Group { path: door.clone(), source };
        }
    }
    if apart {
        let session = setsid().and_then(|_| set_no_new_privs(true)).and_then(|()| setrlimit(Resource::Core, NONE));
        if let Err(error) = session {
            return NotEntered::Apart(error.into());
        }
    }
    NotEntered::Program { program: program.to_owned(), source: Command::new(program).args(arguments).exec() }
}
