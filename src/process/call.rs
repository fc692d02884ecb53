//! A program that is asked something and must answer in time.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

/// Maximum wait for the rest of what an ended program said: somebody else may keep its pipe open.
const REST: Duration = Duration::from_secs(1);

/// A program, its arguments, its environment, and what it reads.
#[derive(Debug)]
pub struct Call<'a> {
    /// The program, by its path or its name on the PATH.
    pub program: &'a str,
    /// Its arguments.
    pub arguments: &'a [OsString],
    /// Its environment.
    pub environment: &'a [(OsString, OsString)],
    /// Whether it has the environment of this process too.
    pub inherits: bool,
    /// What it reads.
    pub input: Vec<u8>,
    /// After so long it is ended, and has not answered.
    pub within: Duration,
}

/// What a program said.
#[derive(Debug)]
pub struct Answer {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Its stdout.
    pub stdout: String,
    /// Its stderr.
    pub stderr: String,
}

impl Call<'_> {
    /// Runs it to its end. `None`: it did not end in time, and was ended.
    pub fn answer(self) -> io::Result<Option<Answer>> {
        let until = Instant::now() + self.within;
        let mut command = Command::new(self.program);
        if !self.inherits {
            command.env_clear();
        }
        command.args(self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        let stdin = if self.input.is_empty() { Stdio::null() } else { Stdio::piped() };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn()?;
        if let Some(stdin) = child.stdin.take() {
            write(stdin, self.input);
        }
        let (stdout, stderr) = (child.stdout.take().map(read), child.stderr.take().map(read));
        let process = Pid::from_child(&child);
        if !ends_until(process, until)? {
            // Not waited for yet: its number is its own.
            let _ = kill_process_group(process, Signal::KILL);
            child.wait()?;
            return Ok(None);
        }
        let code = child.wait()?.code();
        Ok(Some(Answer { code, stdout: text(stdout), stderr: text(stderr) }))
    }
}

fn ends_until(process: Pid, until: Instant) -> io::Result<bool> {
    let held = pidfd_open(process, PidfdFlags::empty())?;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&held, PollFlags::IN)], Some(&left)) {
            Err(rustix::io::Errno::INTR) => {}
            polled => return Ok(polled? > 0),
        }
    }
}

fn write(mut to: impl Write + Send + 'static, bytes: Vec<u8>) {
    // A program that does not read all says why, or has no need of it.
    thread::spawn(move || drop(to.write_all(&bytes)));
}

fn read(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, said) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes); // what cannot be read was not said
        let _ = tell.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    said
}

fn text(said: Option<Receiver<String>>) -> String {
    said.and_then(|it| it.recv_timeout(REST).ok()).unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::Call;
    use std::time::Duration;

    fn sh(script: &str, input: &[u8], within: Duration) -> Option<super::Answer> {
        let arguments = ["-c", script].map(Into::into);
        let environment = [("GIVEN".into(), "given".into())];
        let call = Call {
            program: "/bin/sh",
            arguments: &arguments,
            environment: &environment,
            inherits: false,
            input: input.to_vec(),
            within,
        };
        call.answer().expect("sh runs")
    }

    #[test]
    fn a_program_answers_or_is_ended() {
        let answer =
            sh("echo $GIVEN $HOME; cat >&2; exit 3", b"problem\n", Duration::from_secs(60)).expect("an answer");
        assert_eq!((answer.code, answer.stdout.as_str(), answer.stderr.as_str()), (Some(3), "given\n", "problem\n"));
        assert!(sh("sleep 600 & sleep 600", &vec![b'x'; 1 << 20], Duration::from_millis(50)).is_none());
    }
}
