//! What a stress run reports.

use std::time::Duration;

use serde::Serialize;

use super::mix::Kind;

/// What a stress run did, and whether all of it is there.
#[derive(Debug, Clone, Serialize)]
pub struct StressReport {
    /// The version of this schema.
    pub format: u32,
    /// How many worked at once.
    pub workers: usize,
    /// `threads` with a connection each, or `processes`, one for each operation.
    pub by: &'static str,
    /// What they did: `load=80,log=15,deploy=3,update=2`.
    pub mix: String,
    /// Skills in the database at the beginning.
    pub skills: usize,
    /// How long they worked.
    pub seconds: f64,
    /// Whether they were stopped before the time was over.
    pub interrupted: bool,
    /// Operations that were acknowledged.
    pub count: u64,
    /// A second.
    pub per_second: f64,
    /// By operation.
    pub operations: Vec<OperationFigures>,
    /// Waiting for the write lock; none where processes did it and nobody counts.
    pub lock_waits: Option<LockFigures>,
    /// What was refused, by kind.
    pub errors: Vec<ErrorCount>,
    /// Whose memory the samples have.
    pub memory_of: &'static str,
    /// The largest of the samples.
    pub memory_peak_kib: u64,
    /// Every ten seconds, and at the end.
    pub samples: Vec<StressSample>,
    /// Whether what was acknowledged is there.
    pub verification: Verification,
}

impl StressReport {
    /// Whether nothing is lost and nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.verification.problems.is_empty()
    }
}

/// What one kind of operation took.
#[derive(Debug, Clone, Serialize)]
pub struct OperationFigures {
    /// Which.
    pub operation: Kind,
    /// How many were acknowledged.
    pub count: u64,
    /// How many were refused.
    pub errors: u64,
    /// Acknowledged a second.
    pub per_second: f64,
    /// The arithmetic mean.
    pub mean_ms: f64,
    /// Half took less.
    pub p50_ms: f64,
    /// 95 of 100 took less.
    pub p95_ms: f64,
    /// 99 of 100 took less.
    pub p99_ms: f64,
    /// 999 of 1000 took less.
    pub p999_ms: f64,
    /// The longest.
    pub slowest_ms: f64,
}

/// Waiting for a lock that another held.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LockFigures {
    /// How often.
    pub count: u64,
    /// How long in all, over all workers.
    pub total_ms: f64,
}

impl LockFigures {
    pub(super) fn of(count: u64, time: Duration) -> Self {
        Self { count, total_ms: time.as_secs_f64() * 1000.0 }
    }
}

/// Operations that were refused for one reason.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorCount {
    /// The reason.
    pub kind: String,
    /// How often.
    pub count: u64,
    /// What the first of them said.
    pub first: String,
}

/// A look at the run while it goes on.
#[derive(Debug, Clone, Serialize)]
pub struct StressSample {
    /// Since the beginning.
    pub seconds: f64,
    /// Acknowledged since the beginning.
    pub operations: u64,
    /// A second, since the sample before.
    pub operations_per_second: f64,
    /// 99 of 100 operations since the sample before took less.
    pub p99_ms: f64,
    /// The longest since the sample before.
    pub slowest_ms: f64,
    /// Refused since the beginning.
    pub errors: u64,
    /// Since the sample before.
    pub lock_waits: Option<LockFigures>,
    /// In memory now.
    pub memory_kib: u64,
    /// What the Redis server does, where one is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis_operations_per_second: Option<f64>,
}

/// The look at the database after all work is done.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verification {
    /// Versions that were acknowledged and looked for.
    pub versions: usize,
    /// Rows of the usage log that were acknowledged and looked for.
    pub usage_rows: usize,
    /// Stored contents that were hashed.
    pub contents: u64,
    /// What is lost, twice there, or damaged.
    pub problems: Vec<String>,
}
