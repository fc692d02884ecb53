//! The history of agents' runs, beside the database.

use super::Result;
use crate::model::AgentRun;

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
    /// How long the last successful runs of an agent type took, in milliseconds.
    fn successes(&mut self, agent_type: &str, count: usize) -> Result<Vec<i64>>;
}
