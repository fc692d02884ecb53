//! Starts a program that outlives its caller and inherits nothing from it.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};

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
