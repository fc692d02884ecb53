//! A PostgreSQL server of the tests' own: from Debian's package, in a temporary folder, on a free port. It refuses to run as
//! root, so it runs as another user there.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread;

use tempfile::TempDir;

use crate::patience::eventually;

/// Whom the server runs as where the tests run as root.
const NOBODY: &str = "65534";

/// The role that everything is done as.
const ROLE: &str = "cfn_test";

pub(super) struct Server {
    folder: TempDir,
    programs: PathBuf,
    pub(super) port: u16,
    process: Option<Child>,
}

impl Server {
    /// The server for tests that do it no harm; it ends with the last of them that uses it.
    pub(super) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// A server for one test alone.
    pub(super) fn start() -> Self {
        let mut server = Self::prepare();
        server.launch();
        server
    }

    /// A data folder, and a server that is not running yet.
    pub(super) fn prepare() -> Self {
        let folder = TempDir::with_prefix("cfn-postgres-").expect("a temporary folder");
        give_away(folder.path());
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
        let server = Self { folder, programs: programs(), port, process: None };
        let data = server.data();
        let mut command = server.program("initdb");
        command.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", ROLE]);
        run(command.arg("--pgdata").arg(&data));
        let settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nfsync = off\nmax_connections = 60\n",
            server.folder.path().display()
        );
        server.append("postgresql.conf", &settings);
        server
    }

    pub(super) fn launch(&mut self) {
        let mut command = self.guarded();
        command.arg("-D").arg(self.data()).stdout(Stdio::null()).stderr(Stdio::null());
        let (sender, receiver) = mpsc::channel();
        // "Parent" means the thread to the kernel: one that stays.
        thread::spawn(move || {
            sender.send(command.spawn()).expect("somebody listens");
            loop {
                thread::park();
            }
        });
        self.process = Some(receiver.recv().expect("an answer").expect("postgres starts"));
        let ready = || {
            let mut command = self.program("pg_isready");
            command.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            command.status().is_ok_and(|it| it.success())
        };
        eventually("the server is ready", ready);
    }

    /// Ends the server as a power cut does not: sessions are broken off, data is kept.
    pub(super) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            kill("-INT", &[process.id()]);
            process.wait().expect("the server ends");
        }
    }

    /// Stops every process of the server, or lets them go on.
    pub(super) fn signal(&self, signal: &str) {
        let postmaster = self.process.as_ref().expect("it runs").id();
        let children = Command::new("pgrep").args(["-P", &postmaster.to_string()]).output().expect("pgrep runs");
        let children = String::from_utf8_lossy(&children.stdout).into_owned();
        let mut all: Vec<u32> = children.lines().filter_map(|it| it.parse().ok()).collect();
        all.insert(0, postmaster);
        kill(signal, &all);
    }

    /// A database that no other test knows.
    pub(super) fn fresh_database(&self) -> String {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("workflow_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    pub(super) fn url(&self, database: &str) -> String {
        format!("postgresql://{ROLE}@127.0.0.1:{}/{database}", self.port)
    }

    #[track_caller]
    pub(super) fn sql(&self, database: &str, sql: &str) -> String {
        let mut command = self.program("psql");
        command.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-h"]).arg(self.folder.path());
        command.args(["-p", &self.port.to_string(), "-U", ROLE, "-d", database, "-c", sql]);
        run(&mut command).trim_end().to_owned()
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Adds lines to a file of the data folder.
    pub(super) fn append(&self, file: &str, text: &str) {
        let path = self.data().join(file);
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, before + text).expect("a file");
    }

    /// Puts a file into the data folder that only the server may read.
    pub(super) fn put(&self, from: &Path, name: &str) {
        let to = self.data().join(name);
        fs::copy(from, &to).expect("a copy");
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).expect("permissions");
        give_away(&to);
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = as_somebody(&program);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// The server dies with the tests, however they end: the kernel sees to it.
    fn guarded(&self) -> Command {
        let mut command = Command::new("setpriv");
        if is_root() {
            command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]);
        }
        command.args(["--pdeathsig", "INT"]).arg(self.programs.join("postgres"));
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

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn as_somebody(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(program);
    command
}

fn give_away(path: &Path) {
    if is_root() {
        run(Command::new("chown").arg(format!("{NOBODY}:{NOBODY}")).arg(path));
    }
}

/// The newest server that is installed; a missing one fails the test, it does not skip it.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|it| Some((it.file_name().to_str()?.parse().ok()?, it.path().join("bin"))))
        .filter(|it: &(u32, PathBuf)| it.1.join("postgres").exists())
        .collect();
    found.sort();
    found.pop().expect("a PostgreSQL server must be installed: apt-get install postgresql").1
}

fn kill(signal: &str, processes: &[u32]) {
    let status =
        Command::new("kill").arg(signal).args(processes.iter().map(u32::to_string)).stderr(Stdio::null()).status();
    status.expect("kill runs");
}

#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
