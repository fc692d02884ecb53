//! The report of a stress run.

use std::time::Duration;

use serde::Serialize;

use super::mix::Kind;

/// The figures of a stress run, and its verification.
#[derive(Debug, Clone, Serialize)]
pub struct StressReport {
    /// The version of this format.
    pub format: u32,
    /// Number of workers.
    pub workers: usize,
    /// `threads` with a connection each, or `processes`, one for each operation.
    pub by: &'static str,
    /// The mix, such as `load=80,log=15,deploy=3,update=2`.
    pub mix: String,
    /// Number of skills at the start.
    pub skills: usize,
    /// Duration.
    pub seconds: f64,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// Number of acknowledged operations.
    pub count: u64,
    /// Acknowledged operations per second.
    pub per_second: f64,
    /// Figures of each kind of operation.
    pub operations: Vec<OperationFigures>,
    /// Waits for the write lock; `None` for processes, which do not report them.
    pub lock_waits: Option<LockFigures>,
    /// Errors by kind.
    pub errors: Vec<ErrorCount>,
    /// Which memory the samples measure.
    pub memory_of: &'static str,
    /// The maximum of the samples.
    pub memory_peak_kib: u64,
    /// A sample every ten seconds, and at the end.
    pub samples: Vec<StressSample>,
    /// The verification of acknowledged writes.
    pub verification: Verification,
}

impl StressReport {
    /// Whether the verification found no problems.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.verification.problems.is_empty()
    }
}

/// The figures of a kind of operation.
#[derive(Debug, Clone, Serialize)]
pub struct OperationFigures {
    /// The operation.
    pub operation: Kind,
    /// Number of acknowledged operations.
    pub count: u64,
    /// Number of failed operations.
    pub errors: u64,
    /// Acknowledged operations per second.
    pub per_second: f64,
    /// The arithmetic mean.
    pub mean_ms: f64,
    /// The median.
    pub p50_ms: f64,
    /// The 95th percentile.
    pub p95_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
    /// The 99.9th percentile.
    pub p999_ms: f64,
    /// The maximum.
    pub slowest_ms: f64,
}

/// Waits for locks.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LockFigures {
    /// Their number.
    pub count: u64,
    /// Their total time, over all workers.
    pub total_ms: f64,
}

impl LockFigures {
    pub(super) fn of(count: u64, time: Duration) -> Self {
        Self { count, total_ms: time.as_secs_f64() * 1000.0 }
    }
}

/// Errors of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorCount {
    /// The kind.
    pub kind: String,
    /// Their number.
    pub count: u64,
    /// The message of the first one.
    pub first: String,
}

/// A sample during a run.
#[derive(Debug, Clone, Serialize)]
pub struct StressSample {
    /// Seconds since the start.
    pub seconds: f64,
    /// Acknowledged operations since the start.
    pub operations: u64,
    /// Operations per second since the last sample.
    pub operations_per_second: f64,
    /// The 99th percentile since the last sample.
    pub p99_ms: f64,
    /// The maximum since the last sample.
    pub slowest_ms: f64,
    /// Errors since the start.
    pub errors: u64,
    /// Lock waits since the last sample.
    pub lock_waits: Option<LockFigures>,
    /// Current memory.
    pub memory_kib: u64,
    /// Operations per second of the Redis server, if one is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis_operations_per_second: Option<f64>,
}

/// The verification of the database after the run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verification {
    /// Number of verified versions.
    pub versions: usize,
    /// Number of verified usage rows.
    pub usage_rows: usize,
    /// Number of hashed contents.
    pub contents: u64,
    /// Lost, duplicate or damaged data.
    pub problems: Vec<String>,
}
