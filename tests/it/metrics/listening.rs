//! `cfn metrics --listen`, and what asks it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Stdio};
use std::time::Duration;

use crate::harness::{Project, interruptible};

/// cfn that listens on a free port; ended with the test.
pub(super) struct Listening {
    process: Child,
    stderr: BufReader<ChildStderr>,
    pub(super) port: u16,
}

impl Listening {
    pub(super) fn start(project: &Project, more: &[&str]) -> Self {
        let command = project.command(["metrics", "--listen", "127.0.0.1:0"].iter().chain(more));
        let mut process = interruptible(&command).stderr(Stdio::piped()).spawn().expect("cfn starts");
        let mut stderr = BufReader::new(process.stderr.take().expect("a pipe"));
        let mut said = String::new();
        stderr.read_line(&mut said).expect("a line");
        let port = said.split("http://127.0.0.1:").nth(1).and_then(|it| it.split('/').next()?.parse().ok());
        Self { process, stderr, port: port.unwrap_or_else(|| panic!("no port: {said}")) }
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
        stream
    }

    /// The whole answer to a request.
    #[track_caller]
    pub(super) fn answer(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        let _ = stream.write_all(request); // an answer may come before all of it was sent
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        assert!(read.is_ok() || !answer.is_empty(), "{read:?}");
        String::from_utf8(answer).expect("text")
    }

    #[track_caller]
    pub(super) fn get(&self, path: &str) -> String {
        self.answer(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
    }

    /// A number from what the kernel knows of the process, such as the most memory that it ever had.
    pub(super) fn kilobytes(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it runs");
        let line = status.lines().find_map(|it| it.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {status}"));
        line.trim_matches(|it: char| !it.is_ascii_digit()).parse().expect("a number")
    }

    pub(super) fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).expect("it runs").count()
    }

    pub(super) fn threads(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("it runs").count()
    }

    /// Ends it as a user does; its exit code and what it said.
    pub(super) fn interrupt(mut self) -> (Option<i32>, String) {
        let signal = std::process::Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        assert!(signal.expect("kill runs").success());
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).expect("text");
        (self.process.wait().expect("it ends").code(), said)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it may have ended
        let _ = self.process.wait();
    }
}
