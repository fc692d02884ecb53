//! `PgBouncer` in transaction mode, in front of a server: a connection of a client has a session of the server for the length
//! of a transaction only.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use super::programs::{give_away, guarded, kill, start};
use super::server::{Server, free_port};
use crate::patience::eventually;

pub(crate) struct Bouncer {
    pub(crate) port: u16,
    settings: PathBuf,
    process: Child,
}

impl Bouncer {
    /// In the server's folder, and for roles with these passwords.
    pub(crate) fn of(server: &Server, passwords: &[(&str, &str)]) -> Self {
        let (folder, port) = (server.folder.path(), free_port());
        let users: Vec<String> =
            passwords.iter().map(|(role, password)| format!("\"{role}\" \"{password}\"\n")).collect();
        let users = users.concat();
        let users = file(folder, "bouncer-users", &users);
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir = {}\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = transaction\n\
             default_pool_size = 20\nmax_client_conn = 500\nlogfile = {}\n",
            server.port,
            folder.display(),
            users.display(),
            folder.join("bouncer-log").display()
        );
        let settings = file(folder, "bouncer.ini", &settings);
        let process = launch(&settings, port);
        Self { port, settings, process }
    }

    /// Stops it, or lets it go on.
    pub(crate) fn signal(&self, signal: &str) {
        kill(signal, &[self.process.id()]);
    }

    /// Ends it with all connections, and starts it again.
    pub(crate) fn restart(&mut self) {
        kill("-TERM", &[self.process.id()]);
        self.process.wait().expect("it ends");
        self.process = launch(&self.settings, self.port);
    }
}

fn launch(settings: &Path, port: u16) -> Child {
    let mut command = guarded(&program(), "TERM");
    command.arg("--quiet").arg(settings).stdout(Stdio::null()).stderr(Stdio::null());
    command.current_dir(settings.parent().expect("a folder"));
    let process = start(command);
    eventually("PgBouncer takes connections", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    process
}

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("a file");
    give_away(&path);
    path
}

/// A missing one fails the test, it does not skip it.
fn program() -> PathBuf {
    let known = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"].map(PathBuf::from);
    known.into_iter().find(|it| it.exists()).expect("PgBouncer must be installed: apt-get install pgbouncer")
}
