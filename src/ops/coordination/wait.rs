//! Waits until agents are done.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::coordination::{Coordination, DoneAgent};
use crate::model::{AgentId, TaskId};
use crate::ops::Result;

/// Pause between two looks. Blocking on a list would take the signal from the programs that it is meant for.
const PAUSE: Duration = Duration::from_millis(200);

/// Whom to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaited {
    /// A number of agents, whichever they are.
    Number(usize),
    /// These agents.
    Agents(Vec<AgentId>),
}

/// A request to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The task.
    pub task: TaskId,
    /// Whom to wait for.
    pub awaited: Awaited,
    /// How long.
    pub timeout: Duration,
}

/// Who was done when the waiting ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WaitReport {
    /// The task.
    pub task_id: TaskId,
    /// Whether all were done who were waited for.
    pub complete: bool,
    /// The number of agents that were waited for.
    pub wanted: usize,
    /// All agents of the task that are done, by their ids.
    pub done: Vec<DoneAgent>,
    /// The named agents that are not.
    pub missing: Vec<AgentId>,
}

/// Waits for agents, at most until the timeout. It looks at least once.
pub fn wait_for_agents(redis: &mut Coordination, waiting: &Waiting) -> Result<WaitReport> {
    let began = Instant::now();
    loop {
        let report = look(redis, waiting)?;
        let left = waiting.timeout.saturating_sub(began.elapsed());
        if report.complete || left.is_zero() {
            return Ok(report);
        }
        thread::sleep(PAUSE.min(left));
    }
}

fn look(redis: &mut Coordination, waiting: &Waiting) -> Result<WaitReport> {
    let named: &[AgentId] = if let Awaited::Agents(agents) = &waiting.awaited { agents } else { &[] };
    let done = redis.done(&waiting.task, named)?;
    let is_done = |agent: &AgentId| done.iter().any(|it| it.agent_id == agent.as_str());
    let missing: Vec<_> = named.iter().filter(|it| !is_done(it)).cloned().collect();
    let (wanted, complete) = match &waiting.awaited {
        Awaited::Number(number) => (*number, done.len() >= *number),
        Awaited::Agents(agents) => (agents.len(), missing.is_empty()),
    };
    Ok(WaitReport { task_id: waiting.task.clone(), complete, wanted, done, missing })
}
