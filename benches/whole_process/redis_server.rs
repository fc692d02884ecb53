//! A Redis server of this run's own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::Bench;
use super::measure::Result;

/// A server that is there for one measurement.
pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
    pub(crate) socket: String,
}

impl Server {
    pub(crate) fn start(bench: &Bench) -> Result<Self> {
        let socket = bench.folder.join("redis.sock").display().to_string();
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("redis-server");
        command.args(["--save", "", "--bind", "127.0.0.1", "--port", &port.to_string(), "--unixsocket", &socket]);
        let process = command.current_dir(&bench.folder).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let server = Self { process, url: format!("redis://127.0.0.1:{port}"), socket };
        for _ in 0..500 {
            if server.forget().is_ok() {
                return Ok(server);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err("redis-server does not answer".into())
    }

    /// Empties it.
    pub(crate) fn forget(&self) -> Result<()> {
        let output = Command::new("redis-cli").args(["-s", &self.socket, "FLUSHALL"]).output()?;
        if output.stdout == b"OK\n" { Ok(()) } else { Err("redis-cli failed".into()) }
    }

    pub(crate) fn signal(&self, signal: &str) -> Result<()> {
        Command::new("kill").args([signal, &self.process.id().to_string()]).status()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it may have ended
        let _ = self.process.wait();
    }
}
