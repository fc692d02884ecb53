//! A Redis server of a test's own: from Debian's package, in a temporary folder, on a Unix socket and a free port.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::harness::start_from_a_thread_that_stays;
use crate::patience::eventually;

pub(crate) struct Server {
    folder: TempDir,
    pub(crate) port: u16,
    options: Vec<String>,
    password: String,
    process: Option<Child>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With more options, as on the command line of `redis-server`.
    pub(super) fn start_with(options: &[&str]) -> Self {
        Self::start_with_password(options, "")
    }

    /// With a password for the test's own commands.
    pub(super) fn start_with_password(options: &[&str], password: &str) -> Self {
        let folder = TempDir::with_prefix("cfn-redis-").expect("a temporary folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
        let options = options.iter().map(|&it| it.to_owned()).collect();
        let password = password.to_owned();
        let mut server = Self { folder, port, options, password, process: None };
        server.launch();
        server
    }

    /// Ends the server and starts it again; what it had is gone.
    pub(super) fn restart(&mut self) {
        self.stop();
        self.launch();
    }

    fn launch(&mut self) {
        let mut command = Command::new("setpriv");
        // The server dies with the tests, however they end: the kernel sees to it.
        command.args([
            "--pdeathsig",
            "KILL",
            "redis-server",
            "--save",
            "",
            "--appendonly",
            "no",
            "--bind",
            "127.0.0.1",
        ]);
        command.args(["--port", &self.port.to_string(), "--unixsocket"]).arg(self.socket()).arg("--dir");
        command.arg(self.folder.path()).args(&self.options);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = start_from_a_thread_that_stays(command);
        self.process = Some(started.expect("redis-server must be installed: apt-get install redis-server"));
        eventually("the server is ready", || self.try_cli(&["PING"]).is_some_and(|it| !it.is_empty()));
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// A command, as its user would type it; the answer as `redis-cli` prints it to a file.
    #[track_caller]
    pub(crate) fn cli(&self, command: &[&str]) -> String {
        let answer = self.try_cli(command).expect("redis-cli must be installed: apt-get install redis-server");
        assert!(!["NOAUTH", "WRONGPASS", "ERR"].iter().any(|it| answer.starts_with(it)), "{command:?}: {answer}");
        answer
    }

    fn try_cli(&self, arguments: &[&str]) -> Option<String> {
        let mut command = Command::new("redis-cli");
        command.arg("-s").arg(self.socket()).args(arguments).stdin(Stdio::null());
        if !self.password.is_empty() {
            command.env("REDISCLI_AUTH", &self.password);
        }
        let output = command.output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()).filter(|_| output.status.success())
    }

    /// Sets a key to some bytes.
    #[track_caller]
    pub(super) fn set(&self, key: &str, value: &[u8]) {
        let mut command = Command::new("redis-cli");
        command.arg("-s").arg(self.socket()).args(["-x", "SET", key]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("redis-cli starts");
        child.stdin.take().expect("a pipe").write_all(value).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "OK\n");
    }

    /// The bytes of a key.
    #[track_caller]
    pub(super) fn get(&self, key: &str) -> Vec<u8> {
        let mut command = Command::new("redis-cli");
        let output = command.arg("-s").arg(self.socket()).args(["--raw", "GET", key]).output().expect("redis-cli runs");
        output.stdout.strip_suffix(b"\n").expect("a line").to_vec()
    }

    /// The keys of cached answers.
    #[track_caller]
    pub(super) fn answers(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.cli(&["KEYS", "cache:query:*"]).lines().map(str::to_owned).collect();
        keys.retain(|it| !it.is_empty());
        keys.sort();
        keys
    }

    /// How often a class was asked about, and how often an answer was stored: what cfn itself counts.
    #[track_caller]
    pub(super) fn counted(&self, class: &str) -> (u32, u32) {
        let statistics = self.cli(&["KEYS", "cache:stats:*"]);
        let count = |what: &str| {
            let field = format!("{what}:{class}");
            let count = statistics.lines().map(|it| self.cli(&["HGET", it, &field])).find(|it| !it.is_empty());
            count.map_or(0, |it| it.parse().expect("a number"))
        };
        (count("lookups"), count("stores"))
    }

    /// Stops the server, or lets it go on.
    pub(super) fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().expect("kill runs").success());
    }

    /// Ends the server.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().and_then(|()| process.wait()).expect("the server ends");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
