//! A system that knows other names: a process sees the test's file in the place of one of the system's.

use std::path::Path;
use std::process::Command;

/// The same command, in a mount namespace of its own in which `file` is what `place` names: `/etc/hosts`, `/etc/passwd`.
pub fn seeing(command: &Command, file: &Path, place: &str) -> Command {
    let mut wrapped = Command::new("unshare");
    wrapped.args(["--map-root-user", "--mount", "sh", "-c", "mount --bind \"$0\" \"$1\" && shift && exec \"$@\""]);
    wrapped.arg(file).arg(place).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    wrapped.current_dir(command.get_current_dir().expect("a folder"));
    wrapped.stdin(std::process::Stdio::null());
    wrapped
}

/// A FIFO that nobody writes to: whoever opens it to read waits.
pub fn hanging(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("hangs");
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo runs").success());
    path
}
