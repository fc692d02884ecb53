//! Tells the other agents of a task, through Redis, how an agent ended. Runs go on without Redis.

use std::time::Duration;

use crate::agents::{Plan, Runs};
use crate::cli::context::Context;
use crate::coordination::{Completion, CompletionStatus, Coordination};
use crate::model::{AgentRun, TaskId};

/// Time limit of connecting, and of each answer: nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Says that an agent is done, unless it said so itself.
pub(super) fn tell(context: &Context, plan: &Plan, run: &AgentRun) {
    let Some(task) = plan.task_id.as_deref().and_then(|it| it.parse().ok()) else { return };
    if let Err(why) = told(context, task, plan, run) {
        tracing::debug!(why, agent = run.agent_id, "the agents of its task were not told that it is done");
    }
}

fn told(context: &Context, task_id: TaskId, plan: &Plan, run: &AgentRun) -> Result<(), String> {
    let server = context.settings.coordination_server().map_err(|error| error.to_string())?;
    let Some(server) = server else { return Ok(()) };
    let mut redis = Coordination::connect(PATIENCE, &server).map_err(|error| error.to_string())?;
    if redis.is_done(&task_id, &plan.agent_id).map_err(|error| error.to_string())? {
        return Ok(());
    }
    let status = if run.exit_code == Some(0) { CompletionStatus::Completed } else { CompletionStatus::Failed };
    let completion = Completion {
        agent_id: plan.agent_id.clone(),
        task_id,
        status,
        iteration: plan.iteration,
        confidence: None,
        result: None,
        timestamp: context.clock.iso_time(),
    };
    redis.complete(&completion).map_err(|error| error.to_string())
}

/// The same for a run whose supervisor was killed.
pub(super) fn tell_of_lost(context: &Context, runs: &Runs, agent: &str) {
    let found = runs.find(agent).and_then(|it| Some((it.plan()?, it.result()?)));
    if let Some((plan, run)) = found {
        tell(context, &plan, &run);
    }
}
