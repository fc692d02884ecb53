//! The system metrics of the reference that apply to cfn, with their thresholds.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::statistics::median;
use crate::cache::Disabled;
use crate::model::AgentType;
use crate::ops::{self, Load};
use crate::process::Program;
use crate::store::Store;

/// Number of measurements of each; the median is reported.
const RUNS: usize = 9;

/// A system metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemMetric {
    /// Its name.
    pub metric: Cow<'static, str>,
    /// The median.
    pub measured: f64,
    /// The threshold, which the median must be below.
    pub threshold: f64,
    /// The unit of both.
    pub unit: Cow<'static, str>,
}

impl SystemMetric {
    /// Whether it is below the threshold.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.measured < self.threshold
    }
}

/// Measures the metrics. `cfn` is this program, set up for the database; `agent` has skills in it; `redis` measures the
/// response time of the Redis server, if one is configured.
pub fn system(
    cfn: &Program,
    store: &mut dyn Store,
    agent: &AgentType,
    redis: Option<&dyn Fn() -> Option<Duration>>,
) -> Result<Vec<SystemMetric>> {
    let start = median_of(|| cfn.clone().args(["--version"]).time().map_err(Into::into))?;
    let request = Load::usual(agent.clone());
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
    let spawn = ["--quiet", "agent", "spawn", agent.as_str(), "--", "/bin/true"];
    let spawn = median_of(|| cfn.clone().args(spawn).time().map_err(Into::into))?;
    let mut table = vec![
        metric("process start (cfn --version)", start, 10_000.0, "ms"),
        metric("agent spawn time (true, with its skills)", spawn, 10_000.0, "ms"),
        metric("SQLite query time (load of an agent)", query, 100.0, "ms"),
        metric("memory of a process (load)", mebibytes, 2048.0, "MiB"),
    ];
    // A server that does not answer has no response time.
    let answers =
        redis.and_then(|it| (0..RUNS).map(|_| Some(it()?.as_secs_f64() * 1000.0)).collect::<Option<Vec<_>>>());
    if let Some(answers) = answers {
        table.insert(3, metric("Redis response time", median(&answers), 5.0, "ms"));
    }
    Ok(table)
}

fn metric(metric: &'static str, measured: f64, threshold: f64, unit: &'static str) -> SystemMetric {
    SystemMetric { metric: metric.into(), measured, threshold, unit: unit.into() }
}

fn median_of(mut run: impl FnMut() -> Result<Duration>) -> Result<f64> {
    let taken = (0..RUNS).map(|_| Ok(run()?.as_secs_f64() * 1000.0)).collect::<Result<Vec<_>>>()?;
    Ok(median(&taken))
}
