//! Measurements for benchmarks: the cost of a statement, and lock waits.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Serialize;

use super::Result;

/// A database that supports measurements.
pub trait Inspect {
    /// Runs a read-only statement repeatedly, and passes the duration of each run to `taken`. For a statement that
    /// writes, or for more than one, it returns [`StoreError::Statement`](super::StoreError::Statement).
    fn measure(&mut self, trial: &Trial<'_>, taken: &mut dyn FnMut(Duration)) -> Result<StatementReport>;
    /// The lock waits of this connection since it was opened.
    fn lock_waits(&self) -> LockWaits;
}

/// A measurement to make.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// A single `SELECT`.
    pub statement: &'a str,
    /// Number of runs.
    pub iterations: u64,
    /// Time limit; a run that exceeds it is an error.
    pub limit: Duration,
    /// Set by a signal to stop immediately.
    pub stop: &'a Arc<AtomicBool>,
}

/// The plan and costs of a statement.
#[derive(Debug, Clone, Serialize)]
pub struct StatementReport {
    /// Number of rows returned.
    pub rows: u64,
    /// Number of rows scanned in tables and indexes.
    pub scanned: i64,
    /// Number of sorts.
    pub sorts: i64,
    /// Virtual machine instructions per run, which are the same on every machine.
    pub steps: i64,
    /// The query plan.
    pub plan: Vec<PlanStep>,
    /// Warnings about steps whose cost grows with the table.
    pub warnings: Vec<String>,
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanStep {
    /// Its depth in the plan.
    pub depth: usize,
    /// Its description by the database.
    pub detail: String,
}

/// Lock waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LockWaits {
    /// Number of waits.
    pub count: u64,
    /// Total time.
    pub time: Duration,
}
