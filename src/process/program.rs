//! Runs whole processes, and times them as their caller sees them.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{Error, Result};
use crate::linux::ProcessStatus;

/// Maximum number of bytes of a failed program's stderr to quote.
const MOST_OF_STDERR: usize = 2000;

/// Interval for polling a process's memory.
const LOOKS: Duration = Duration::from_micros(100);

/// A command line and its folder. It does not inherit the environment unless requested, since the user's settings would
/// change the measurement. It runs in its own process group, so that Ctrl-C stops the measuring and not the program.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
    inherits: bool,
    input: Vec<u8>,
}

/// The result of a successful run.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Wall-clock time, from before the start to after the end.
    pub took: Duration,
    /// Its stdout, if captured.
    pub stdout: Vec<u8>,
}

impl Program {
    /// A program by its path, or by its name on the PATH.
    #[must_use]
    pub fn new(path: &Path, folder: &Path) -> Self {
        Self {
            path: path.to_owned(),
            arguments: Vec::new(),
            folder: folder.to_owned(),
            environment: Vec::new(),
            inherits: false,
            input: Vec::new(),
        }
    }

    /// The program and its arguments, for another one that starts it.
    #[must_use]
    pub fn words(&self) -> Vec<OsString> {
        std::iter::once(self.path.clone().into()).chain(self.arguments.iter().cloned()).collect()
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|it| it.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Inherits the caller's environment, for other programs than cfn.
    #[must_use]
    pub fn inheriting(mut self) -> Self {
        self.inherits = true;
        self
    }

    /// Sets its stdin; the default is empty.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Runs it, and captures its stdout.
    pub fn run(&self) -> Result<Ran> {
        self.run_with(Stdio::piped())
    }

    /// Runs it, and discards its stdout.
    pub fn time(&self) -> Result<Duration> {
        Ok(self.run_with(Stdio::null())?.took)
    }

    /// Starts it with pipes for stdin and stdout; stderr is discarded.
    pub fn start(&self) -> Result<Child> {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().map_err(|error| self.not_started(error))
    }

    /// Its peak resident memory in KiB, polled while it runs, so that growth in its last tenth of a millisecond goes
    /// unseen. (The kernel's figure after the exit is at least the peak of the parent, which is larger here.)
    pub fn peak_kib(&self) -> Result<u64> {
        let mut child = self.spawn(Stdio::null())?; // returns when it is the program, no copy of this one any more
        let id = child.id();
        let mut peak = 0;
        let status = loop {
            peak = peak.max(ProcessStatus::of(id).peak_kib());
            match child.try_wait().map_err(|error| self.not_started(error))? {
                Some(status) => break status,
                None => thread::sleep(LOOKS),
            }
        };
        let mut stderr = Vec::new();
        if let Some(mut pipe) = child.stderr.take() {
            let _ = pipe.read_to_end(&mut stderr); // what cannot be read is not quoted
        }
        self.checked(status, &stderr).map(|()| peak)
    }

    fn run_with(&self, stdout: Stdio) -> Result<Ran> {
        let since = Instant::now();
        let child = self.spawn(stdout)?;
        let output = child.wait_with_output().map_err(|error| self.not_started(error))?;
        let took = since.elapsed();
        self.checked(output.status, &output.stderr)?;
        Ok(Ran { took, stdout: output.stdout })
    }

    /// Small inputs fit the pipe; a thread writes larger ones, so that the processes cannot deadlock.
    fn spawn(&self, stdout: Stdio) -> Result<Child> {
        let mut command = self.command();
        command.stdin(if self.input.is_empty() { Stdio::null() } else { Stdio::piped() });
        command.stdout(stdout).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| self.not_started(error))?;
        if let Some(mut pipe) = child.stdin.take() {
            let input = self.input.clone();
            thread::spawn(move || pipe.write_all(&input)); // who does not read it to its end has an exit status of its own
        }
        Ok(child)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if !self.inherits {
            command.env_clear();
        }
        command.args(&self.arguments).current_dir(&self.folder).process_group(0);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn checked(&self, status: ExitStatus, stderr: &[u8]) -> Result<()> {
        if status.success() {
            return Ok(());
        }
        let said: String = String::from_utf8_lossy(stderr).trim().chars().take(MOST_OF_STDERR).collect();
        Err(Error::Failed { line: self.line(), status: status.to_string(), code: status.code(), said })
    }

    fn not_started(&self, source: io::Error) -> Error {
        Error::NotStarted { line: self.line(), source }
    }

    /// The command line for messages.
    fn line(&self) -> String {
        let name = Path::new(self.path.file_name().unwrap_or(self.path.as_os_str()));
        let words = self.arguments.iter().map(|it| it.to_string_lossy().into_owned());
        std::iter::once(name.to_string_lossy().into_owned()).chain(words).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::Program;
    use crate::process::Error;
    use std::path::Path;
    use std::time::Duration;

    fn sh(script: &str) -> Program {
        Program::new(Path::new("/bin/sh"), Path::new("/")).args(["-c", script])
    }

    #[test]
    fn a_program_has_its_folder_and_input_but_not_our_environment() {
        let program = sh("pwd; cat; echo \"${HOME-no home} $GIVEN\"").input("in\n").env("GIVEN", "given");
        let ran = program.run().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&ran.stdout), "/\nin\nno home given\n");
        assert!(sh("[ -n \"$PATH\" ]").inheriting().time().expect("it runs") > Duration::ZERO);
    }

    #[test]
    fn an_error_has_the_command_line_the_status_and_stderr() {
        let error = sh("echo sorry >&2; exit 7").time().expect_err("it fails");
        assert_eq!(error.to_string(), "sh -c echo sorry >&2; exit 7: exit status: 7: sorry");
        assert!(matches!(error, Error::Failed { code: Some(7), .. }));
        let error = Program::new(Path::new("/no/such/program"), Path::new("/")).time().expect_err("it fails");
        assert!(error.to_string().starts_with("program could not be started: "), "{error}");
    }

    #[test]
    fn peak_memory_is_that_of_the_program_and_not_of_its_parent() {
        let ours = std::hint::black_box(vec![1_u8; 64 << 20]);
        let peak = sh("sleep 0.05; :").peak_kib().expect("it runs");
        assert!((100..32 << 10).contains(&peak), "{peak} KiB");
        drop(ours);
    }
}
