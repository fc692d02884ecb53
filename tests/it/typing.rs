//! A person who types at a terminal, which `script` of util-linux makes: waits for what cfn shows, and answers it.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Project, Ran, binary, cfn_in};

/// Longer than any step takes on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A shell line that runs in a terminal; `$CFN` is cfn.
pub struct Typist {
    child: Child,
    keyboard: ChildStdin,
    screen: Receiver<Vec<u8>>,
    /// Everything that was shown.
    shown: String,
    /// Up to where of it was looked at.
    seen: usize,
}

impl Typist {
    pub fn at(project: &Project, (columns, rows): (u16, u16), line: &str) -> Self {
        let mut command = Command::new("script");
        for (name, value) in cfn_in(project.path()).get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let line = format!("stty cols {columns} rows {rows}; {line}");
        command
            .args(["-qec", &line, "/dev/null"])
            .env("CFN", binary())
            .env("TERM", "xterm")
            .current_dir(project.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("script must be installed");
        let keyboard = child.stdin.take().expect("a pipe");
        let mut out = child.stdout.take().expect("a pipe");
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard, screen, shown: String::new(), seen: 0 }
    }

    /// Waits until something is shown; what was shown since the last wait, up to it.
    #[track_caller]
    pub fn sees(&mut self, wanted: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.shown[self.seen..].find(wanted) {
                let end = self.seen + at + wanted.len();
                let text = self.shown[self.seen..end].to_owned();
                self.seen = end;
                return text;
            }
            let left = until.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.screen.recv_timeout(left) else {
                panic!("{wanted:?} was not shown, but: {}", &self.shown[self.seen..]);
            };
            self.shown += &String::from_utf8_lossy(&bytes).replace("\r\n", "\n").replace('\r', "");
        }
    }

    pub fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).and_then(|()| self.keyboard.flush()).expect("typed");
    }

    /// Waits for the end; everything that was shown, and the exit code.
    pub fn ends(mut self) -> Ran {
        let until = Instant::now() + PATIENCE;
        while let Ok(bytes) = self.screen.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.shown += &String::from_utf8_lossy(&bytes).replace("\r\n", "\n").replace('\r', "");
        }
        let code = self.child.wait().expect("script ends").code();
        Ran { code, stdout: self.shown, stderr: String::new() }
    }

    /// Hangs up: the input ends.
    pub fn hangs_up(self) -> Ran {
        let Self { child, keyboard, screen, shown, seen } = self;
        drop(keyboard);
        let null = Command::new("true").stdin(Stdio::piped()).spawn().expect("true").stdin.take().expect("a pipe");
        Self { child, keyboard: null, screen, shown, seen }.ends()
    }
}
