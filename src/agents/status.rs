//! What is known of runs: from their folders, and of those whose folders are gone, from the history.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde::Serialize;

use super::container_plan::EnginePlace;
use super::error::{AgentError, Result};
use super::plan::Plan;
use super::run_folder::{RunFolder, Runs};
use super::runtime::{ContainerProcess, Left};
use crate::linux::{ControlGroup, Limits, SeenGroup};
use crate::model::AgentRun;
use crate::store::AgentRuns;

/// How many of the runs that ended are listed.
const MOST_LISTED: usize = 1000;

/// Interval for looking whether a run has ended.
const LOOKS: Duration = Duration::from_millis(20);

/// How long a supervisor may take to say who it is.
const STARTING: Duration = Duration::from_secs(5);

/// The state of a run that has not ended.
pub const RUNNING: &str = "running";

/// What is known of a run.
#[derive(Debug, Clone, Serialize)]
pub struct RunStatus {
    /// The agent's id.
    pub agent_id: String,
    /// Its type.
    pub agent_type: String,
    /// Its task.
    pub task_id: Option<String>,
    /// `running`; the reason of its end; or `unknown`: nobody holds its lock, and whether it is of this machine is not known.
    pub state: &'static str,
    /// When it was spawned, in UTC.
    pub spawned_at: String,
    /// What runs it.
    pub runtime: String,
    /// Where its container is, while its folder is there.
    pub engine: Option<EnginePlace>,
    /// The process id of its supervisor, while it runs.
    pub supervisor: Option<u32>,
    /// The memory that all of it has now, where its control group says it.
    pub memory_bytes: Option<u64>,
    /// Number of its processes now, where its control group says it.
    pub processes: Option<usize>,
    /// The command, while its folder is there.
    pub command: Vec<String>,
    /// Its current folder, while its folder is there.
    pub workspace: Option<PathBuf>,
    /// Its limits, while its folder is there.
    pub limits: Limits,
    /// After how many seconds it is ended, while its folder is there.
    pub timeout_seconds: Option<u64>,
    /// The skills that it got, while its folder is there.
    pub skills: Vec<String>,
    /// The labels by which the fleet's programs find it, while its folder is there.
    pub labels: BTreeMap<&'static str, String>,
    /// Its result.
    pub result: Option<AgentRun>,
}

impl RunStatus {
    /// Of the run of a folder.
    #[must_use]
    pub fn of(folder: &RunFolder) -> Option<Self> {
        let plan = folder.plan();
        // Alive first: what is not any more has its result by then.
        let is_alive = !folder.is_recorded && folder.is_alive();
        match (folder.result(), plan) {
            (Some(result), plan) => Some(Self::ended(result, plan)),
            (None, Some(plan)) => {
                let running = folder.running().filter(|_| is_alive);
                let (memory_bytes, processes) = running.as_ref().map_or((None, None), |it| counted(&it.left));
                let supervisor = running.map(|it| it.supervisor.process);
                let status = Self::planned(plan, if is_alive { RUNNING } else { "unknown" }, supervisor);
                Some(Self { memory_bytes, processes, ..status })
            }
            (None, None) => None,
        }
    }

    fn planned(plan: Plan, state: &'static str, supervisor: Option<u32>) -> Self {
        let labels = plan.labels().into_iter().collect();
        Self {
            agent_id: plan.agent_id.into(),
            agent_type: plan.agent_type,
            task_id: plan.task_id,
            state,
            spawned_at: plan.spawned_at,
            runtime: plan.runtime.as_str().to_owned(),
            engine: plan.container.map(|it| it.place),
            supervisor,
            memory_bytes: None,
            processes: None,
            command: plan.command,
            workspace: Some(plan.workspace),
            limits: plan.limits,
            timeout_seconds: Some(plan.timeout.as_secs()),
            skills: plan.skills,
            labels,
            result: None,
        }
    }

