//! The SQL of a delivery: it records the keys of a part, then applies the events whose keys were new.

use std::collections::HashSet;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error};

use crate::model::{Changed, Delivery, Event, Execution, StoredTime};
use crate::postgres::ClientResult;

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// Why a part of a batch was not applied.
pub(super) enum Stopped {
    /// It has an invalid row: unreadable, or about a missing pattern.
    Refused(String),
    /// The server refused it, or did not answer.
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Kinds of events, by the tables that they change. Kinds do not wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Unreadable,
    Execution,
    Completed,
    Deployed,
    Updated,
}

impl Kind {
    /// In the order of delivery: a use is written before it is completed.
    pub(super) const ALL: [Self; 5] =
        [Self::Unreadable, Self::Deployed, Self::Execution, Self::Completed, Self::Updated];

    pub(super) fn of(delivery: &Delivery) -> Self {
        match &delivery.event {
            Ok(Event::Execution(_)) => Self::Execution,
            Ok(Event::Completed(_)) => Self::Completed,
            Ok(Event::Deployed(_)) => Self::Deployed,
            Ok(Event::Updated(_)) => Self::Updated,
            Err(_) => Self::Unreadable,
        }
    }
}

/// Applies deliveries of one kind; returns whether each was new.
pub(super) async fn apply(client: &Client, part: &[&Delivery]) -> Result<Vec<bool>, Stopped> {
    if let Some(why) = part.iter().find_map(|it| it.event.as_ref().err()) {
        return Err(Stopped::Refused(why.clone()));
    }
    let mut keys = record_keys(client, part).await?;
    let new: Vec<bool> = part.iter().map(|it| keys.remove(&it.key)).collect();
    let (mut executions, mut completed, mut deployed, mut updated) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for delivery in part.iter().zip(&new).filter(|it| *it.1).map(|(it, _)| it) {
        match &delivery.event {
            Ok(Event::Execution(execution)) => executions.push((delivery.pattern_id, execution)),
            Ok(Event::Completed(execution)) => completed.push((delivery.pattern_id, execution)),
            Ok(Event::Deployed(changed)) => deployed.push((delivery.pattern_id, changed)),
            Ok(Event::Updated(changed)) => updated.push((delivery.pattern_id, changed)),
            Err(_) => {} // refused above
        }
    }
    if !executions.is_empty() {
        execute(client, &executions).await?;
    }
    complete(client, &completed).await?;
    if !deployed.is_empty() {
        deploy(client, &deployed).await?;
    }
    if !updated.is_empty() {
        update(client, &updated).await?;
    }
    Ok(new)
}

/// Runs the statement of a kind without rows, so that an error is about the tables and not about a row.
pub(super) async fn probe(client: &Client, kind: Kind) -> Result<(), Stopped> {
    record_keys(client, &[]).await?;
    match kind {
        Kind::Unreadable => Ok(()),
        Kind::Execution => execute(client, &[]).await,
        Kind::Completed => complete(client, &[(i64::MIN, &nothing())]).await,
        Kind::Deployed => deploy(client, &[]).await,
        Kind::Updated => update(client, &[]).await,
    }
}

/// An execution that matches no row.
fn nothing() -> Execution {
    Execution {
        team_id: String::new(),
        task_id: None,
        execution_time_ms: None,
        exit_code: None,
        cost_avoided_usd: None,
        tokens_avoided: None,
        timestamp: StoredTime::from("1970-01-01 00:00:00".to_owned()),
    }
}

/// Records the keys; returns the new ones.
async fn record_keys(client: &Client, part: &[&Delivery]) -> Result<HashSet<String>, Stopped> {
    let keys: Vec<&str> = part.iter().map(|it| it.key.as_str()).collect();
    let rows = client
        .query_typed(
            "INSERT INTO cfn_deliveries (delivery_key)
             SELECT key FROM unnest($1) WITH ORDINALITY AS it (key, place) ORDER BY place
             ON CONFLICT (delivery_key) DO NOTHING RETURNING delivery_key::text",
            &[(&keys, Type::TEXT_ARRAY)],
        )
        .await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<ClientResult<_>>()?)
}

/// One column of all rows.
fn column<'a, R, T>(rows: &'a [(i64, R)], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(|(_, row)| value(row)).collect()
}

fn patterns<R>(rows: &[(i64, R)]) -> Vec<i64> {
    rows.iter().map(|it| it.0).collect()
}

