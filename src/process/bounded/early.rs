//! What becomes a command, started before anybody knows which: cfn in its hidden mode, which waits until it is told. It ends
//! by itself when the process that would tell it is gone.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::Pid;
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout, stdin};
use serde::{Deserialize, Serialize};

use super::apart::Apart;
use super::entering::{MODE, NotEntered, Session, enter};
use crate::linux::OWN_PROGRAM;
use crate::process::handed::{hand_over, take_over};

/// The option of the hidden mode for a command that it is told.
const TOLD: &str = "--told";

/// A process that waits for its command. Dropping it ends it.
#[derive(Debug)]
pub struct Early {
    process: Option<Child>,
    stream: UnixStream,
}

/// What such a process is told, beside its three files.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    /// The files by which it joins its groups.
    doors: Vec<PathBuf>,
    is_on_terminal: bool,
    folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
    program: OsString,
    arguments: Vec<OsString>,
}

impl Early {
    /// Starts it, with nothing but this variable in its environment: by that it is found.
    pub fn start(name: &str, value: &str) -> io::Result<Self> {
        let (stream, heard) = UnixStream::pair()?;
        let mut command = Command::new(OWN_PROGRAM);
        command.args([MODE, TOLD]).env_clear().env(name, value);
        command.stdin(OwnedFd::from(heard)).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { process: Some(command.spawn()?), stream })
    }

    /// Tells it what it is to become. An error means that it is gone, and has not become it.
    pub(super) fn tell(
        mut self,
        (program, arguments): (&OsStr, &[OsString]),
        doors: Vec<PathBuf>,
        apart: &Apart<'_>,
    ) -> io::Result<Pid> {
        let told = Told {
            doors,
            is_on_terminal: apart.is_on_terminal,
            folder: apart.folder.to_owned(),
            environment: apart.environment.to_vec(),
            program: program.to_owned(),
            arguments: arguments.to_vec(),
        };
        let nothing = apart.stdin.is_none().then(|| File::open("/dev/null")).transpose()?;
        let input = apart.stdin.or(nothing.as_ref()).ok_or(io::ErrorKind::NotFound)?;
        let files = [input, apart.stdout, apart.stderr].map(|it| it.as_fd());
        hand_over(&mut self.stream, &serde_json::to_vec(&told)?, &files)?;
        self.process.take().map(|it| Pid::from_child(&it)).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Drop for Early {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill(); // or it has ended already
            let _ = process.wait();
        }
    }
}

/// Waits until it is told a command, and becomes it; returns only if that fails, or if nobody tells it any more.
#[must_use]
pub fn become_what_is_told() -> NotEntered {
    let told = match hear() {
        Ok(told) => told,
        Err(error) => return NotEntered::Untold(error),
    };
    if let Err(not) = enter(&told.doors, Session { is_apart: true, is_on_terminal: told.is_on_terminal }) {
        return not;
    }
    let mut command = Command::new(&told.program);
    command.args(&told.arguments).env_clear().envs(told.environment).current_dir(&told.folder);
    NotEntered::Program { source: command.exec(), program: told.program }
}

/// Hears the command, and has its files from then on.
fn hear() -> io::Result<Told> {
    let mut stream = UnixStream::from(stdin().try_clone_to_owned()?);
    let (message, files) = take_over(&mut stream)?;
    let [input, output, error] = <[OwnedFd; 3]>::try_from(files).map_err(|_| io::ErrorKind::InvalidData)?;
    dup2_stdin(input)?;
    dup2_stdout(output)?;
    dup2_stderr(error)?;
    Ok(serde_json::from_slice(&message)?)
}
