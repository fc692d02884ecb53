//! Tools of the fault tests: running commands under another program, concurrently, or with a deadline, and judging
//! messages.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, thread};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use sha2::{Digest, Sha256};

use crate::harness::{Project, Ran, binary};

/// Longer than anything here takes, on any machine: who is not done by then hangs.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);

/// The most bytes of a message, whatever was typed.
pub(super) const LONGEST_MESSAGE: usize = 8 * 1024;

/// System calls that have other names on other processors, as strace finds them.
pub(super) const UNLINK: &str = "/^unlink(at)?$";
/// Likewise.
pub(super) const RENAME: &str = "/^rename(at2?)?$";

/// How large a campaign is.
pub(super) fn number(variable: &str, default: usize) -> usize {
    match env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|error| panic!("{variable}={text}: {error}")),
        Err(_) => default,
    }
}

/// A figure of a campaign, for whoever runs it with `--nocapture`.
#[expect(clippy::print_stderr, reason = "the figures of a campaign are what it is run for")]
pub(crate) fn figure(text: &str) {
    eprintln!("{text}");
}

/// cfn as the last arguments of another program, in the project.
pub(super) fn under<S: AsRef<OsStr>>(
    project: &Project,
    wrapper: &[&str],
    args: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(wrapper.first().expect("a program"));
    command.args(wrapper.get(1..).unwrap_or_default()).arg(binary()).args(args);
    for (name, value) in project.command(["--version"]).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(project.path()).stdin(Stdio::null());
    command
}

/// A program that only root may run, or that only root may use so.
pub(crate) fn as_root(program: &str) -> Vec<&str> {
    if geteuid().is_root() { vec![program] } else { vec!["sudo", "-n", program] }
}

/// Runs a program of the system, which must do what it is asked.
#[track_caller]
pub(crate) fn must(words: &[&str], args: &[&OsStr]) -> String {
    let mut command = Command::new(words.first().expect("a program"));
    let output = command.args(words.get(1..).unwrap_or_default()).args(args).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{words:?} must be installed: {error}"));
    assert!(output.status.success(), "{words:?} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs to the end, which must come before the deadline.
#[track_caller]
pub(super) fn finish(mut command: Command) -> Output {
    let spawned = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = spawned.unwrap_or_else(|error| panic!("{command:?} must start: {error}"));
    let pid = Pid::from_child(&child);
    let (sender, receiver) = mpsc::channel();
    let waiter = thread::spawn(move || drop(sender.send(child.wait_with_output())));
    let ended = receiver.recv_timeout(DEADLINE);
    if ended.is_err() {
        let _ = kill_process(pid, Signal::KILL); // it may have ended just now
    }
    waiter.join().expect("the waiter ends");
    let output = ended.unwrap_or_else(|_| panic!("{command:?} hangs")).expect("its output");
    assert!(!died(&output, Signal::ABORT) && !died(&output, Signal::SEGV) && !died(&output, Signal::BUS), "{output:?}");
    output
}

/// Runs cfn to its end, which must come before the deadline.
#[track_caller]
pub(super) fn run(command: Command) -> Ran {
    let ran = Ran::from(finish(command));
    assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    ran
}

/// Whether a process died of a signal.
pub(super) fn died(output: &Output, signal: Signal) -> bool {
    output.status.signal() == Some(signal.as_raw())
}

/// Starts all commands, lets them wait until the last one is there, and runs them at the same moment. Answers in their order.
pub(super) fn at_once<S: AsRef<OsStr>>(project: &Project, commands: &[Vec<S>]) -> Vec<Ran> {
    let folder = tempfile::tempdir().expect("a folder");
    let barrier = folder.path().join("barrier");
    must(&["mkfifo"], &[barrier.as_os_str()]);
    let gate = barrier.to_str().expect("a path");
    // Opening a pipe for reading waits until somebody opens it for writing.
    let wait = ["sh", "-c", ": < \"$0\" && exec \"$@\"", gate];
    let waiting: Vec<_> = commands.iter().map(|args| under(project, &wait, args)).collect();
    let waiting: Vec<_> = waiting.into_iter().map(|it| thread::spawn(move || run(it))).collect();
    thread::sleep(Duration::from_millis(100 + 4 * commands.len() as u64));
    // It stays open until all are done, for those that came late.
    let open = fs::OpenOptions::new().write(true).open(&barrier).expect("the barrier opens");
    let ran = waiting.into_iter().map(|it| it.join().expect("a process ends")).collect();
    drop(open);
    ran
}

/// SHA-256 as the database writes it.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Two digits a byte.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A failure says what is wrong once, in a bounded length, shows nothing raw, and is no backtrace.
#[track_caller]
pub(super) fn assert_one_message(ran: &Ran) {
    let errors = ran.stderr.lines().filter(|it| it.starts_with("error: ")).count();
    let others = ran.stderr.lines().filter(|it| !it.starts_with("error: ") && !it.starts_with("hint: ")).count();
    let document = ran.stderr.lines().count() == 1 && ran.kind().is_some();
    assert!(document || errors == 1 && others == 0, "not one message: {ran:?}");
    assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains("RUST_BACKTRACE"), "{ran:?}");
    assert_presentable(&ran.stderr);
}

/// Nothing that moves the cursor or hides, and no flood.
#[track_caller]
pub(super) fn assert_presentable(text: &str) {
    assert!(text.len() <= LONGEST_MESSAGE, "{} bytes: {}…", text.len(), text.chars().take(300).collect::<String>());
    let raw =
        |it: char| it != '\n' && (it.is_control() || matches!(it, '\u{202a}'..='\u{202e}' | '\u{e0000}'..='\u{e007f}'));
    assert!(!text.contains(raw), "raw control characters: {text:?}");
}

/// The version and hash of a skill as the database has them, or nothing.
pub(super) fn current(project: &Project, name: &str) -> Option<(String, String)> {
    let row = project.sqlite3(&format!("SELECT version || ' ' || content_hash FROM skills WHERE name = '{name}'"));
    row.split_once(' ').map(|(version, hash)| (version.to_owned(), hash.to_owned()))
}

/// Numbers that look random; the seed is in the message of a failure.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    /// From `CFN_SEED`, or another one each time.
    pub(super) fn new() -> Self {
        let clock = std::time::UNIX_EPOCH.elapsed().map_or(1, |it| it.subsec_nanos());
        let seed = number("CFN_SEED", clock as usize);
        figure(&format!("CFN_SEED={seed}"));
        Self((seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// From 0 to below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end.max(1)
    }
}
