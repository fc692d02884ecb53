//! The result of a run of an agent.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::UnknownWord;

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunReason {
    /// By itself, or by a signal that cfn did not send.
    Exited,
    /// By its deadline.
    Timeout,
    /// By its limit of memory.
    Memory,
    /// By its limit of processes, where nothing but samples keeps it.
    Processes,
    /// Somebody stopped it.
    Stopped,
    /// Nobody knows: its supervisor was killed.
    Lost,
}

impl RunReason {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 6] = [Self::Exited, Self::Timeout, Self::Memory, Self::Processes, Self::Stopped, Self::Lost];

    /// The word, as it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exited => "exited",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Processes => "processes",
            Self::Stopped => "stopped",
            Self::Lost => "lost",
        }
    }
}

impl FromStr for RunReason {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let expected = "exited, timeout, memory, processes, stopped or lost";
        let unknown = || UnknownWord { what: "the reason", expected, got: text.to_owned() };
        Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or_else(unknown)
    }
}

/// A run that ended: one row of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRun {
    /// The agent's id.
    pub agent_id: String,
    /// Its type.
    pub agent_type: String,
    /// Its task.
    pub task_id: Option<String>,
    /// What it ran in: `process`, `docker` or `podman`.
    pub runtime: String,
    /// When it started, in UTC.
    pub started_at: String,
    /// When it ended, in UTC.
    pub ended_at: String,
    /// Why it ended.
    pub reason: RunReason,
    /// Its exit code; 128 + N after signal N, and none for a lost run.
    pub exit_code: Option<u8>,
    /// What its spawn took until the command was about to start. None where the clock jumped meanwhile.
    #[serde(default)]
    pub spawn_ms: Option<i64>,
    /// How long it ran, by a clock that no adjustment changes. None for a lost run.
    pub duration_ms: Option<i64>,
    /// The most memory that all of it had, where somebody counted it.
    pub peak_bytes: Option<i64>,
    /// The processors' time of all of it.
    pub cpu_ms: Option<i64>,
    /// What kept its limits, for people.
    pub limited_by: Option<String>,
    /// What a person should know beyond that.
    pub detail: Option<String>,
}
