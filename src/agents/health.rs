//! What runs of agents show to a doctor, from their folders alone.

use super::run_folder::{RunFolder, Runs};
use super::status::{RUNNING, RunStatus};
use crate::model::RunReason;
use crate::ops::{Area, Diagnosis};

/// More runs than this for each processor wait for each other.
const RUNS_PER_PROCESSOR: usize = 2;

/// So many agents are named.
const NAMED: usize = 5;

/// The machine that agents run on.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    /// Its memory in bytes, if known.
    pub memory_bytes: Option<u64>,
    /// Its processors.
    pub processors: usize,
}

/// One line for each thing that may be wrong; a single one where no run was ever started.
#[must_use]
pub fn health(runs: &Runs, machine: Machine) -> Vec<Diagnosis> {
    if !runs.root().is_dir() {
        let evidence = format!("no run of an agent was started here: there is no {}", runs.root().display());
        return vec![Diagnosis::not_used(Area::Agents, "runs", evidence)];
    }
    let open: Vec<_> = runs.open().iter().filter_map(RunStatus::of).collect();
    let (running, left): (Vec<_>, Vec<_>) = open.iter().partition(|it| it.state == RUNNING);
    vec![left_behind(running.len(), &left), memory(&running, machine), parallelism(running.len(), machine), kills(runs)]
}

fn left_behind(running: usize, left: &[&RunStatus]) -> Diagnosis {
    let agents: Vec<_> = left.iter().map(|it| it.agent_id.as_str()).collect();
    match agents.as_slice() {
        [] => Diagnosis::ok(Area::Agents, "runs", format!("{running} running, and none whose supervisor was killed")),
        agents => {
            let evidence = format!("{} whose supervisor was killed: {}", agents.len(), named(agents));
            Diagnosis::warn(Area::Agents, "runs", evidence, "cfn agent ps")
        }
    }
}

fn memory(running: &[&RunStatus], machine: Machine) -> Diagnosis {
    const NAME: &str = "memory limits";
    let Some(all) = machine.memory_bytes.filter(|_| !running.is_empty()) else {
        return Diagnosis::not_used(Area::Agents, NAME, "no agent runs");
    };
    let limits: Vec<_> = running.iter().filter_map(|it| it.limits.memory_bytes).collect();
    let together = limits.iter().fold(0_u64, |sum, it| sum.saturating_add(*it));
    let without = running.len() - limits.len();
    let gibibytes = |bytes: u64| format!("{}.{} GiB", bytes >> 30, ((bytes & ((1 << 30) - 1)) * 10) >> 30);
    let evidence = format!(
        "{} running, {without} of them without a limit, the others with {} of {}",
        running.len(),
        gibibytes(together),
        gibibytes(all)
    );
    if together > all {
        let mend = "'cfn agent stop' some of them, or spawn them with a lower --memory";
        return Diagnosis::warn(Area::Agents, NAME, evidence, mend);
    }
    Diagnosis::ok(Area::Agents, NAME, evidence)
}

fn parallelism(running: usize, machine: Machine) -> Diagnosis {
    let evidence = format!("{running} running on {} processors", machine.processors);
    if running > machine.processors.saturating_mul(RUNS_PER_PROCESSOR) {
        let mend = "spawn no more of them before some have ended: 'cfn agent wait' waits for that";
        return Diagnosis::warn(Area::Agents, "parallelism", evidence, mend);
    }
    Diagnosis::ok(Area::Agents, "parallelism", evidence)
}

/// Runs that needed more memory than they had, of those whose folders are still there.
fn kills(runs: &Runs) -> Diagnosis {
    const NAME: &str = "ended for memory";
    let ended: Vec<_> = runs.ended().iter().filter_map(RunFolder::result).collect();
    let agents: Vec<_> =
        ended.iter().filter(|it| it.reason == RunReason::Memory).map(|it| it.agent_id.as_str()).collect();
    let evidence = format!("{} of {} runs that ended", agents.len(), ended.len());
    if agents.is_empty() {
        return Diagnosis::ok(Area::Agents, NAME, evidence);
    }
    let mend = "spawn them with more --memory; 'cfn agent cleanup --older 0s' forgets these";
    Diagnosis::warn(Area::Agents, NAME, format!("{evidence}: {}", named(&agents)), mend)
}

fn named(agents: &[&str]) -> String {
    let more = agents.len().saturating_sub(NAMED);
    let first = agents[..agents.len().min(NAMED)].join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}
