//! Interactive programs.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::process::{Command, ExitStatus, Stdio};

/// Runs a program on this process's terminal, writes `input` to its stdin, and waits. The program may ignore the rest of the
/// input.
pub fn run_in_foreground<'a>(
    program: &OsStr,
    arguments: impl IntoIterator<Item = &'a OsStr>,
    input: &[u8],
) -> io::Result<ExitStatus> {
    let mut child = Command::new(program).args(arguments).stdin(Stdio::piped()).spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        let _ = pipe.write_all(input); // the user may quit early
    }
    child.wait()
}
