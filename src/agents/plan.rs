//! What is to be run, and with what.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::container_plan::ContainerPlan;
use crate::linux::Limits;
use crate::model::{AgentId, UnknownWord};

/// What runs the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuntimeKind {
    /// A process of this machine.
    Process,
    /// A container, by the program `docker`.
    Docker,
    /// A container, by the program `podman`.
    Podman,
}

impl RuntimeKind {
    /// All, in display order.
    pub const ALL: [Self; 3] = [Self::Process, Self::Docker, Self::Podman];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }
}

impl FromStr for RuntimeKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let expected = "process, docker or podman";
        let unknown = || UnknownWord { what: "the runtime", expected, got: text.to_owned() };
        Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or_else(unknown)
    }
}

/// What is known of a run before it starts; it lies in the run's folder. It has no secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// The agent's id.
    pub agent_id: AgentId,
    /// Its type.
    pub agent_type: String,
    /// Its task.
    pub task_id: Option<String>,
    /// What runs the command.
    pub runtime: RuntimeKind,
    /// The command and its arguments, for people: what is not UTF-8 is replaced.
    pub command: Vec<String>,
    /// The command's current folder.
    pub workspace: PathBuf,
    /// What its container is made of, if it runs in one.
    pub container: Option<ContainerPlan>,
    /// The limits of all its processes together.
    pub limits: Limits,
    /// When it is ended.
    pub timeout: Duration,
    /// The time between being asked to end and being ended.
    pub grace: Duration,
    /// When it was spawned, in UTC.
    pub spawned_at: String,
    /// The names and versions of the skills that it got.
    pub skills: Vec<String>,
}

/// A plan with what must not lie in a file. The spawning command hands it to the supervisor through a pipe.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// The plan.
    pub plan: Plan,
    /// The command and its arguments.
    pub command: Vec<OsString>,
    /// The whole environment of the command; it may have keys of providers.
    pub environment: Vec<(OsString, OsString)>,
    /// The file that the command reads; none for an empty input.
    pub input: Option<PathBuf>,
}
