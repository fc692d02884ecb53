//! Applies a batch of deliveries in one transaction, in which an undeliverable row stops no other row.
//!
//! Each kind of event is a separate stream. A part of a stream that fails is rolled back to its savepoint and divided
//! until the failing row is alone. A batch without failures needs one statement per kind. No row takes longer than two
//! seconds in total, since the server cancels longer statements.

use std::collections::HashSet;

use tokio_postgres::{Client, Error};

use super::statements::{self, Kind, Stopped};
use crate::model::Delivery;
use crate::postgres::Refusal;
use crate::postgres::{ClientResult, ends_the_connection, sentence};
use crate::workflow::Delivered;

/// Times are written as UTC for any column type, and constraints are checked inside the savepoint.
const BEGIN: &str = "BEGIN; SET LOCAL TIME ZONE 'UTC'; SET CONSTRAINTS ALL IMMEDIATE";

/// The server's own statement timeout, in milliseconds; 0 for none.
const OWNERS_LIMIT: &str = "SELECT setting::int8 FROM pg_settings WHERE name = 'statement_timeout'";

/// Maximum number of retries of a transaction after a conflict.
const REPEATS: usize = 5;

/// Time limits of a statement for several rows and for one row, in milliseconds. A blocked row waits twice among
/// several and once alone: two seconds.
const LIMIT_SEVERAL: i64 = 600;
const LIMIT_ALONE: i64 = 800;

/// Maximum number of blocked rows of a kind in one transaction. The rest of the kind is then left for later, since the
/// whole table may be locked.
const MOST_WAITS: usize = 3;

/// Maximum number of rows of a kind that may fail in one transaction for other reasons.
const MOST_FAILURES: usize = 50;

pub(super) async fn deliver(client: &Client, deliveries: &[Delivery]) -> ClientResult<Vec<Delivered>> {
    let mut repeats = REPEATS;
    loop {
        let mut batch =
            Batch { client, deliveries, outcomes: vec![Delivered::Held; deliveries.len()], limit: 0, repeats };
        match batch.transaction().await {
            Err(error) if error.as_db_error().is_some() && !ends_the_connection(&error) => {
                client.batch_execute("ROLLBACK").await?;
                if repeats == 0 || kind_of(&error) != Refusal::Conflict {
                    return Err(error);
                }
                repeats -= 1;
            }
            done => return done.map(|()| batch.outcomes),
        }
    }
}

fn kind_of(error: &Error) -> Refusal {
    error.code().map_or(Refusal::Other, |it| Refusal::of(it.code()))
}

struct Batch<'a> {
    client: &'a Client,
    deliveries: &'a [Delivery],
    outcomes: Vec<Delivered>,
    /// The server's own statement timeout.
    limit: i64,
    /// Remaining retries of the transaction.
    repeats: usize,
}

/// The state of a stream.
#[derive(Default)]
struct Stream {
    waits: usize,
    failures: usize,
    probed: bool,
    /// The outcome of its remaining rows, if they are not tried.
    blocked: Option<Delivered>,
    /// Patterns with an undelivered deployment; later ones of the same pattern wait for it.
    held: HashSet<i64>,
}

