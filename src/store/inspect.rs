//! What a benchmark looks at: the cost of a statement, and the waiting for locks.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Serialize;

use super::Result;

/// A database that can be looked at while it works.
pub trait Inspect {
    /// Runs a statement that only reads, again and again; `taken` hears how long each run took. A statement that does anything but
    /// read, or is more than one: [`StoreError::Statement`](super::StoreError::Statement).
    fn measure(&mut self, trial: &Trial<'_>, taken: &mut dyn FnMut(Duration)) -> Result<StatementReport>;
    /// How often and how long this connection waited for a lock of another, since it was opened.
    fn lock_waits(&self) -> LockWaits;
}

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// One `SELECT`.
    pub statement: &'a str,
    /// How often to run it.
    pub iterations: u64,
    /// When to stop, whatever was reached; a run that is not finished then is an error.
    pub limit: Duration,
    /// Set from outside to stop at once.
    pub stop: &'a Arc<AtomicBool>,
}

/// What a statement does.
#[derive(Debug, Clone, Serialize)]
pub struct StatementReport {
    /// Rows that it answers.
    pub rows: u64,
    /// Rows that it reads by walking through a table or an index.
    pub scanned: i64,
    /// How often it sorts.
    pub sorts: i64,
    /// Instructions of the database's machine in one run: a cost that is the same on every machine.
    pub steps: i64,
    /// How the database goes about it.
    pub plan: Vec<PlanStep>,
    /// What of that grows with the table.
    pub warnings: Vec<String>,
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanStep {
    /// How many steps it is inside of.
    pub depth: usize,
    /// In the words of the database.
    pub detail: String,
}

/// Waiting for locks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LockWaits {
    /// How often a lock was held by another.
    pub count: u64,
    /// How long was waited in all.
    pub time: Duration,
}
