//! What is to be run, and with what.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::linux::Limits;
use crate::model::{AgentType, UnknownWord, Visible};

/// Maximum length of an id, which is the name of a folder, a control group and a container.
const LONGEST: usize = 128;

/// Digits and letters of the random end of an id.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// The id of an agent, and so of its run: letters, digits, `.`, `_` and `-`, and the first is a letter or a digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgentId(String);

/// Text that is no id of an agent.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "an agent id has at most {LONGEST} letters, digits, '.', '_' and '-', and starts with a letter or a digit, unlike \
     \"{}\"",
    Visible(.0)
)]
pub struct InvalidAgentId(String);

impl AgentId {
    /// `agent-TYPE-EPOCHMS-RAND7`.
    #[must_use]
    pub fn new(agent_type: &AgentType, epoch_ms: i64) -> Self {
        use std::hash::BuildHasher as _;
        let mut random = std::hash::RandomState::new().hash_one(std::process::id());
        let mut end = String::new();
        for _ in 0..7 {
            let digit = usize::try_from(random % 36).unwrap_or(0);
            end.push(char::from(DIGITS[digit]));
            random /= 36;
        }
        Self(format!("agent-{agent_type}-{epoch_ms}-{end}"))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AgentId {
    type Err = InvalidAgentId;

    fn from_str(text: &str) -> Result<Self, InvalidAgentId> {
        let fits = |it: u8| it.is_ascii_alphanumeric() || b"._-".contains(&it);
        let starts = text.bytes().next().is_some_and(|it| it.is_ascii_alphanumeric());
        if starts && text.len() <= LONGEST && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidAgentId(text.to_owned()))
        }
    }
}

impl TryFrom<String> for AgentId {
    type Error = InvalidAgentId;

    fn try_from(text: String) -> Result<Self, InvalidAgentId> {
        text.parse()
    }
}

impl From<AgentId> for String {
    fn from(id: AgentId) -> Self {
        id.0
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

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

#[cfg(test)]
mod tests {
    use super::AgentId;

    #[test]
    fn an_id_is_a_safe_name_of_a_file() {
        for id in ["agent-tester-1764201600000-a1b2c3d", "a", "0.x_y-z"] {
            assert!(id.parse::<AgentId>().is_ok(), "{id}");
        }
        for id in ["", ".", "..", ".state", "-x", "a/b", "a b", "a\n", &"x".repeat(129)] {
            assert!(id.parse::<AgentId>().is_err(), "{id}");
        }
        let made = "tester".parse().ok().map(|it| AgentId::new(&it, 1_764_201_600_000));
        let made = made.map(String::from).unwrap_or_default();
        let random = made.strip_prefix("agent-tester-1764201600000-").unwrap_or_default();
        assert!(random.len() == 7 && made.parse::<AgentId>().is_ok(), "{made}");
    }
}
