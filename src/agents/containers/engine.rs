//! Questions to a container engine, by its own client. Each has a deadline: an engine may hang.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::io;
use std::time::Duration;

use serde::Deserialize;

use super::abilities::Abilities;
use crate::agents::runtime_kind::RuntimeKind;
use crate::model::Visible;
use crate::process::Call;

/// Maximum time for a question.
const ANSWERS: Duration = Duration::from_secs(10);

/// Maximum time for passing a signal on: it must not come late.
const SIGNALS: Duration = Duration::from_secs(3);

/// Maximum time for whatever is asked of an engine that did not answer before.
const OF_SILENT: Duration = Duration::from_secs(1);

/// Maximum time for making a container, and for removing one: the engine writes to its disk.
const WORKS: Duration = Duration::from_secs(60);

/// A container engine, as its client finds it.
#[derive(Debug, Clone)]
pub struct Engine {
    /// The client: `docker` or `podman`.
    pub program: &'static str,
    /// The variables by which it finds its engine.
    pub environment: Vec<(OsString, OsString)>,
    /// Whether it did not answer the last time.
    is_silent: Cell<bool>,
}

/// Why an engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// There is no client.
    #[error("there is no program {0} on the PATH")]
    NoClient(&'static str),
    /// The client could not be run.
    #[error("{0} could not be run: {1}")]
    NotRun(&'static str, io::Error),
    /// It said nothing in time.
    #[error("the engine of {0} did not answer within {1} seconds")]
    Silent(&'static str, u64),
    /// It is not there.
    #[error("the engine of {0} is not there: {said}", said = Visible(.1))]
    Unreachable(&'static str, String),
    /// It has no such image.
    #[error("there is no image {}", Visible(.0))]
    NoImage(String),
    /// It refused.
    #[error("{0}: {said}", said = Visible(.1))]
    Refused(&'static str, String),
}

/// What an engine says about a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct State {
    /// Where it is in its life: `created`, `running`, `exited`.
    pub status: String,
    /// Whether its first process runs.
    pub running: bool,
    /// The id of its first process here; 0 if none runs.
    pub pid: u32,
    /// The exit code of its first process.
    pub exit_code: i32,
    /// Whether the kernel ended one of its processes for its memory.
    #[serde(rename = "OOMKilled")]
    pub killed_for_memory: bool,
    /// Why it could not be started.
    pub error: String,
}

impl Engine {
    /// What it can.
    pub fn abilities(&self) -> Result<Abilities, EngineError> {
        let said = self.ask(&["info", "--format", "{{json .}}"])?;
        Abilities::said_by(&said).map_err(|error| EngineError::Refused(self.program, error.to_string()))
    }

    /// The engine of a kind of runtime; none for processes.
    #[must_use]
    pub fn of(kind: RuntimeKind, environment: &[(String, String)]) -> Option<Self> {
        let program = match kind {
            RuntimeKind::Process => return None,
            RuntimeKind::Docker | RuntimeKind::Podman => kind.as_str(),
        };
        let environment = environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Some(Self { program, environment, is_silent: Cell::new(false) })
    }

    /// Asks for something that changes nothing.
    pub fn ask<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<String, EngineError> {
        self.call(arguments, (&[], Vec::new()), ANSWERS)
    }

    /// Tells it to do something. `environment` is for the client, beside that which finds the engine.
    pub fn tell<S: AsRef<OsStr>>(
        &self,
        arguments: &[S],
        environment: &[(OsString, OsString)],
    ) -> Result<String, EngineError> {
        self.call(arguments, (environment, Vec::new()), WORKS)
    }

    /// Tells it to do something with what the client reads.
    pub fn send<S: AsRef<OsStr>>(&self, arguments: &[S], input: Vec<u8>) -> Result<(), EngineError> {
        self.call(arguments, (&[], input), WORKS).map(drop)
    }

    fn call<S: AsRef<OsStr>>(
        &self,
        arguments: &[S],
        (environment, input): (&[(OsString, OsString)], Vec<u8>),
        within: Duration,
    ) -> Result<String, EngineError> {
        let arguments: Vec<OsString> = arguments.iter().map(|it| it.as_ref().to_owned()).collect();
        let environment = [environment, &self.environment].concat();
        let within = if self.is_silent.get() { OF_SILENT } else { within };
        let call = Call {
            program: self.program,
            arguments: &arguments,
            environment: &environment,
            inherits: true,
            input,
            within,
        };
        let answer = call.answer();
        self.is_silent.set(matches!(answer, Ok(None)));
        match answer {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(EngineError::NoClient(self.program)),
            Err(error) => Err(EngineError::NotRun(self.program, error)),
            Ok(None) => Err(EngineError::Silent(self.program, within.as_secs())),
            Ok(Some(answer)) if answer.code == Some(0) => Ok(answer.stdout.trim_end().to_owned()),
            Ok(Some(answer)) => Err(self.refusal(answer.stderr.trim())),
        }
    }

    fn refusal(&self, said: &str) -> EngineError {
        const GONE: [&str; 5] = [
            "Cannot connect to the Docker daemon",
            "error during connect",
            "Is the docker daemon running",
            "unable to connect to Podman",
            "connection refused",
        ];
        let said = said.strip_prefix("Error response from daemon: ").unwrap_or(said);
        if GONE.iter().any(|it| said.contains(it)) {
            EngineError::Unreachable(self.program, said.to_owned())
        } else {
            EngineError::Refused(self.program, said.to_owned())
        }
    }

    /// Fails unless the engine has an image; it is not fetched, since that may take as long as it likes.
    pub fn require_image(&self, image: &str) -> Result<(), EngineError> {
        match self.ask(&["image", "inspect", "--format", "{{.Id}}", image]) {
            Err(EngineError::Refused(_, said)) if is_missing(&said) => Err(EngineError::NoImage(image.to_owned())),
            answered => answered.map(drop),
        }
    }

    /// Id and state of a container; `None` if there is none.
    pub fn state(&self, container: &str) -> Result<Option<(String, State)>, EngineError> {
        let format = "{{.Id}} {{json .State}}";
        let said = match self.ask(&["container", "inspect", "--format", format, container]) {
            Err(EngineError::Refused(_, said)) if is_missing(&said) => return Ok(None),
            answered => answered?,
        };
        let parsed =
            said.split_once(' ').and_then(|(id, state)| Some((id.to_owned(), serde_json::from_str(state).ok()?)));
        parsed.map(Some).ok_or(EngineError::Refused(self.program, said))
    }

    /// A label of a container; `None` if there is no such container.
    pub fn label(&self, container: &str, label: &str) -> Result<Option<String>, EngineError> {
        let format = format!("{{{{index .Config.Labels \"{label}\"}}}}");
        match self.ask(&["container", "inspect", "--format", &format, container]) {
            Err(EngineError::Refused(_, said)) if is_missing(&said) => Ok(None),
            answered => answered.map(Some),
        }
    }

    /// Sends a signal to the first process of a container, which passes it on. Nothing happens if it does not run.
    pub fn signal(&self, container: &str, signal: &str) -> Result<(), EngineError> {
        match self.call(&["kill", "--signal", signal, container], (&[], Vec::new()), SIGNALS) {
            Err(EngineError::Refused(_, said)) if said.contains("is not running") || is_missing(&said) => Ok(()),
            answered => answered.map(drop),
        }
    }

    /// Ends a container, and removes it with its unnamed volumes. It is no error if there is none.
    pub fn remove(&self, container: &str) -> Result<(), EngineError> {
        match self.tell(&["rm", "--force", "--volumes", container], &[]) {
            Err(EngineError::Refused(_, said)) if is_missing(&said) || said.contains("already in progress") => Ok(()),
            answered => answered.map(drop),
        }
    }
}

/// Whether an engine says that there is no such thing.
pub(super) fn is_missing(said: &str) -> bool {
    let said = said.to_lowercase();
    ["no such", "not known", "failed to find image"].iter().any(|it| said.contains(it))
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::{Engine, EngineError, State};
    use crate::agents::RuntimeKind;

    #[test]
    fn what_an_engine_says_is_understood() {
        let engine = Engine::of(RuntimeKind::Docker, &[]).expect("an engine");
        let gone = engine.refusal("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?");
        assert!(matches!(gone, EngineError::Unreachable("docker", _)), "{gone:?}");
        let refused = engine.refusal("Error response from daemon: Range of CPUs is from 0.01 to 2.00");
        assert_eq!(refused.to_string(), "docker: Range of CPUs is from 0.01 to 2.00");
        let state: State = serde_json::from_str(
            r#"{"Status":"exited","Running":false,"OOMKilled":true,"Pid":0,"ExitCode":137,"Error":""}"#,
        )
        .expect("JSON");
        assert_eq!(
            state,
            State { status: "exited".to_owned(), killed_for_memory: true, exit_code: 137, ..State::default() }
        );
        assert!(Engine::of(RuntimeKind::Process, &[]).is_none());
    }
}
