//! A run over the outbox: chooses deliveries, and settles their outcomes.

use std::collections::{HashMap, HashSet};

use super::report::SyncReport;
use crate::clock::Clock;
use crate::model::{Delivery, Event, Failures, Moment};
use crate::ops::error::Result;
use crate::store::{self, Due, Durability, Store, Transaction, write};
use crate::workflow::{Delivered, WorkflowDatabase, WorkflowError};

/// Maximum number of deliveries per transaction.
const AT_ONCE: usize = 2_000;

/// Factor by which a batch shrinks after a lost connection: the server may be too slow for its size, or one row may be
/// the cause. Batches grow again after a success.
const SHRINK: usize = 16;

/// Maximum number of consecutive reconnections: enough to reach a batch of one row, retry it, and try the next row.
const RECONNECTS: usize = 5;

/// After so many attempts a delivery is a dead letter.
const ATTEMPTS: u32 = 3;

pub(super) struct Run {
    pub(super) report: SyncReport,
    pub(super) connection: Option<Box<dyn WorkflowDatabase>>,
    at_once: usize,
    reconnects: usize,
    /// Deliveries that failed between these times are not due; `None` if all are.
    not_due: Option<Due>,
    /// Whether this is the pass over failed deliveries.
    again: bool,
    /// This pass has handled deliveries up to this id.
    after: i64,
    /// Deliveries that failed in this run.
    failed: HashSet<i64>,
    /// Patterns with a waiting deployment; later ones wait too.
    held: HashSet<i64>,
    /// Kinds that cannot be delivered now, and why.
    blocked: HashMap<&'static str, WorkflowError>,
    /// Rows that alone broke the connection. They are the cause if other rows can be delivered.
    suspects: Vec<(Delivery, WorkflowError)>,
    broke_alone: Option<i64>,
}

impl Run {
    pub(super) fn new(not_due: Option<Due>) -> Self {
        Self {
            report: SyncReport::default(),
            connection: None,
            at_once: AT_ONCE,
            reconnects: RECONNECTS,
            not_due,
            again: false,
            after: 0,
            failed: HashSet::new(),
            held: HashSet::new(),
            blocked: HashMap::new(),
            suspects: Vec::new(),
            broke_alone: None,
        }
    }

    pub(super) fn begin_pass(&mut self, again: bool) {
        (self.again, self.after) = (again, 0);
        self.held.clear();
    }

    /// The next deliveries of this pass; `None` at the end.
    pub(super) fn next_batch(&mut self, store: &mut dyn Store) -> Result<Option<Vec<Delivery>>> {
        loop {
            let read = store.read()?.waiting_deliveries(self.after, self.at_once)?;
            let Some(last) = read.last().map(|it| it.id) else { return Ok(None) };
            let batch: Vec<_> = read.into_iter().filter(|it| self.takes(it)).collect();
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
            self.after = last;
        }
    }

    fn takes(&mut self, delivery: &Delivery) -> bool {
        let deployed = matches!(delivery.event, Ok(Event::Deployed(_)));
        if deployed && self.held.contains(&delivery.pattern_id) || self.blocked.contains_key(kind(delivery)) {
            return false;
        }
        let recent = |it: &Failures| self.not_due.is_some_and(|due| due.excludes(it));
        let later = match &delivery.failures {
            Some(failures) => !self.again || recent(failures),
            None => false,
        };
        let takes = !later && !self.failed.contains(&delivery.id);
        if deployed && !takes {
            self.held.insert(delivery.pattern_id);
        }
        takes
    }

