//! `sync`: delivers queued events to the workflow database, exactly once and in order.
//!
//! No transaction of the skills database is open during network access. Rows are read, delivered, and then removed. A
//! process that dies in between, or gets no answer, delivers them again, and the workflow database recognises their
//! keys.
//!
//! An undeliverable row does not stop the others: it waits for the next run, and after three attempts becomes a dead
//! letter. Rows that never failed come first. A deployment waits for an earlier one of its pattern, so that the last
//! one wins.

mod report;
mod run;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

pub use self::report::SyncReport;
use self::run::Run;
use super::error::Result;
use crate::clock::Clock;
use crate::model::StoredTime;
use crate::store::{Due, Durability, Store, Undelivered, write};
use crate::workflow::{self, WorkflowDatabase, WorkflowError};

/// Backoff after an unreachable server or a failed delivery, in seconds. An explicit `sync` ignores it.
const BACKOFF_SECONDS: i64 = 30;

/// Connects to the workflow database.
pub type Connect<'a> = &'a mut dyn FnMut() -> workflow::Result<Box<dyn WorkflowDatabase>>;

/// Which failed deliveries to retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// All of them, on request.
    All,
    /// Those whose backoff has ended.
    Due,
}

/// The state of the outbox.
#[derive(Debug, Clone, Serialize)]
pub struct SyncStatus {
    /// Whether executions, deployments and updates of generated skills are queued.
    pub enabled: bool,
    /// Whether deployments of generated skills are queued.
    pub deployments: bool,
    /// The workflow database.
    pub server: String,
    /// Number of queued deliveries.
    pub waiting: u64,
    /// Time of the oldest, in UTC.
    pub oldest: Option<StoredTime>,
    /// Remaining backoff of other commands than `sync`, in seconds.
    pub backoff_seconds: Option<i64>,
    /// Number of queued deliveries that have failed before.
    pub failing: u64,
    /// The first of them.
    pub failing_rows: Vec<Undelivered>,
    /// Number of dead letters.
    pub dead_letters: u64,
    /// The first of them.
    pub dead_letter_rows: Vec<Undelivered>,
}

/// The outcome of a retry.
#[derive(Debug, Clone, Serialize)]
pub struct RetryReport {
    /// Number of dead letters queued again.
    pub waiting_again: usize,
}

/// What a command should do after queueing events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// Nothing is due.
    Nothing,
    /// Start a delivery.
    Deliver,
    /// The server is unreachable; warn about it.
    BackOff,
}

/// Delivers queued events. `progress` gets the number of settled deliveries.
pub fn sync(
    store: &mut dyn Store,
    clock: Clock,
    retry: Retry,
    connect: Connect<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<SyncReport> {
    let not_due = (retry == Retry::Due).then(|| due(clock));
    let mut run = Run::new(not_due);
    for again in [false, true] {
        run.begin_pass(again);
        while let Some(batch) = run.next_batch(store)? {
            if run.connection.is_none() {
                run.connection = Some(reach(store, clock, connect)?);
            }
            if let Some(outcomes) = run.deliver(&batch)? {
                run.settle(store, clock, &batch, outcomes)?;
                progress(run.report.settled());
            }
        }
    }
    run.end()
}

/// Deliveries last tried before this time are due.
fn due(clock: Clock) -> Due {
    let now = clock.moment();
    Due { failed_since: now.seconds_before(BACKOFF_SECONDS), now }
}

/// Connects, and records the result for all processes.
fn reach(store: &mut dyn Store, clock: Clock, connect: Connect<'_>) -> Result<Box<dyn WorkflowDatabase>> {
    let connected = connect();
    let until = match &connected {
        Ok(_) => None,
        Err(WorkflowError::Unreachable { .. }) => Some(clock.now() + SignedDuration::from_secs(BACKOFF_SECONDS)),
        Err(_) => return Ok(connected?),
    };
    if until.is_some() || store.read()?.backoff_until()?.is_some() {
        write(store, Durability::Normal, |tx| tx.back_off(until))?;
    }
    Ok(connected?)
}

/// What a command that may have queued events should do.
pub fn next_step(store: &mut dyn Store, clock: Clock) -> Result<NextStep> {
    let snapshot = store.read()?;
    Ok(if !snapshot.is_anything_due(due(clock))? {
        NextStep::Nothing
    } else if seconds_left(snapshot.backoff_until()?, clock).is_some() {
        NextStep::BackOff
    } else {
        NextStep::Deliver
    })
}

/// The remaining backoff. It is limited, since the clock may have been set back.
fn seconds_left(until: Option<Timestamp>, clock: Clock) -> Option<i64> {
    let left = until?.as_second() - clock.now().as_second();
    (1..=BACKOFF_SECONDS).contains(&left).then_some(left)
}

/// The number of queued deliveries.
pub fn waiting(store: &mut dyn Store) -> Result<u64> {
    Ok(store.read()?.outbox_summary()?.waiting)
}

/// The state of the outbox, with at most `most` rows of each kind.
pub fn sync_status(
    store: &mut dyn Store,
    clock: Clock,
    (enabled, deployments): (bool, bool),
    server: String,
    most: usize,
) -> Result<SyncStatus> {
    let snapshot = store.read()?;
    let summary = snapshot.outbox_summary()?;
    Ok(SyncStatus {
        enabled,
        deployments,
        server,
        waiting: summary.waiting,
        oldest: summary.oldest,
        backoff_seconds: seconds_left(snapshot.backoff_until()?, clock),
        failing: summary.failing,
        failing_rows: snapshot.failing_deliveries(most)?,
        dead_letters: summary.dead_letters,
        dead_letter_rows: snapshot.dead_letters(most)?,
    })
}

/// Queues all dead letters again.
pub fn retry(store: &mut dyn Store) -> Result<RetryReport> {
    Ok(RetryReport { waiting_again: write(store, Durability::Full, |tx| tx.retry_dead_letters())? })
}
