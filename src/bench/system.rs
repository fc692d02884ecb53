//! The reference's table of the system: what of it is cfn's, each with its threshold.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::error::{Error, Result};
use super::program::Program;
use super::statistics::median;
use crate::cache::Disabled;
use crate::model::AgentType;
use crate::ops::{self, Load};
use crate::store::Store;

/// How often each is measured; the median counts.
const RUNS: usize = 9;

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SystemMetric {
    /// What is measured.
    pub metric: &'static str,
    /// The median.
    pub measured: f64,
    /// Below this all is well.
    pub threshold: f64,
    /// Of both.
    pub unit: &'static str,
}

impl SystemMetric {
    /// Whether it is below the threshold.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.measured < self.threshold
    }
}

/// Measures: `cfn` is this program set up for the database, `agent` one that has skills in it, and `redis` takes what one answer of
/// the Redis server takes, where one is used.
pub fn system(
    cfn: &Program,
    store: &mut dyn Store,
    agent: &AgentType,
    redis: Option<&dyn Fn() -> Option<Duration>>,
) -> Result<Vec<SystemMetric>> {
    let start = median_of(|| cfn.clone().args(["--version"]).time())?;
    let request = Load {
        agent_type: agent.clone(),
        context: Vec::new(),
        phase: None,
        max_skills: 20,
        max_tokens: None,
        bootstrap: true,
    };
    let query = median_of(|| {
        let since = Instant::now();
        let line = || format!("load {agent}");
        ops::load(store, &Disabled, &request)
            .map_err(|it| Error::WrongAnswer { line: line(), what: it.to_string() })?;
        Ok(since.elapsed())
    })?;
    let mut memory = 0;
    for _ in 0..RUNS {
        memory = memory.max(cfn.clone().args(["load", agent.as_str()]).peak_kib()?);
    }
    let mebibytes = f64::from(u32::try_from(memory).unwrap_or(u32::MAX)) / 1024.0;
    let mut table = vec![
        SystemMetric { metric: "process start (cfn --version)", measured: start, threshold: 10_000.0, unit: "ms" },
        SystemMetric { metric: "SQLite query time (load of an agent)", measured: query, threshold: 100.0, unit: "ms" },
        SystemMetric { metric: "memory of a process (load)", measured: mebibytes, threshold: 2048.0, unit: "MiB" },
    ];
    if let Some(took) = redis.and_then(|it| it()) {
        let measured = took.as_secs_f64() * 1000.0;
        table.insert(2, SystemMetric { metric: "Redis response time", measured, threshold: 5.0, unit: "ms" });
    }
    Ok(table)
}

fn median_of(mut run: impl FnMut() -> Result<Duration>) -> Result<f64> {
    let taken = (0..RUNS).map(|_| Ok(run()?.as_secs_f64() * 1000.0)).collect::<Result<Vec<_>>>()?;
    Ok(median(&taken))
}
