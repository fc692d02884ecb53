//! Starts a program that outlives its caller and inherits nothing from it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::linux::OWN_PROGRAM;

/// The first descriptor after stdin, stdout and stderr.
const FIRST_OTHER: i32 = 3;

/// Starts a program with only these arguments and variables, without output. It inherits no file descriptors: otherwise
/// it would hold the locks and pipes of its callers as long as it runs.
pub fn start_in_background<'a, 'b>(
    program: &Path,
    arguments: impl IntoIterator<Item = &'a OsStr>,
    environment: impl IntoIterator<Item = (&'static str, &'b OsStr)>,
) -> io::Result<Child> {
    close_fds::set_fds_cloexec(FIRST_OTHER, &[]);
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// A process of cfn itself that outlives this one.
#[derive(Debug)]
pub struct Detached {
    /// The process.
    pub process: Child,
    /// What it reads: messages, which may have files.
    pub input: UnixStream,
    /// What it says.
    pub output: ChildStdout,
}

impl Detached {
    /// Ends it, while it waits for a message: it gets none.
    pub fn end(mut self) {
        drop(self.input);
        let _ = self.process.wait();
    }
}

/// Starts cfn itself with a socket as stdin, a pipe as stdout and a file as stderr: the process holds the file's lock. It has this
/// process's environment, and these variables. It inherits
/// no other file descriptors: `close_fds` marks them close-on-exec in this process, which is safe, since nothing but an
/// exec closes them then.
pub fn start_detached(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &[(&'static str, OsString)],
    lock: File,
) -> io::Result<Detached> {
    close_fds::set_fds_cloexec(FIRST_OTHER, &[]);
    let (input, stdin) = UnixStream::pair()?;
    let mut command = Command::new(OWN_PROGRAM);
    command.args(arguments).current_dir("/").stdin(OwnedFd::from(stdin)).stdout(Stdio::piped()).stderr(lock);
    let mut process = command.envs(environment.iter().map(|(name, value)| (name, value))).spawn()?;
    match process.stdout.take() {
        Some(output) => Ok(Detached { process, input, output }),
        None => Err(io::Error::other("a process was started without a pipe")),
    }
}
