//! A Docker engine of the tests' own.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use tempfile::TempDir;

use super::root::Root;
use crate::harness::{Ran, start_from_a_thread_that_stays};
use crate::patience::eventually;

/// Debian's client. Another one may come first in the PATH, and lack what it needs to build images.
const CLIENT: &str = "/usr/bin/docker";

pub(super) struct Engine {
    folder: TempDir,
    /// Where it listens, if it is as on another machine.
    port: Option<u16>,
    /// Whether it has the image of agents.
    image: OnceLock<()>,
}

/// The engine for all tests, which ends with them; `None` if they are to do without one.
#[track_caller]
pub(super) fn shared_engine() -> Option<&'static Engine> {
    static SHARED: OnceLock<Engine> = OnceLock::new();
    if is_left_out() { None } else { Some(SHARED.get_or_init(Engine::start)) }
}

/// An engine as on another machine for all tests: it is found by TCP, and sees no temporary folder of theirs.
#[track_caller]
pub(super) fn distant_engine() -> Option<&'static Engine> {
    static SHARED: OnceLock<Engine> = OnceLock::new();
    if is_left_out() { None } else { Some(SHARED.get_or_init(|| Engine::start_at(Some(free_port())))) }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Whether tests with containers are to be left out. Then this one says so.
pub(crate) fn is_left_out() -> bool {
    let is_unwanted = std::env::var_os("CFN_TESTS_WITHOUT_DOCKER").is_some_and(|it| it == "1");
    if is_unwanted {
        // What a test prints is shown only if it fails; what it writes to stderr itself is always.
        let name = thread::current().name().unwrap_or("a test").to_owned();
        writeln!(std::io::stderr().lock(), "left out, for CFN_TESTS_WITHOUT_DOCKER=1: {name}").expect("stderr");
    }
    is_unwanted
}

impl Engine {
    pub(super) fn start() -> Self {
        Self::start_at(None)
    }

    fn start_at(port: Option<u16>) -> Self {
        assert!(rustix::process::geteuid().is_root(), "a Docker engine needs root; {WITHOUT}");
        let folder = TempDir::with_prefix("cfn-docker-").expect("a temporary folder");
        let engine = Self { folder, port, image: OnceLock::new() };
        remove_at_the_end(engine.folder.path());
        engine.start_again();
        engine
    }

    /// Starts it, or starts it anew after its end.
    pub(super) fn start_again(&self) {
        let _ = fs::remove_file(self.at("pid")); // of one that was killed
        // What it started ends after it, and would be taken for that of the new one.
        eventually("its containerd has ended", || {
            let process = fs::read_to_string(self.at("exec/containerd/containerd.pid")).unwrap_or_default();
            process.is_empty() || !Path::new("/proc").join(process.trim()).exists()
        });
        let process = start_from_a_thread_that_stays(self.daemon());
        let mut process = process.expect("setpriv must be installed: apt-get install util-linux");
        eventually("the Docker engine is ready", || {
            if let Some(status) = process.try_wait().expect("its status") {
                let log = fs::read_to_string(self.at("log")).unwrap_or_default();
                panic!("the Docker engine ended, {status}; {WITHOUT}:\n{log}");
            }
            let mut version = self.docker(["version"]);
            version.stdout(Stdio::null()).stderr(Stdio::null());
            version.status().expect("Debian's docker.io must be installed: apt-get install docker.io").success()
        });
    }

    /// The engine ends all its containers, and then itself, when the tests end, however they do: the kernel sees to it.
    fn daemon(&self) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]);
        if self.port.is_some() {
            command.args(alone(self.folder.path()));
        }
        command.args(["/usr/sbin/dockerd", "--bridge=none", "--iptables=false", "--shutdown-timeout=1", "--tls=false"]);
        command.arg("--host").arg(self.host());
        for (option, name) in [("--data-root", "data"), ("--exec-root", "exec"), ("--pidfile", "pid")] {
            command.arg(option).arg(self.at(name));
        }
        // Ctrl-C in a terminal is for the tests; their end is its end.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(self.at("log")).expect("a file"));
        command
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where clients find it.
    pub(super) fn host(&self) -> String {
        match self.port {
            Some(port) => format!("tcp://127.0.0.1:{port}"),
            None => format!("unix://{}", self.at("socket").display()),
        }
    }

    /// The process id of the engine.
    pub(super) fn process(&self) -> String {
        fs::read_to_string(self.at("pid")).expect("it runs").trim().to_owned()
    }

    /// The client, without anything of the caller's own engines and accounts.
    fn docker<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(CLIENT);
        for name in ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] {
            command.env_remove(name);
        }
        command.env("DOCKER_CONFIG", "/nonexistent").env("DOCKER_BUILDKIT", "1").stdin(Stdio::null());
        command.arg("--host").arg(self.host()).args(arguments);
        command
    }

    /// Runs the client to its end.
    pub(super) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        self.docker(arguments).output().expect("docker runs").into()
    }

    /// An image of cfn and a static shell with its tools, made once for each engine.
    pub(super) fn agent_image(&self) -> &'static str {
        const NAME: &str = "cfn-test-agent";
        self.image.get_or_init(|| {
            let root = Root::of_cfn();
            root.add(Path::new("/usr/bin/busybox"), "bin/busybox", "busybox-static");
            let install = "RUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]";
            fs::write(root.context().join("Dockerfile"), format!("FROM scratch\nCOPY target/image /\n{install}\n"))
                .expect("a file");
            self.run([
                OsStr::new("build"),
                "--network=none".as_ref(),
                "--tag".as_ref(),
                NAME.as_ref(),
                root.context().as_ref(),
            ])
            .ok();
        });
        NAME
    }
}

/// An engine of a test's own ends with it.
impl Drop for Engine {
    fn drop(&mut self) {
        let Ok(process) = fs::read_to_string(self.at("pid")) else { return };
        for signal in ["-CONT", "-TERM"] {
            let _ = Command::new("kill").args([signal, process.trim()]).status();
        }
        eventually("the Docker engine has ended", || !self.at("pid").exists());
    }
}

/// The words before a program that is to see, of all temporary files, those of this folder only.
pub(crate) fn alone(folder: &Path) -> impl Iterator<Item = OsString> {
    let words = ["unshare", "--mount", "--propagation=private", "sh", "-c", ALONE].map(OsString::from);
    words.into_iter().chain([folder.into(), std::env::temp_dir().into()])
}

const ALONE: &str = "mount --bind \"$0\" /mnt && mount -t tmpfs none \"$1\" && mkdir -p \"$0\" && \
                     mount --move /mnt \"$0\" && shift && exec \"$@\"";

/// How to do without an engine.
const WITHOUT: &str = "CFN_TESTS_WITHOUT_DOCKER=1 leaves out the tests that need one";

/// Removes the engine's folder when the tests have ended, however they did, and the engine with them: the pipe closes
/// then.
fn remove_at_the_end(folder: &Path) {
    // An engine leaves its folder mounted on itself.
    const SCRIPT: &str = "cat; for i in $(seq 300); do [ -e \"$0/pid\" ] || break; sleep 0.1; done
        umount -q \"$0/data\"; rm -rf --one-file-system \"$0\"";
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT]).arg(folder).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    std::mem::forget(command.spawn().expect("sh starts"));
}
