//! The figures of the project's agents.

use crate::agents::{self, Pool, RunStatus, Runs};
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::ops::AgentFigures;

/// What is known of agents; `None` where none ever ran.
pub(in crate::cli) fn agent_figures(context: &Context) -> Result<Option<AgentFigures>, Failure> {
    let runs = Runs::of(context.project()?.root());
    if !runs.root().is_dir() {
        return Ok(None);
    }
    let idle = Pool::of(&runs).status().into_iter().map(|it| (it.agent_type, it.waiting as u64)).collect();
    let mut figures = AgentFigures { idle, ..AgentFigures::default() };
    // First those that are open: whatever ends meanwhile is counted once.
    let open: Vec<RunStatus> = runs.open().iter().filter_map(RunStatus::of).collect();
    for it in &open {
        *figures.open.entry(it.agent_type.clone()).or_default() += 1;
        if it.state == agents::RUNNING {
            let running = figures.running.entry(it.agent_type.clone()).or_default();
            running.count += 1;
            running.memory_bytes += it.memory_bytes.unwrap_or(0);
        }
    }
    let ids: Vec<_> = open.into_iter().map(|it| it.agent_id).collect();
    figures.ended = context.opening(Access::Read)?.agent_runs(runs.history()).totals(&ids)?;
    Ok(Some(figures))
}
