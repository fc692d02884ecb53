//! The history of agents' runs, beside the database.

use super::Result;
use crate::model::{AgentRun, RunReason};

/// Runs that ended in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentTotals {
    /// The agents' type.
    pub agent_type: String,
    /// What they ran in.
    pub runtime: String,
    /// Why they ended.
    pub reason: RunReason,
    /// Whether their exit code is 0.
    pub succeeded: bool,
    /// How many there are.
    pub runs: i64,
    /// How long they ran, up to each of [`Self::RUN_BOUNDS_MS`].
    pub durations: AgentTimes,
    /// What their spawns took, up to each of [`Self::SPAWN_BOUNDS_MS`].
    pub spawns: AgentTimes,
}

/// Times in milliseconds, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentTimes {
    /// How many are known.
    pub count: i64,
    /// Their sum.
    pub sum_ms: i64,
    /// How many are at most each bound.
    pub up_to: Vec<i64>,
}

impl AgentTotals {
    /// Bounds of durations, in milliseconds: from a second to two hours.
    pub const RUN_BOUNDS_MS: [i64; 11] =
        [1_000, 5_000, 15_000, 30_000, 60_000, 150_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000];

    /// Bounds of what spawns take, in milliseconds.
    pub const SPAWN_BOUNDS_MS: [i64; 9] = [10, 25, 50, 100, 250, 500, 1_000, 2_000, 10_000];
}

/// The history of runs that ended.
///
/// Promise: it stands alone, so that a run ends whatever becomes of the skills. It may be deleted: then the history of
/// ended runs is gone, and nothing else.
pub trait AgentRuns: Send {
    /// Adds runs; one whose agent is there already is not added again. Returns `false` if the history may not be written.
    fn record(&mut self, runs: &[AgentRun]) -> Result<bool>;
    /// The run of an agent.
    fn run_of(&mut self, agent_id: &str) -> Result<Option<AgentRun>>;
    /// The runs that ended last, the last one first; of a task, if one is given.
    fn latest(&mut self, task_id: Option<&str>, count: usize) -> Result<Vec<AgentRun>>;
    /// How many runs ended and how, but for those of these agents; by type, runtime and end.
    fn totals(&mut self, besides: &[String]) -> Result<Vec<AgentTotals>>;
    /// How long the last successful runs of an agent type took, in milliseconds.
    fn successes(&mut self, agent_type: &str, count: usize) -> Result<Vec<i64>>;
}
