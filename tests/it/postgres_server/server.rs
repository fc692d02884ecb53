//! A PostgreSQL server of the tests' own: from Debian's package, in a temporary folder, on a free port.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;

use super::programs::{as_somebody, give_away, guarded, kill, program, remove_at_the_end, run, start};
use crate::patience::eventually;

/// The owner of the server, who needs no password.
pub(super) const OWNER: &str = "cfn_test";

/// Whoever has another role needs its password.
const RULES: &str = "local all all trust\nlocal replication cfn_test trust\n\
    host all cfn_test 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";

pub(crate) struct Server {
    pub(super) folder: TempDir,
    pub(crate) port: u16,
    process: Option<Child>,
}

impl Server {
    /// The server for tests that do it no harm; it ends with the tests.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<Server>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let server = Self::start();
            remove_at_the_end(server.folder.path());
            Arc::new(server)
        });
        Arc::clone(shared)
    }

    /// A server for one test alone.
    pub(crate) fn start() -> Self {
        let mut server = Self::prepare();
        server.launch();
        server
    }

    /// A data folder, and a server that is not running yet.
    pub(crate) fn prepare() -> Self {
        let server = Self::without_data();
        server.make_data();
        server
    }

    /// Only its folder and its port.
    pub(crate) fn without_data() -> Self {
        let folder = TempDir::with_prefix("cfn-postgres-").expect("a temporary folder");
        give_away(folder.path());
        Self { folder, port: free_port(), process: None }
    }

    /// Makes the data folder.
    pub(crate) fn make_data(&self) {
        let mut command = self.program("initdb");
        command.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
        run(command.args(["--username", OWNER, "--pgdata"]).arg(self.data()));
        fs::write(self.data().join("pg_hba.conf"), RULES).expect("a file");
        self.configure(
            "listen_addresses = '127.0.0.1'\nmax_connections = 200\nfsync = off\nfull_page_writes = off\n\
             autovacuum = off\n",
        );
    }

    /// Settings of the server, with its place.
    fn configure(&self, more: &str) {
        let place = format!("port = {}\nunix_socket_directories = '{}'\n", self.port, self.folder.path().display());
        self.append("postgresql.conf", &(place + more));
    }

    /// A hot standby of this server, which runs.
    pub(crate) fn standby(&self) -> Self {
        let mut standby = Self::without_data();
        let mut command = self.program("pg_basebackup");
        command.args(["--no-sync", "--checkpoint=fast", "--write-recovery-conf", "--username", OWNER, "--host"]);
        command.arg(self.folder.path()).args(["--port", &self.port.to_string(), "--pgdata"]);
        run(command.arg(standby.data()));
        standby.configure("");
        standby.launch();
        standby
    }

    /// A folder beside the data folder that the server may write to.
    pub(crate) fn subfolder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::create_dir(&folder).expect("a folder");
        give_away(&folder);
        folder
    }

    pub(crate) fn launch(&mut self) {
        self.launch_by(guarded(&program("postgres"), "INT"));
    }

    /// Launches it with a clock that is so far ahead as this file says.
    pub(crate) fn launch_with_clock(&mut self, offset: &Path) {
        let mut library = Command::new("faketime");
        let library =
            library.args(["-f", "+0", "printenv", "LD_PRELOAD"]).output().expect("faketime must be installed");
        // Not before it is somebody else: the library shares memory with what runs as the same user.
        let mut command = guarded(Path::new("env"), "INT");
        command.arg(format!("LD_PRELOAD={}", String::from_utf8_lossy(&library.stdout).trim()));
        command.arg(format!("FAKETIME_TIMESTAMP_FILE={}", offset.display())).arg("FAKETIME_NO_CACHE=1");
        command.arg(program("postgres"));
        self.launch_by(command);
    }

    fn launch_by(&mut self, mut command: Command) {
        let log = fs::File::create(self.folder.path().join("log")).expect("a file");
        command.arg("-D").arg(self.data()).current_dir(self.folder.path()).stdout(Stdio::null()).stderr(log);
        self.process = Some(start(command));
        let ready = || {
            let mut command = self.program("pg_isready");
            command.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            command.status().is_ok_and(|it| it.success())
        };
        eventually("the server is ready", ready);
    }

    /// Launches it again after its postmaster was killed.
    pub(crate) fn launch_again(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.wait().expect("the server ends");
        }
        self.launch();
    }

    /// Ends the server as a power cut does not: sessions are broken off, data is kept.
    pub(crate) fn stop(&mut self) {
        self.stop_by("-INT");
    }

    /// Ends the server as a crash does: it recovers when it is launched again.
    pub(crate) fn stop_immediately(&mut self) {
        self.stop_by("-QUIT");
    }

    fn stop_by(&mut self, signal: &str) {
        if let Some(mut process) = self.process.take() {
            kill(signal, &[process.id()]);
            process.wait().expect("the server ends");
        }
    }

    pub(crate) fn postmaster(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// Stops every process of the server, or lets them go on.
    pub(crate) fn signal(&self, signal: &str) {
        let postmaster = self.postmaster();
        let children = Command::new("pgrep").args(["-P", &postmaster.to_string()]).output().expect("pgrep runs");
        let children = String::from_utf8_lossy(&children.stdout).into_owned();
        let mut all: Vec<u32> = children.lines().filter_map(|it| it.parse().ok()).collect();
        all.insert(0, postmaster);
        kill(signal, &all);
    }

    /// A database that no other test knows.
    pub(crate) fn fresh_database(&self) -> String {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("workflow_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// The URL of a database for the server's owner.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql://{OWNER}@127.0.0.1:{}/{database}", self.port)
    }

    /// What `psql` prints, as the server's owner.
    #[track_caller]
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let mut command = self.program("psql");
        command.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-h"]).arg(self.folder.path());
        command.args(["-p", &self.port.to_string(), "-U", OWNER, "-d", database, "-c", sql]);
        run(&mut command).trim_end().to_owned()
    }

    /// What a program of the server's version prints, with the server's owner and place as libpq's variables.
    #[track_caller]
    pub(crate) fn run(&self, name: &str, arguments: &[&str]) -> String {
        let mut command = self.program(name);
        command.env("PGHOST", self.folder.path()).env("PGPORT", self.port.to_string()).env("PGUSER", OWNER);
        run(command.args(arguments))
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Adds lines to a file of the data folder.
    pub(crate) fn append(&self, file: &str, text: &str) {
        let path = self.data().join(file);
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, before + text).expect("a file");
    }

    /// Puts a file into the data folder that only the server may read.
    pub(crate) fn put(&self, from: &Path, name: &str) {
        let to = self.data().join(name);
        fs::copy(from, &to).expect("a copy");
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).expect("permissions");
        give_away(&to);
    }

    fn program(&self, name: &str) -> Command {
        let mut command = as_somebody(&program(name));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.signal("-CONT");
        }
        self.stop();
    }
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port()
}