impl Batch<'_> {
    async fn transaction(&mut self) -> ClientResult<()> {
        self.client.batch_execute(BEGIN).await?;
        let rows = self.client.query_typed(OWNERS_LIMIT, &[]).await?;
        self.limit = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
        for kind in Kind::ALL {
            let rows: Vec<usize> =
                (0..self.deliveries.len()).filter(|&at| Kind::of(&self.deliveries[at]) == kind).collect();
            self.stream(kind, rows).await?;
        }
        self.client.batch_execute("COMMIT").await
    }

    async fn stream(&mut self, kind: Kind, rows: Vec<usize>) -> ClientResult<()> {
        let mut stream = Stream::default();
        let mut parts = vec![rows];
        while let Some(mut part) = parts.pop() {
            if let Some(outcome) = &stream.blocked {
                for &at in &part {
                    self.outcomes[at] = outcome.clone();
                }
                continue;
            }
            part.retain(|&at| !stream.held.contains(&self.deliveries[at].pattern_id));
            if part.is_empty() {
                continue;
            }
            match self.apply(&part).await {
                Ok(()) => {}
                Err(Stopped::Refused(why)) => {
                    self.back().await?;
                    self.divide(&part, 2, &mut parts, Delivered::Refused(why));
                }
                Err(Stopped::Failed(error)) => self.failed(kind, part, &mut parts, &mut stream, error).await?,
            }
        }
        Ok(())
    }

    /// Applies a part inside a savepoint, which remains open on failure.
    async fn apply(&mut self, part: &[usize]) -> Result<(), Stopped> {
        let most = if part.len() == 1 { LIMIT_ALONE } else { LIMIT_SEVERAL };
        let limit = if self.limit == 0 { most } else { most.min(self.limit) };
        // The lock timeout is shorter, since its error is more specific.
        let lock = (limit - limit / 8).max(1);
        let begin = format!("SAVEPOINT part; SET LOCAL statement_timeout = {limit}; SET LOCAL lock_timeout = {lock}");
        self.client.batch_execute(&begin).await?;
        let rows: Vec<&Delivery> = part.iter().map(|&at| &self.deliveries[at]).collect();
        let new = statements::apply(self.client, &rows).await?;
        self.client.batch_execute("RELEASE part").await?;
        for (&at, new) in part.iter().zip(new) {
            self.outcomes[at] = if new { Delivered::Now } else { Delivered::Before };
        }
        Ok(())
    }

    async fn back(&self) -> ClientResult<()> {
        self.client.batch_execute("ROLLBACK TO part; RELEASE part").await
    }

    /// Divides a failed part, or returns the outcome of a single failing row.
    async fn failed(
        &mut self,
        kind: Kind,
        part: Vec<usize>,
        parts: &mut Vec<Vec<usize>>,
        stream: &mut Stream,
        error: Error,
    ) -> ClientResult<()> {
        let refusal = kind_of(&error);
        let whole = error.as_db_error().is_none() || ends_the_connection(&error) || refusal.is_about_the_server();
        if whole || refusal == Refusal::Conflict && self.repeats > 0 {
            return Err(error);
        }
        self.back().await?;
        let why = sentence(&error);
        if refusal == Refusal::Data {
            self.divide(&part, 2, parts, Delivered::Refused(why));
            return Ok(());
        }
        let waited = matches!(refusal, Refusal::Locked | Refusal::Cancelled);
        if !waited && !std::mem::replace(&mut stream.probed, true) {
            stream.blocked = self.about_the_tables(kind).await?;
            if stream.blocked.is_some() {
                parts.push(part);
                return Ok(());
            }
        }
        let pieces = if waited { part.len().isqrt().max(2) } else { 2 };
        if let Some(alone) = self.divide(&part, pieces, parts, Delivered::Failed(why.clone())) {
            stream.count(waited);
            if kind == Kind::Deployed {
                stream.held.insert(self.deliveries[alone].pattern_id);
            }
            if stream.is_used_up() {
                stream.blocked = Some(Delivered::Blocked(refusal, why));
            }
        }
        Ok(())
    }

    /// The outcome of all rows if the server refuses the statement even without rows.
    async fn about_the_tables(&self, kind: Kind) -> ClientResult<Option<Delivered>> {
        self.client.batch_execute("SAVEPOINT part").await?;
        let outcome = statements::probe(self.client, kind).await;
        if let Err(Stopped::Failed(error)) = outcome {
            if error.as_db_error().is_none() || ends_the_connection(&error) {
                return Err(error);
            }
            self.back().await?;
            let (refusal, why) = (kind_of(&error), sentence(&error));
            return Ok(Some(match refusal {
                Refusal::ColumnType => Delivered::Refused(why),
                _ => Delivered::Blocked(refusal, why),
            }));
        }
        self.back().await?;
        Ok(None)
    }

    /// Divides a part, keeping the order. A single row gets this outcome, and is returned.
    fn divide(
        &mut self,
        part: &[usize],
        pieces: usize,
        parts: &mut Vec<Vec<usize>>,
        outcome: Delivered,
    ) -> Option<usize> {
        if let [alone] = *part {
            self.outcomes[alone] = outcome;
            return Some(alone);
        }
        let length = part.len().div_ceil(pieces);
        parts.extend(part.chunks(length).rev().map(<[usize]>::to_vec));
        None
    }
}

impl Stream {
    fn count(&mut self, waited: bool) {
        if waited { self.waits += 1 } else { self.failures += 1 }
    }

    fn is_used_up(&self) -> bool {
        self.waits >= MOST_WAITS || self.failures >= MOST_FAILURES
    }
}
