//! The figures of a load test.

use std::time::Duration;

use serde::Serialize;

use crate::bench::statistics::Summary;
use crate::cli::numbers::{bytes, grouped};
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{AgentRun, AgentType, RunReason};

/// The figures.
#[derive(Debug, Serialize)]
pub(super) struct LoadReport {
    pub(super) agent_type: String,
    /// Agents at once.
    pub(super) agents: u16,
    pub(super) duration_s: f64,
    /// What a spawn took until its command was about to start, in milliseconds.
    pub(super) spawn_ms: Option<Summary>,
    pub(super) completed: usize,
    /// Those that the end of the test ended.
    pub(super) stopped: usize,
    pub(super) failed: usize,
    /// Those of them that needed more memory than they had.
    pub(super) out_of_memory: usize,
    /// The most memory that one of them had.
    pub(super) peak_bytes: Option<i64>,
    /// Processors that all of them used together.
    pub(super) processors: f64,
    pub(super) samples: Vec<LoadSample>,
}

/// What was seen at one time.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LoadSample {
    pub(super) seconds: f64,
    /// Agents that ran.
    pub(super) running: usize,
    /// Agents that were started since the beginning.
    pub(super) spawned: usize,
    /// The memory of all, as the kernel counts it.
    pub(super) memory_bytes: u64,
    /// Commands that Redis answered a second, since the sample before.
    pub(super) redis_commands_per_s: Option<f64>,
}

impl LoadReport {
    pub(super) fn of(
        agent_type: &AgentType,
        agents: u16,
        duration: Duration,
        spawns_ms: &[f64],
        ends: &[AgentRun],
        samples: Vec<LoadSample>,
    ) -> Self {
        let count = |which: &dyn Fn(&AgentRun) -> bool| ends.iter().filter(|it| which(it)).count();
        let (completed, stopped) = (count(&|it| it.exit_code == Some(0)), count(&|it| it.reason == RunReason::Stopped));
        let cpu_ms: i64 = ends.iter().filter_map(|it| it.cpu_ms).sum();
        #[expect(clippy::cast_precision_loss, reason = "a test takes less than 2^53 milliseconds")]
        let processors = cpu_ms as f64 / 1e3 / duration.as_secs_f64();
        Self {
            agent_type: agent_type.to_string(),
            agents,
            duration_s: duration.as_secs_f64(),
            spawn_ms: Summary::of(spawns_ms),
            completed,
            stopped,
            failed: ends.len() - completed - stopped,
            out_of_memory: count(&|it| it.reason == RunReason::Memory),
            peak_bytes: ends.iter().filter_map(|it| it.peak_bytes).max(),
            processors,
            samples,
        }
    }

    /// The figures in sentences.
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![format!(
            "{} at once for {} s: {} completed, {} ended by the end of the test, {} failed, {} of them out of memory",
            counted(self.agents, "agent"),
            self.duration_s,
            self.completed,
            self.stopped,
            self.failed,
            self.out_of_memory
        )];
        sentences.extend(self.spawn_ms.map(|it| {
            let [p50, p95, p99] = [it.median, it.p95, it.p99].map(|it| grouped(it, 1));
            format!("{}: half within {p50} ms, 95 % within {p95} ms, 99 % within {p99} ms", counted(it.runs, "spawn"))
        }));
        let peak = self.peak_bytes.map_or_else(|| "unknown".to_owned(), |it| bytes(it.unsigned_abs()));
        sentences.push(format!("most memory of an agent: {peak}; processors of all: {:.2}", self.processors));
        sentences
    }

    /// The samples as cells.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let row = |it: &LoadSample| {
            vec![
                format!("{:.0} s", it.seconds),
                it.running.to_string(),
                it.spawned.to_string(),
                bytes(it.memory_bytes),
                it.redis_commands_per_s.map_or_else(|| "-".to_owned(), |it| grouped(it, 1)),
            ]
        };
        self.samples.iter().map(row).collect()
    }
}

/// The titles of the samples' columns.
pub(super) const COLUMNS: [&str; 5] = ["time", "running", "spawned", "memory", "Redis commands/s"];

impl Report for LoadReport {
    fn text(&self, page: &mut Page) {
        page.table(&COLUMNS, self.rows());
        for sentence in self.sentences() {
            page.line(sentence);
        }
    }
}
