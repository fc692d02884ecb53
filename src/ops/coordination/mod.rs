//! Coordination of the agents of a task: its context, its state, who is done, waiting for them, and clearing it all.

pub(super) mod missing;
mod wait;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Result;
use crate::coordination::{CONTEXT_TTL_S, Completion, Coordination, TaskContext, TaskState};
use crate::model::{AgentId, TaskId};

use missing::TaskNotFound;
pub use wait::{Awaited, WaitReport, Waiting, wait_for_agents};

/// The context of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContextReport {
    /// The task.
    pub task_id: TaskId,
    /// The key.
    pub key: String,
    /// All its fields.
    pub fields: BTreeMap<String, String>,
    /// Remaining time to live in seconds; `None` if another program set none.
    pub expires_in_s: Option<u64>,
}

/// The state of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StateReport {
    /// The task.
    pub task_id: TaskId,
    /// The key.
    pub key: String,
    /// The state; text that is no JSON as a string.
    pub state: Value,
    /// Remaining time to live in seconds; `None` if another program set none.
    pub expires_in_s: Option<u64>,
    /// Whether it was written now.
    pub written: bool,
}

/// The end of an agent's work, which was told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CompletionReport(pub Completion);

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClearedReport {
    /// The task.
    pub task_id: TaskId,
    /// The agent whose keys they were; `None` for all of the task.
    pub agent_id: Option<AgentId>,
    /// Number of keys.
    pub removed: u64,
}

/// Sets fields of a task's context. The time to live counts anew for all of it.
pub fn set_context(
    redis: &mut Coordination,
    task: TaskId,
    fields: &[(String, String)],
    ttl_s: u64,
) -> Result<ContextReport> {
    let context = redis.set_context(&task, fields, ttl_s)?;
    Ok(context_report(task, context))
}

/// The context of a task, which must have one.
pub fn context_of(redis: &mut Coordination, task: TaskId) -> Result<ContextReport> {
    let context = redis.context(&task)?;
    if context.fields.is_empty() {
        return Err(TaskNotFound { task, what: "context", key: context.key }.into());
    }
    Ok(context_report(task, context))
}

fn context_report(task_id: TaskId, TaskContext { key, fields, expires_in_s }: TaskContext) -> ContextReport {
    ContextReport { task_id, key, fields, expires_in_s }
}

/// Sets the state of a task.
pub fn set_state(redis: &mut Coordination, task: TaskId, state: &Value) -> Result<StateReport> {
    let TaskState { key, expires_in_s, .. } = redis.set_state(&task, &state.to_string(), CONTEXT_TTL_S)?;
    Ok(StateReport { task_id: task, key, state: state.clone(), expires_in_s, written: true })
}

/// The state of a task, which must have one.
pub fn state_of(redis: &mut Coordination, task: TaskId) -> Result<StateReport> {
    let TaskState { key, text, expires_in_s } = redis.state(&task)?;
    let Some(text) = text else {
        return Err(TaskNotFound { task, what: "state", key }.into());
    };
    let state = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(StateReport { task_id: task, key, state, expires_in_s, written: false })
}

/// Says that an agent is done.
pub fn complete(redis: &mut Coordination, completion: Completion) -> Result<CompletionReport> {
    redis.complete(&completion)?;
    Ok(CompletionReport(completion))
}

/// Removes what Redis has of a task, or of one of its agents.
pub fn clear_task(redis: &mut Coordination, task_id: TaskId, agent_id: Option<AgentId>) -> Result<ClearedReport> {
    let removed = redis.clear(&task_id, agent_id.as_ref())?;
    Ok(ClearedReport { task_id, agent_id, removed })
}