    fn ended(result: AgentRun, plan: Option<Plan>) -> Self {
        let state = result.reason.as_str();
        match plan {
            Some(plan) => Self { result: Some(result), ..Self::planned(plan, state, None) },
            None => Self {
                agent_id: result.agent_id.clone(),
                agent_type: result.agent_type.clone(),
                task_id: result.task_id.clone(),
                state,
                spawned_at: result.started_at.clone(),
                runtime: result.runtime.clone(),
                engine: None,
                supervisor: None,
                memory_bytes: None,
                processes: None,
                command: Vec::new(),
                workspace: None,
                limits: Limits::default(),
                timeout_seconds: None,
                skills: Vec::new(),
                labels: BTreeMap::new(),
                result: Some(result),
            },
        }
    }
}

/// Memory and processes of a run that is alive, as its control group counts them.
fn counted(left: &Left) -> (Option<u64>, Option<usize>) {
    match left {
        Left::Processes { group, near } => {
            let group = ControlGroup::left(group, near);
            (group.as_ref().and_then(ControlGroup::memory_bytes), group.as_ref().map(ControlGroup::count))
        }
        Left::Container { main, .. } => {
            let group = main.as_ref().and_then(ContainerProcess::group);
            let counted = group.as_ref().and_then(SeenGroup::counted);
            (counted.and_then(|it| it.memory_bytes), group.as_ref().and_then(SeenGroup::count))
        }
    }
}

/// What is known of the run of an agent.
pub fn status_of(runs: &Runs, history: Option<&mut dyn AgentRuns>, agent: &str) -> Result<RunStatus> {
    if let Some(status) = runs.find(agent).as_ref().and_then(RunStatus::of) {
        return Ok(status);
    }
    let result = history.map_or(Ok(None), |it| it.run_of(agent))?;
    result.map(|it| RunStatus::ended(it, None)).ok_or_else(|| AgentError::Unknown(agent.to_owned()))
}

/// The runs that have not ended, of a task if one is given; with `all`, also those that have.
pub fn list(
    runs: &Runs,
    history: Option<&mut dyn AgentRuns>,
    task_id: Option<&str>,
    all: bool,
) -> Result<Vec<RunStatus>> {
    let mut folders = runs.open();
    if all {
        folders.extend(runs.ended());
    }
    let mut found: Vec<RunStatus> = folders.iter().filter_map(RunStatus::of).collect();
    found.retain(|it| task_id.is_none_or(|task| it.task_id.as_deref() == Some(task)));
    if all {
        let known: std::collections::HashSet<String> = found.iter().map(|it| it.agent_id.clone()).collect();
        let ended = history.map_or(Ok(Vec::new()), |it| it.latest(task_id, MOST_LISTED))?;
        found.extend(ended.into_iter().filter(|it| !known.contains(&it.agent_id)).map(|it| RunStatus::ended(it, None)));
    }
    found.sort_by(|one, other| (&one.spawned_at, &one.agent_id).cmp(&(&other.spawned_at, &other.agent_id)));
    Ok(found)
}

/// Waits until a run has ended; returns whether it has by then. The lock says it, not the process id.
#[must_use]
pub fn wait_for_end(runs: &Runs, agent: &str, until: Option<Instant>) -> bool {
    loop {
        // The supervisor moves the folder before it leaves the lock.
        let Some(folder) = runs.find(agent).filter(|it| !it.is_recorded) else { return true };
        if !folder.is_alive() {
            return true;
        }
        if until.is_some_and(|it| Instant::now() >= it) {
            return false;
        }
        thread::sleep(LOOKS);
    }
}

/// Asks the supervisor of a run to end it; returns whether there is one. It is surely this run's: who it is was compared
/// with what the kernel says, while the lock is held.
#[must_use]
pub fn stop(folder: &RunFolder) -> bool {
    let until = Instant::now() + STARTING;
    while folder.is_alive() {
        if let Some(running) = folder.running() {
            let is_own = folder.lock_number() == Some(running.lock);
            return is_own && running.supervisor.signal(Signal::TERM);
        }
        if Instant::now() > until {
            return false;
        }
        thread::sleep(LOOKS);
    }
    false
}
