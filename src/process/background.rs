//! A program that goes on after its caller has ended, and has nothing of it.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The first descriptor after stdin, stdout and stderr.
const FIRST_OTHER: i32 = 3;

/// Starts a program with these arguments and this environment alone, silent. It inherits no descriptor, whoever opened it: a lock or a
/// pipe of the caller's caller would otherwise be held for as long as it runs.
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
