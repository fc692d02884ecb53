//! The system metrics of the reference that apply to cfn, with their thresholds.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::statistics::median;
use crate::cache::Disabled;
use crate::model::{AgentRun, AgentType};
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

/// An image for agents, and this program, set up for the database and with what it needs to find the engine.
pub type Image<'a> = (&'a Program, &'a str);

/// Measures the metrics. `cfn` is this program, set up for the database; `agent` has skills in it; `redis` measures the
/// response time of the Redis server, if one is configured; `image` is for containers, if there is one.
pub fn system(
    cfn: &Program,
    store: &mut dyn Store,
    agent: &AgentType,
    redis: Option<&dyn Fn() -> Option<Duration>>,
    image: Option<Image<'_>>,
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
    table.extend(of_agent(cfn, agent)?);
    if let Some((cfn, image)) = image {
        let spawn = ["--quiet", "agent", "spawn", agent.as_str(), "--image", image, "--network", "none", "--", "true"];
        let start = median_of(|| cfn.clone().args(spawn).time().map_err(Into::into))?;
        table.push(metric("container start (true, with its skills, no network)", start, 5000.0, "ms"));
    }
    // A server that does not answer has no response time.
    let answers =
        redis.and_then(|it| (0..RUNS).map(|_| Some(it()?.as_secs_f64() * 1000.0)).collect::<Option<Vec<_>>>());
    if let Some(answers) = answers {
        table.insert(3, metric("Redis response time", median(&answers), 5.0, "ms"));
    }
    Ok(table)
}

/// What `cfn agent spawn --json` says, as far as it is needed.
#[derive(Deserialize)]
struct Spawned {
    result: AgentRun,
}

/// What an agent needs that loads its skills, as its supervisor counts it; nothing where the kernel does not say it.
fn of_agent(cfn: &Program, agent: &AgentType) -> Result<Vec<SystemMetric>> {
    let (mut peaks, mut cpu_ms, mut took_ms) = (Vec::new(), Vec::new(), 0);
    let load = cfn.clone().args(["load", agent.as_str()]).words();
    let spawn = cfn.clone().args(["--quiet", "--json", "agent", "spawn", agent.as_str(), "--"]).args(load);
    for _ in 0..RUNS {
        let ran = spawn.run()?;
        let spawned: Spawned = serde_json::from_slice(&ran.stdout)
            .map_err(|it| Error::WrongAnswer { line: "agent spawn".to_owned(), what: it.to_string() })?;
        peaks.extend(spawned.result.peak_bytes);
        cpu_ms.extend(spawned.result.cpu_ms);
        took_ms += spawned.result.duration_ms.unwrap_or(0);
    }
    let whole = |number: i64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let mebibytes: Vec<f64> = peaks.iter().map(|it| whole(*it / 1024) / 1024.0).collect();
    let memory =
        (mebibytes.len() == RUNS).then(|| metric("memory of an agent (load)", median(&mebibytes), 2048.0, "MiB"));
    // A load takes a few milliseconds: all of them together are exact enough.
    let cores = whole(cpu_ms.iter().sum()) / whole(took_ms.max(1));
    let processors = (cpu_ms.len() == RUNS).then(|| metric("processors of an agent (load)", cores, 2.0, "cores"));
    Ok(memory.into_iter().chain(processors).collect())
}

fn metric(metric: &'static str, measured: f64, threshold: f64, unit: &'static str) -> SystemMetric {
    SystemMetric { metric: metric.into(), measured, threshold, unit: unit.into() }
}

fn median_of(mut run: impl FnMut() -> Result<Duration>) -> Result<f64> {
    let taken = (0..RUNS).map(|_| Ok(run()?.as_secs_f64() * 1000.0)).collect::<Result<Vec<_>>>()?;
    Ok(median(&taken))
}
