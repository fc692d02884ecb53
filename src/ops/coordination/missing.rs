//! What Redis does not have.

use crate::model::TaskId;

/// Redis has nothing of this kind about a task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("task {task} has no {what} in Redis (key {key})")]
pub struct TaskNotFound {
    /// The task.
    pub task: TaskId,
    /// What is missing.
    pub what: &'static str,
    /// The key.
    pub key: String,
}
