//! `sync`: what waits in the outbox is delivered to the workflow database, exactly once and in order.
//!
//! No transaction of ours is open while the network is asked. The rows are read, delivered, and then forgotten; whoever dies in
//! between, or hears no answer, delivers them again, and the workflow database knows their keys.
//!
//! A row that cannot be delivered stops no other: it waits for the next run, and after three attempts it is a dead letter. Rows that
//! never failed come first. A deployment waits for an earlier one of its pattern, so that the last one wins.

mod run;

use serde::Serialize;

use self::run::Run;
use super::error::Result;
use crate::clock::Clock;
use crate::store::{Due, Durability, Store, Undelivered, write};
use crate::workflow::{self, WorkflowDatabase, WorkflowError};

/// How long a server that cannot be reached is not tried, and a delivery that failed, unless somebody asks.
const BACKOFF_SECONDS: i64 = 30;

/// After so many attempts a delivery is a dead letter.
const ATTEMPTS: u32 = 3;

/// How to connect.
pub type Connect<'a> = &'a mut dyn FnMut() -> workflow::Result<Box<dyn WorkflowDatabase>>;

/// Which of the deliveries that failed before are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// All of them: somebody asked.
    All,
    /// Those that failed a while ago.
    Due,
}

/// What was delivered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// Deliveries that have their effect now.
    pub delivered: u64,
    /// Deliveries that had it already.
    pub delivered_before: u64,
    /// Deliveries that failed and wait for another attempt.
    pub failed: u64,
    /// Deliveries that are not tried any more.
    pub dead_letters: u64,
    /// Why the last one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What waits.
#[derive(Debug, Clone, Serialize)]
pub struct SyncStatus {
    /// Whether executions, deployments and updates of generated skills are queued.
    pub enabled: bool,
    /// Whether deployments of generated skills are queued.
    pub deployments: bool,
    /// The workflow database.
    pub server: String,
    /// Deliveries that wait.
    pub waiting: u64,
    /// When the first of them was written, in UTC.
    pub oldest: Option<String>,
    /// How many seconds other commands than `sync` still do not try the server.
    pub backoff_seconds: Option<i64>,
    /// Deliveries that wait and have failed before.
    pub failing: u64,
    /// The first of them.
    pub failing_rows: Vec<Undelivered>,
    /// Deliveries that are not tried any more.
    pub dead_letters: u64,
    /// The first of them.
    pub dead_letter_rows: Vec<Undelivered>,
}

/// What waits again.
#[derive(Debug, Clone, Serialize)]
pub struct RetryReport {
    /// Dead letters that wait again.
    pub waiting_again: usize,
}

/// What a command should do about what it queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// Nothing is due.
    Nothing,
    /// Start a delivery.
    Deliver,
    /// The server cannot be reached; say so.
    BackOff,
}

/// Delivers what waits. `progress` hears how many deliveries were settled.
pub fn sync(
    store: &mut dyn Store,
    clock: Clock,
    retry: Retry,
    connect: Connect<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<SyncReport> {
    let not_due = (retry == Retry::Due).then(|| (before(clock), clock.database_time()));
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

/// When the last attempt must have been for another one to be due.
fn before(clock: Clock) -> String {
    clock.database_time_ago(BACKOFF_SECONDS)
}

impl SyncReport {
    /// Deliveries of which something became.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.delivered + self.delivered_before + self.failed + self.dead_letters
    }
}

/// Connects, and remembers for every process whether that was possible.
fn reach(store: &mut dyn Store, clock: Clock, connect: Connect<'_>) -> Result<Box<dyn WorkflowDatabase>> {
    let connected = connect();
    let until = match &connected {
        Ok(_) => None,
        Err(WorkflowError::Unreachable { .. }) => Some(clock.now().as_second() + BACKOFF_SECONDS),
        Err(_) => return Ok(connected?),
    };
    if until.is_some() || store.read()?.backoff_until()?.is_some() {
        write(store, Durability::Normal, |tx| tx.back_off(until))?;
    }
    Ok(connected?)
}

/// What a command that may have queued something should do.
pub fn next_step(store: &mut dyn Store, clock: Clock) -> Result<NextStep> {
    let (failed_since, now) = (before(clock), clock.database_time());
    let snapshot = store.read()?;
    Ok(if !snapshot.is_anything_due(&Due { failed_since: &failed_since, now: &now })? {
        NextStep::Nothing
    } else if seconds_left(snapshot.backoff_until()?, clock).is_some() {
        NextStep::BackOff
    } else {
        NextStep::Deliver
    })
}

/// A clock that was set back must not keep the server from being tried for longer than ever.
fn seconds_left(until: Option<i64>, clock: Clock) -> Option<i64> {
    let left = until?.saturating_sub(clock.now().as_second());
    (1..=BACKOFF_SECONDS).contains(&left).then_some(left)
}

/// How many deliveries wait.
pub fn waiting(store: &mut dyn Store) -> Result<u64> {
    Ok(store.read()?.outbox_summary()?.waiting)
}

/// What waits, what failed, and whether the server is tried. Of the rows, at most so many of each kind.
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

/// Lets every dead letter wait again.
pub fn retry(store: &mut dyn Store) -> Result<RetryReport> {
    Ok(RetryReport { waiting_again: write(store, Durability::Full, |tx| tx.retry_dead_letters())? })
}