    /// Delivers a batch. `None` if the connection was lost: the outcome is unknown, and the caller reconnects.
    pub(super) fn deliver(&mut self, batch: &[Delivery]) -> Result<Option<Vec<Delivered>>> {
        let Some(database) = &mut self.connection else { return Ok(None) };
        let error = match database.deliver(batch) {
            Ok(outcomes) => {
                self.reconnects = RECONNECTS;
                self.at_once = (self.at_once * 2).min(AT_ONCE);
                return Ok(Some(outcomes));
            }
            Err(error) => error,
        };
        if !matches!(error, WorkflowError::Broken { .. }) || self.reconnects == 0 {
            return Err(error.into());
        }
        self.reconnects -= 1;
        self.at_once = (self.at_once.min(batch.len()) / SHRINK).max(1);
        self.connection = None;
        if let [alone] = batch
            && self.broke_alone.replace(alone.id) == Some(alone.id)
        {
            self.failed.insert(alone.id);
            self.after = alone.id;
            self.suspects.push((alone.clone(), error));
        }
        Ok(None)
    }

    pub(super) fn settle(
        &mut self,
        store: &mut dyn Store,
        clock: Clock,
        batch: &[Delivery],
        outcomes: Vec<Delivered>,
    ) -> Result<()> {
        let now = clock.moment();
        let suspects = std::mem::take(&mut self.suspects);
        let suspects = suspects.iter().map(|(row, error)| (row, Delivered::Failed(error.to_string())));
        let settled: Vec<_> = batch.iter().zip(outcomes).chain(suspects).collect();
        write(store, Durability::Normal, |tx| {
            settled.iter().try_for_each(|(row, outcome)| note(tx, row, outcome, now))
        })?;
        for (delivery, outcome) in settled {
            self.count(delivery, outcome);
        }
        self.after = batch.last().map_or(self.after, |it| it.id.max(self.after));
        Ok(())
    }

    fn count(&mut self, delivery: &Delivery, outcome: Delivered) {
        let dies = delivery.failures.as_ref().map_or(0, |it| it.count) + 1 >= ATTEMPTS;
        let report = &mut self.report;
        match outcome {
            Delivered::Now => report.delivered += 1,
            Delivered::Before => report.delivered_before += 1,
            Delivered::Refused(reason) => {
                (report.dead_letters, report.reason) = (report.dead_letters + 1, Some(reason));
            }
            Delivered::Failed(reason) => {
                *(if dies { &mut report.dead_letters } else { &mut report.failed }) += 1;
                report.reason = Some(reason);
                self.failed.insert(delivery.id);
                if matches!(delivery.event, Ok(Event::Deployed(_))) && !dies {
                    self.held.insert(delivery.pattern_id);
                }
            }
            Delivered::Blocked(refusal, why) => {
                let server = self.connection.as_ref().map(|it| it.server().to_owned()).unwrap_or_default();
                let failed = WorkflowError::Failed { server, why, refusal };
                self.blocked.insert(kind(delivery), failed);
            }
            Delivered::Held => {
                self.held.insert(delivery.pattern_id);
            }
        }
    }

    /// Ends the run. A failure that no single row caused is an error.
    pub(super) fn end(self) -> Result<SyncReport> {
        let suspect = self.suspects.into_iter().map(|it| it.1);
        match suspect.chain(self.blocked.into_values()).next() {
            Some(error) => Err(error.into()),
            None => Ok(self.report),
        }
    }
}

/// Writes down what became of a delivery.
fn note(tx: &mut dyn Transaction, delivery: &Delivery, outcome: &Delivered, now: Moment) -> store::Result<()> {
    match outcome {
        Delivered::Now | Delivered::Before => tx.forget_delivered(delivery),
        Delivered::Refused(reason) => tx.bury(delivery, reason, now),
        Delivered::Failed(reason) => {
            let failures = Failures::and(delivery.failures.as_ref(), now, reason);
            if failures.count >= ATTEMPTS {
                tx.bury(delivery, &format!("failed {} times: {reason}", failures.count), now)
            } else {
                tx.delivery_failed(delivery, &failures)
            }
        }
        Delivered::Blocked(..) | Delivered::Held => Ok(()),
    }
}

fn kind(delivery: &Delivery) -> &'static str {
    delivery.event.as_ref().map_or("", Event::kind)
}
