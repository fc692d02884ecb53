//! The metrics of agents: those that run, by their folders, and those that ended, by the history.

use std::collections::BTreeMap;

use super::text::{Family, Kind};
use crate::model::RunReason;
use crate::store::{AgentTimes, AgentTotals};

/// What is read about agents.
#[derive(Debug, Clone, Default)]
pub struct AgentFigures {
    /// Those that run, by their type.
    pub running: BTreeMap<String, RunningAgents>,
    /// Those whose end the history does not surely have, by their type.
    pub open: BTreeMap<String, u64>,
    /// Those that ended, without the open ones.
    pub ended: Vec<AgentTotals>,
    /// Members that wait in each pool, with the agent type of the pool; none for all.
    pub idle: Vec<(Option<String>, u64)>,
}

/// Agents of a type that run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunningAgents {
    /// How many.
    pub count: u64,
    /// The memory of all.
    pub memory_bytes: u64,
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn whole(count: i64) -> f64 {
    count as f64
}

/// The metrics. Every agent is counted once, whether its folder or the history has it: no counter ever falls.
pub(super) fn of_agents(figures: &AgentFigures) -> Vec<Family> {
    let gauge = |name, help| Family::new(Kind::Gauge, name, help);
    let counter = |name, help| Family::new(Kind::Counter, name, help);
    let mut running = gauge("cfn_agents_running", "Agents that run.");
    let mut memory = gauge("cfn_agent_memory_usage_bytes", "Memory of the agents that run, as the kernel counts it.");
    for (agent_type, of_type) in &figures.running {
        let labels = vec![("agent_type", agent_type.as_str())];
        running.add("", &labels, count(of_type.count));
        memory.add("", &labels, count(of_type.memory_bytes));
    }
    let mut spawns = counter("cfn_agent_spawns_total", "Agents that were started.");
    let mut all: BTreeMap<&str, f64> = figures.open.iter().map(|(name, open)| (name.as_str(), count(*open))).collect();
    for it in &figures.ended {
        *all.entry(&it.agent_type).or_default() += whole(it.runs);
    }
    for (agent_type, number) in all {
        spawns.add("", &vec![("agent_type", agent_type)], number);
    }
    let mut ended = counter("cfn_agents_ended_total", "Agents that ended, by reason.");
    let mut kills = counter("agent_oom_kills_total", "Agents that needed more memory than they had.");
    for ((agent_type, reason), number) in summed(&figures.ended, |it| (it.agent_type.as_str(), it.reason.as_str())) {
        ended.add("", &vec![("agent_type", agent_type), ("reason", reason)], number);
    }
    let mut killed: BTreeMap<&str, f64> = BTreeMap::new();
    for it in &figures.ended {
        // Also those without any: an alert compares with what was before.
        let of_type = killed.entry(&it.agent_type).or_default();
        *of_type += if it.reason == RunReason::Memory { whole(it.runs) } else { 0.0 };
    }
    for (agent_type, number) in killed {
        kills.add("", &vec![("agent_type", agent_type)], number);
    }
    let mut executions = counter("cfn_agent_executions_total", "Agents that ended, by success.");
    let status = |it: &AgentTotals| if it.succeeded { "success" } else { "failure" };
    for ((agent_type, status), number) in summed(&figures.ended, |it| (it.agent_type.as_str(), status(it))) {
        executions.add("", &vec![("agent_type", agent_type), ("status", status)], number);
    }
    let mut idle = gauge("agent_pool_idle", "Containers that wait in a pool; without an agent type if it is for all.");
    for (agent_type, number) in &figures.idle {
        let labels = agent_type.iter().map(|it| ("agent_type", it.as_str())).collect();
        idle.add("", &labels, count(*number));
    }
    let mut all = vec![running, memory, spawns, ended, kills, executions, idle];
    all.extend(times(&figures.ended));
    all
}

/// The numbers of runs by two labels.
fn summed<'a, K: Ord>(ended: &'a [AgentTotals], key: impl Fn(&'a AgentTotals) -> K) -> BTreeMap<K, f64> {
    let mut sums = BTreeMap::new();
    for it in ended {
        *sums.entry(key(it)).or_default() += whole(it.runs);
    }
    sums
}

/// How long agents ran, and what their spawns took.
fn times(ended: &[AgentTotals]) -> [Family; 2] {
    let histogram = |name, help| Family::new(Kind::Histogram, name, help);
    let mut durations = histogram("cfn_agent_execution_duration_seconds", "How long agents ran.");
    let mut spawns =
        histogram("agent_spawn_duration_seconds", "What spawns took until the command was about to start.");
    let (mut of_types, mut of_modes) = (BTreeMap::new(), BTreeMap::new());
    for it in ended {
        add(of_types.entry(vec![("agent_type", it.agent_type.as_str())]).or_default(), &it.durations);
        let labels = vec![("agent_type", it.agent_type.as_str()), ("mode", it.runtime.as_str())];
        add(of_modes.entry(labels).or_default(), &it.spawns);
    }
    for (labels, sum) in &of_types {
        add_histogram(&mut durations, labels, sum, &AgentTotals::RUN_BOUNDS_MS);
    }
    for (labels, sum) in &of_modes {
        add_histogram(&mut spawns, labels, sum, &AgentTotals::SPAWN_BOUNDS_MS);
    }
    [durations, spawns]
}

fn add(sum: &mut AgentTimes, times: &AgentTimes) {
    sum.count += times.count;
    sum.sum_ms += times.sum_ms;
    sum.up_to.resize(times.up_to.len(), 0);
    sum.up_to.iter_mut().zip(&times.up_to).for_each(|(sum, it)| *sum += it);
}

fn add_histogram(family: &mut Family, labels: &[(&'static str, &str)], times: &AgentTimes, bounds_ms: &[i64]) {
    let bounds = bounds_ms.iter().map(|it| format!("{:?}", whole(*it) / 1e3));
    let bounds: Vec<_> = bounds.chain(["+Inf".to_owned()]).collect();
    for (bound, number) in bounds.iter().zip(times.up_to.iter().chain([&times.count])) {
        let mut labels = labels.to_vec();
        labels.push(("le", bound));
        family.add("_bucket", &labels, whole(*number));
    }
    family.add("_sum", &labels.to_vec(), whole(times.sum_ms) / 1e3);
    family.add("_count", &labels.to_vec(), whole(times.count));
}
