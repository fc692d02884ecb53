//! Programs of PostgreSQL and `PgBouncer`, which refuse to run as root: as another user there.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::harness::start_from_a_thread_that_stays;

/// Whom they run as where the tests run as root.
const NOBODY: &str = "65534";

/// The user and the group that servers run as.
pub(crate) fn somebody() -> (u32, u32) {
    if is_root() { (65534, 65534) } else { (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw()) }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program, run as somebody who is not root.
pub(super) fn as_somebody(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(program);
    command
}

/// A program that gets a signal when the tests end, however they do: the kernel sees to it.
pub(super) fn guarded(program: &Path, signal: &str) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]);
    }
    command.args(["--pdeathsig", signal]).arg(program);
    command.stdin(Stdio::null());
    command
}

/// Starts a program that stays when the test's thread has ended.
pub(super) fn start(command: Command) -> Child {
    start_from_a_thread_that_stays(command).expect("the program starts")
}

/// Removes a server's folder when the tests have ended, however they did, and the server with them: the pipe closes then.
pub(super) fn remove_at_the_end(folder: &Path) {
    const SCRIPT: &str =
        "cat; for i in $(seq 100); do [ -e \"$0/data/postmaster.pid\" ] || break; sleep 0.1; done; rm -rf \"$0\"";
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT]).arg(folder).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    std::mem::forget(command.spawn().expect("sh starts"));
}

pub(super) fn give_away(path: &Path) {
    if is_root() {
        run(Command::new("chown").arg(format!("{NOBODY}:{NOBODY}")).arg(path));
    }
}

/// A program of the server's version: in the folder that `CFN_POSTGRES_BIN` names, else in that of the newest server that is
/// installed. A missing server fails the test, it does not skip it.
pub(super) fn program(name: &str) -> PathBuf {
    let named = std::env::var_os("CFN_POSTGRES_BIN").map(|it| PathBuf::from(it).join(name));
    named.filter(|it| it.exists() || name == "postgres").unwrap_or_else(|| installed().join(name))
}

fn installed() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|it| Some((it.file_name().to_str()?.parse().ok()?, it.path().join("bin"))))
        .filter(|it: &(u32, PathBuf)| it.1.join("postgres").exists())
        .collect();
    found.sort();
    found.pop().expect("a PostgreSQL server must be installed: apt-get install postgresql").1
}

pub(crate) fn kill(signal: &str, processes: &[u32]) {
    let status =
        Command::new("kill").arg(signal).args(processes.iter().map(u32::to_string)).stderr(Stdio::null()).status();
    status.expect("kill runs");
}

#[track_caller]
pub(super) fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