async fn execute(client: &Client, rows: &[(i64, &Execution)]) -> Result<(), Stopped> {
    let parameters: [Parameter<'_>; 8] = [
        (&patterns(rows), Type::INT8_ARRAY),
        (&column(rows, |it| it.team_id.as_str()), Type::TEXT_ARRAY),
        (&column(rows, |it| it.task_id.as_deref()), Type::TEXT_ARRAY),
        (&column(rows, |it| it.execution_time_ms), Type::INT8_ARRAY),
        (&column(rows, |it| it.exit_code), Type::INT8_ARRAY),
        (&column(rows, |it| it.cost_avoided_usd), Type::FLOAT8_ARRAY),
        (&column(rows, |it| it.tokens_avoided), Type::INT8_ARRAY),
        (&column(rows, |it| it.timestamp.as_str()), Type::TEXT_ARRAY),
    ];
    let sql =
        "INSERT INTO skill_executions (skill_id, team_id, task_id, execution_time_ms, exit_code, cost_avoided_usd,
           tokens_avoided, timestamp)
         SELECT pattern, team, task, ms, code, usd, tokens, at::timestamptz
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) WITH ORDINALITY
           AS it (pattern, team, task, ms, code, usd, tokens, at, place) ORDER BY place";
    client.execute_typed(sql, &parameters).await?;
    Ok(())
}

/// Completes uses that were delivered without an outcome. A use is found by its second, team and task among the rows
/// without an outcome; equal rows are interchangeable. The delivery keys ensure that each is completed once.
async fn complete(client: &Client, rows: &[(i64, &Execution)]) -> Result<(), Stopped> {
    let sql =
        "UPDATE skill_executions SET execution_time_ms = $4, exit_code = $5, cost_avoided_usd = $6, tokens_avoided = $7
         WHERE ctid = (SELECT ctid FROM skill_executions WHERE skill_id = $1 AND team_id = $2
           AND task_id IS NOT DISTINCT FROM $3 AND timestamp = $8::timestamptz AND execution_time_ms IS NULL
           AND exit_code IS NULL AND cost_avoided_usd IS NULL AND tokens_avoided IS NULL LIMIT 1)";
    for (pattern, it) in rows {
        let parameters: [Parameter<'_>; 8] = [
            (pattern, Type::INT8),
            (&it.team_id, Type::TEXT),
            (&it.task_id, Type::TEXT),
            (&it.execution_time_ms, Type::INT8),
            (&it.exit_code, Type::INT8),
            (&it.cost_avoided_usd, Type::FLOAT8),
            (&it.tokens_avoided, Type::INT8),
            (&it.timestamp.as_str(), Type::TEXT),
        ];
        if client.execute_typed(sql, &parameters).await? == 0 {
            return Err(Stopped::Refused(
                "skill_executions has no use without an outcome that this one belongs to".to_owned(),
            ));
        }
    }
    Ok(())
}

async fn deploy(client: &Client, rows: &[(i64, &Changed)]) -> Result<(), Stopped> {
    let wanted = patterns(rows);
    let parameters: [Parameter<'_>; 2] =
        [(&wanted, Type::INT8_ARRAY), (&column(rows, |it| it.skill_id.0), Type::INT8_ARRAY)];
    let sql = "UPDATE workflow_patterns SET status = 'deployed', deployed_skill_id = last.skill
         FROM (SELECT DISTINCT ON (pattern) pattern, skill FROM unnest($1, $2) WITH ORDINALITY AS it (pattern, skill, place)
           ORDER BY pattern, place DESC) AS last
         WHERE workflow_patterns.id = last.pattern RETURNING last.pattern";
    let found = client.query_typed(sql, &parameters).await?;
    let found: HashSet<i64> = found.iter().map(|row| row.try_get(0)).collect::<ClientResult<_>>()?;
    match wanted.iter().find(|it| !found.contains(it)) {
        Some(pattern) => Err(Stopped::Refused(format!("workflow_patterns has no pattern {pattern}"))),
        None => Ok(()),
    }
}

async fn update(client: &Client, rows: &[(i64, &Changed)]) -> Result<(), Stopped> {
    let parameters: [Parameter<'_>; 2] =
        [(&patterns(rows), Type::INT8_ARRAY), (&column(rows, |it| it.timestamp.as_str()), Type::TEXT_ARRAY)];
    let sql = "UPDATE edge_cases SET resolved = TRUE, resolved_at = first.at
         FROM (SELECT pattern, min(at::timestamptz) AS at FROM unnest($1, $2) AS it (pattern, at) GROUP BY pattern) AS first
         WHERE edge_cases.pattern_id = first.pattern AND edge_cases.resolved IS NOT TRUE";
    client.execute_typed(sql, &parameters).await?;
    Ok(())
}
