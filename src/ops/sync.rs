//! `sync`: what waits in the outbox is delivered to the workflow database, exactly once and in order.
//!
//! No transaction of ours is open while the network is asked. The rows are read, delivered, and then forgotten; whoever dies in
//! between, or hears no answer, delivers them again, and the workflow database knows their keys.

use serde::Serialize;

use super::error::Result;
use crate::clock::Clock;
use crate::model::Delivery;
use crate::store::{Durability, SetAside, Store};
use crate::workflow::{self, Delivered, WorkflowDatabase, WorkflowError};

/// Deliveries of one transaction.
const AT_ONCE: usize = 2_000;

/// How much smaller a batch is made after one that broke the connection: perhaps the server is too slow for its size. It grows
/// again with each one that succeeds.
const SHRINK: usize = 8;

/// How often in a row a broken connection is made again.
const RECONNECTS: usize = 3;

/// For how long a server that cannot be reached is left alone.
const LEAVE_ALONE_SECONDS: i64 = 30;

/// How to connect.
pub type Connect<'a> = &'a mut dyn FnMut() -> workflow::Result<Box<dyn WorkflowDatabase>>;

/// What was delivered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// Deliveries that have their effect now.
    pub delivered: u64,
    /// Deliveries that had it already.
    pub delivered_before: u64,
    /// Deliveries that the server refused.
    pub set_aside: u64,
}

/// What waits.
#[derive(Debug, Clone, Serialize)]
pub struct SyncStatus {
    /// Whether what happens to generated skills is queued.
    pub enabled: bool,
    /// The workflow database.
    pub server: String,
    /// Deliveries that wait.
    pub waiting: u64,
    /// When the first of them was written, in UTC.
    pub oldest: Option<String>,
    /// How many seconds the server is still left alone by other commands than `sync`.
    pub left_alone_seconds: Option<i64>,
    /// Deliveries that the server refused.
    pub set_aside: u64,
    /// The first of them.
    pub set_aside_rows: Vec<SetAside>,
}

/// What waits again.
#[derive(Debug, Clone, Serialize)]
pub struct RetryReport {
    /// Deliveries that were set aside.
    pub waiting_again: usize,
}

/// What a command should do about what it queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// Nothing waits.
    Nothing,
    /// Start a delivery.
    Deliver,
    /// The server cannot be reached; say so.
    LeaveAlone,
}

/// Delivers everything that waits. `progress` hears how many deliveries were settled.
pub fn sync(
    store: &mut dyn Store,
    clock: Clock,
    connect: Connect<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<SyncReport> {
    let mut run = Run { report: SyncReport::default(), connection: None, at_once: AT_ONCE, reconnects: RECONNECTS };
    loop {
        let batch = store.read()?.waiting_deliveries(run.at_once)?;
        if batch.is_empty() {
            return Ok(run.report);
        }
        if run.connection.is_none() {
            run.connection = Some(reach(store, clock, connect)?);
        }
        if let Some(outcomes) = run.deliver(&batch)? {
            settle(store, clock, &batch, &outcomes)?;
            run.count(&outcomes);
            progress(run.report.delivered + run.report.delivered_before + run.report.set_aside);
        }
    }
}

struct Run {
    report: SyncReport,
    connection: Option<Box<dyn WorkflowDatabase>>,
    at_once: usize,
    reconnects: usize,
}

impl Run {
    /// `None` where the connection broke and is to be made again: whether anything was delivered is not known.
    fn deliver(&mut self, batch: &[Delivery]) -> Result<Option<Vec<Delivered>>> {
        let Some(database) = &mut self.connection else { return Ok(None) };
        match database.deliver(batch) {
            Ok(outcomes) => {
                self.reconnects = RECONNECTS;
                self.at_once = (self.at_once * 2).min(AT_ONCE);
                Ok(Some(outcomes))
            }
            Err(WorkflowError::Broken { .. }) if self.reconnects > 0 => {
                self.reconnects -= 1;
                self.at_once = (self.at_once / SHRINK).max(1);
                self.connection = None;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn count(&mut self, outcomes: &[Delivered]) {
        for outcome in outcomes {
            match outcome {
                Delivered::Now => self.report.delivered += 1,
                Delivered::Before => self.report.delivered_before += 1,
                Delivered::Refused(_) => self.report.set_aside += 1,
            }
        }
    }
}

/// Connects, and remembers for every process whether that was possible.
fn reach(store: &mut dyn Store, clock: Clock, connect: Connect<'_>) -> Result<Box<dyn WorkflowDatabase>> {
    let connected = connect();
    let until = match &connected {
        Ok(_) => None,
        Err(WorkflowError::Unreachable { .. }) => Some(clock.now().as_second() + LEAVE_ALONE_SECONDS),
        Err(_) => return Ok(connected?),
    };
    if until.is_some() || store.read()?.left_alone_until()?.is_some() {
        let mut transaction = store.write(Durability::Normal)?;
        transaction.leave_server_alone(until)?;
        transaction.commit()?;
    }
    Ok(connected?)
}

fn settle(store: &mut dyn Store, clock: Clock, batch: &[Delivery], outcomes: &[Delivered]) -> Result<()> {
    let now = clock.database_time();
    let mut transaction = store.write(Durability::Normal)?;
    for (delivery, outcome) in batch.iter().zip(outcomes) {
        match outcome {
            Delivered::Now | Delivered::Before => transaction.forget_delivered(delivery)?,
            Delivered::Refused(reason) => transaction.set_aside(delivery, reason, &now)?,
        }
    }
    Ok(transaction.commit()?)
}

/// What a command that may have queued something should do.
pub fn next_step(store: &mut dyn Store, clock: Clock) -> Result<NextStep> {
    let snapshot = store.read()?;
    Ok(if !snapshot.anything_waits()? {
        NextStep::Nothing
    } else if seconds_left(snapshot.left_alone_until()?, clock).is_some() {
        NextStep::LeaveAlone
    } else {
        NextStep::Deliver
    })
}

/// A clock that was set back must not leave the server alone for longer than it ever is.
fn seconds_left(until: Option<i64>, clock: Clock) -> Option<i64> {
    let left = until?.saturating_sub(clock.now().as_second());
    (1..=LEAVE_ALONE_SECONDS).contains(&left).then_some(left)
}

/// How many deliveries wait.
pub fn waiting(store: &mut dyn Store) -> Result<u64> {
    Ok(store.read()?.outbox_summary()?.waiting)
}

/// What waits, what was refused, and whether the server is left alone.
pub fn sync_status(
    store: &mut dyn Store,
    clock: Clock,
    enabled: bool,
    server: String,
    most: usize,
) -> Result<SyncStatus> {
    let snapshot = store.read()?;
    let summary = snapshot.outbox_summary()?;
    Ok(SyncStatus {
        enabled,
        server,
        waiting: summary.waiting,
        oldest: summary.oldest,
        left_alone_seconds: seconds_left(snapshot.left_alone_until()?, clock),
        set_aside: summary.set_aside,
        set_aside_rows: snapshot.set_aside_deliveries(most)?,
    })
}

/// Lets what was set aside wait again.
pub fn retry(store: &mut dyn Store) -> Result<RetryReport> {
    let mut transaction = store.write(Durability::Full)?;
    let waiting_again = transaction.retry_set_aside()?;
    transaction.commit()?;
    Ok(RetryReport { waiting_again })
}
