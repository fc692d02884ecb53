//! A person at a terminal, at which cfn runs.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};

/// What a person waits for at most.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Person {
    terminal: File,
    pub(crate) cfn: Child,
    seen: String,
}

impl Person {
    /// Starts a command of cfn at a terminal of this size. What is no terminal in it stays: stdout may be a file.
    pub(crate) fn starts(command: &Command, stdout: Option<File>, (rows, columns): (u16, u16)) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let terminal = openpt(flags).expect("a terminal");
        unlockpt(&terminal).expect("it is unlocked");
        let device = || ioctl_tiocgptpeer(&terminal, flags).expect("its device");
        // It leads the session of the terminal. A shell in the background would leave signals ignored.
        let mut started = Command::new("setsid");
        started.args(["--ctty", "env", "--default-signal"]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => started.env(name, value),
                None => started.env_remove(name),
            };
        }
        started.current_dir(command.get_current_dir().expect("a folder"));
        started.stdin(device()).stdout(stdout.map_or_else(device, OwnedFd::from)).stderr(device());
        let terminal = File::from(terminal);
        resize(&terminal, rows, columns);
        let cfn = started.spawn().expect("setsid must be installed: apt-get install util-linux");
        Self { terminal, cfn, seen: String::new() }
    }

    pub(crate) fn resizes(&self, rows: u16, columns: u16) {
        resize(&self.terminal, rows, columns);
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("keys");
    }

    /// Waits until something is seen; returns all up to it.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.find(text) {
                return self.seen.drain(..at + text.len()).collect();
            }
            assert!(Instant::now() < until && self.reads(), "{text:?} is not seen: {:?}", self.seen);
        }
    }

    /// Reads what comes; `false` at the end.
    fn reads(&mut self) -> bool {
        let pause = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        if poll(&mut [PollFd::new(&self.terminal, PollFlags::IN)], Some(&pause)).expect("it is waited for") == 0 {
            return true;
        }
        let mut bytes = [0; 4096];
        let count = self.terminal.read(&mut bytes).unwrap_or(0); // it fails once nobody has the terminal
        self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        count > 0
    }

    /// The settings of the terminal.
    pub(crate) fn settings(&self) -> String {
        format!("{:?}", tcgetattr(&self.terminal).expect("its settings"))
    }

    /// Waits for the end of cfn; its exit code, or 128 and the signal that ended it, and what was seen since.
    #[track_caller]
    pub(crate) fn waits(&mut self) -> (i32, String) {
        let until = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < until, "it does not end: {:?}", self.seen);
            let ended = self.cfn.try_wait().expect("its status");
            while self.reads() && ended.is_some() {}
            if let Some(status) = ended {
                let code = status.code().or(status.signal().map(|it| 128 + it)).expect("an end");
                return (code, std::mem::take(&mut self.seen));
            }
        }
    }

    /// Hangs up; what is left is cfn.
    pub(crate) fn hangs_up(self) -> Child {
        self.cfn
    }
}

fn resize(terminal: &File, rows: u16, columns: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size).expect("its size");
}
