//! What a load is logged with.

use crate::cli::argument::{optional, usage_text};
use crate::cli::failure::Failure;
use crate::ops::{Load, UsageOf};

/// The usage to log; `None` without an agent's id.
pub(super) fn usage_of(load: &Load, agent_id: Option<&str>, task_id: Option<&str>) -> Result<Option<UsageOf>, Failure> {
    let Some(agent_id) = usage_text("agent_id", optional(agent_id))? else { return Ok(None) };
    usage_text("phase", load.phase.as_deref())?;
    Ok(Some(UsageOf { agent_id, task_id: usage_text("task_id", optional(task_id))? }))
}
