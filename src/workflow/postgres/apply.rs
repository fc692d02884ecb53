//! A delivery as SQL: the keys of a batch, then the effects of those that were new, in one transaction.

use std::collections::HashSet;
use std::error::Error as _;
use std::ops::Range;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error};

use crate::model::{Changed, Delivery, Event, Execution};
use crate::workflow::Delivered;

/// Times are written as UTC, whatever the columns make of them; and what a constraint says is to be heard inside the savepoint.
const BEGIN: &str = "BEGIN; SET LOCAL TIME ZONE 'UTC'; SET CONSTRAINTS ALL IMMEDIATE";

/// How often a transaction is repeated that the server gave up for the sake of another one.
const REPEATS: usize = 5;

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// Why a part of a batch has no effect.
enum Stopped {
    /// The rows are to blame.
    Refused(String),
    /// Anything else.
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        if blames_the_row(&error) { Self::Refused(sentence(&error)) } else { Self::Failed(error) }
    }
}

pub(super) async fn deliver(client: &Client, deliveries: &[Delivery]) -> Result<Vec<Delivered>, Error> {
    let mut repeats = REPEATS;
    loop {
        match transaction(client, deliveries).await {
            Err(error) if error.as_db_error().is_some() => {
                client.batch_execute("ROLLBACK").await?;
                if repeats == 0 || !gave_way(&error) {
                    return Err(error);
                }
                repeats -= 1;
            }
            done => return done,
        }
    }
}

/// Halves what is refused until the rows that are to blame are alone: the rest of a batch does not suffer for them, and the
/// usual batch costs as many statements as it has kinds of events.
async fn transaction(client: &Client, deliveries: &[Delivery]) -> Result<Vec<Delivered>, Error> {
    let mut outcomes = vec![Delivered::Before; deliveries.len()];
    client.batch_execute(BEGIN).await?;
    let whole = 0..deliveries.len();
    let mut parts = vec![whole];
    while let Some(part) = parts.pop() {
        client.batch_execute("SAVEPOINT part").await?;
        match apply(client, &deliveries[part.clone()]).await {
            Ok(new) => {
                client.batch_execute("RELEASE part").await?;
                for (outcome, new) in outcomes[part].iter_mut().zip(new) {
                    *outcome = if new { Delivered::Now } else { Delivered::Before };
                }
            }
            Err(Stopped::Refused(why)) => {
                client.batch_execute("ROLLBACK TO part; RELEASE part").await?;
                split(part, &mut parts, &mut outcomes, why);
            }
            Err(Stopped::Failed(error)) => return Err(error),
        }
    }
    client.batch_execute("COMMIT").await?;
    Ok(outcomes)
}

/// The first half comes next, so that the order stays.
fn split(part: Range<usize>, parts: &mut Vec<Range<usize>>, outcomes: &mut [Delivered], why: String) {
    if part.len() == 1 {
        outcomes[part.start] = Delivered::Refused(why);
        return;
    }
    let middle = part.start + part.len() / 2;
    parts.extend([middle..part.end, part.start..middle]);
}

/// Applies a part; for each of its deliveries, whether it was new.
async fn apply(client: &Client, part: &[Delivery]) -> Result<Vec<bool>, Stopped> {
    if let Some(why) = part.iter().find_map(|it| it.event.as_ref().err()) {
        return Err(Stopped::Refused(why.clone()));
    }
    let mut keys = record_keys(client, part).await?;
    let new: Vec<bool> = part.iter().map(|it| keys.remove(&it.key)).collect();
    let events = || part.iter().zip(&new).filter(|it| *it.1).map(|(it, _)| it);
    let (mut executions, mut completed, mut deployed, mut updated) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for delivery in events() {
        match &delivery.event {
            Ok(Event::Execution(execution)) => executions.push((delivery.pattern_id, execution)),
            Ok(Event::Completed(execution)) => completed.push((delivery.pattern_id, execution)),
            Ok(Event::Deployed(changed)) => deployed.push((delivery.pattern_id, changed)),
            Ok(Event::Updated(changed)) => updated.push((delivery.pattern_id, changed)),
            Err(_) => {} // refused above
        }
    }
    // Kinds touch different tables, so it is enough that the order is kept within each.
    execute(client, &executions).await?;
    complete(client, &completed).await?;
    deploy(client, &deployed).await?;
    update(client, &updated).await?;
    Ok(new)
}

/// Writes the keys down; those that were not there.
async fn record_keys(client: &Client, part: &[Delivery]) -> Result<HashSet<String>, Stopped> {
    let keys: Vec<&str> = part.iter().map(|it| it.key.as_str()).collect();
    let rows = client
        .query_typed(
            "INSERT INTO cfn_deliveries (delivery_key)
             SELECT key FROM unnest($1) WITH ORDINALITY AS it (key, place) ORDER BY place
             ON CONFLICT (delivery_key) DO NOTHING RETURNING delivery_key::text",
            &[(&keys, Type::TEXT_ARRAY)],
        )
        .await?;
    rows.iter().map(|row| row.try_get(0).map_err(Stopped::Failed)).collect()
}

/// A column of many rows.
fn column<'a, R, T>(rows: &'a [(i64, R)], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(|(_, row)| value(row)).collect()
}

fn patterns<R>(rows: &[(i64, R)]) -> Vec<i64> {
    rows.iter().map(|it| it.0).collect()
}

async fn execute(client: &Client, rows: &[(i64, &Execution)]) -> Result<(), Stopped> {
    if rows.is_empty() {
        return Ok(());
    }
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

/// A use that was delivered without its outcome is found by what is known of it, among those that have none: rows of the same second,
/// team and task are the same until one of them is completed. The keys see to it that each is completed once.
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
            (&it.timestamp, Type::TEXT),
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
    if rows.is_empty() {
        return Ok(());
    }
    let wanted = patterns(rows);
    let parameters: [Parameter<'_>; 2] =
        [(&wanted, Type::INT8_ARRAY), (&column(rows, |it| it.skill_id.0), Type::INT8_ARRAY)];
    let sql = "UPDATE workflow_patterns SET status = 'deployed', deployed_skill_id = last.skill
         FROM (SELECT DISTINCT ON (pattern) pattern, skill FROM unnest($1, $2) WITH ORDINALITY AS it (pattern, skill, place)
           ORDER BY pattern, place DESC) AS last
         WHERE workflow_patterns.id = last.pattern RETURNING last.pattern";
    let found = client.query_typed(sql, &parameters).await?;
    let found: HashSet<i64> = found.iter().map(|row| row.try_get(0)).collect::<Result<_, Error>>()?;
    match wanted.iter().find(|it| !found.contains(it)) {
        Some(pattern) => Err(Stopped::Refused(format!("workflow_patterns has no pattern {pattern}"))),
        None => Ok(()),
    }
}

async fn update(client: &Client, rows: &[(i64, &Changed)]) -> Result<(), Stopped> {
    if rows.is_empty() {
        return Ok(());
    }
    let parameters: [Parameter<'_>; 2] =
        [(&patterns(rows), Type::INT8_ARRAY), (&column(rows, |it| it.timestamp.as_str()), Type::TEXT_ARRAY)];
    let sql = "UPDATE edge_cases SET resolved = TRUE, resolved_at = first.at
         FROM (SELECT pattern, min(at::timestamptz) AS at FROM unnest($1, $2) AS it (pattern, at) GROUP BY pattern) AS first
         WHERE edge_cases.pattern_id = first.pattern AND edge_cases.resolved IS NOT TRUE";
    client.execute_typed(sql, &parameters).await?;
    Ok(())
}

/// Data that a column cannot hold (22), constraints (23, 44), and what a trigger raises (P0001).
fn blames_the_row(error: &Error) -> bool {
    let Some(code) = error.code() else { return false };
    matches!(&code.code()[..2], "22" | "23" | "44") || code.code() == "P0001"
}

/// A deadlock, or a conflict with another transaction: the same again may succeed.
fn gave_way(error: &Error) -> bool {
    error.code().is_some_and(|it| ["40001", "40P01"].contains(&it.code()))
}

/// The server goes away (57P01 to 57P05) or says that the connection is no more (08).
pub(super) fn ends_the_connection(error: &Error) -> bool {
    error.code().is_some_and(|it| it.code().starts_with("57P0") || it.code().starts_with("08"))
}

/// What the server said, in one line; the client's own words hide it.
pub(super) fn sentence(error: &Error) -> String {
    let Some(said) = error.as_db_error() else {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        return text;
    };
    let detail = said.detail().map(|it| format!(" ({it})")).unwrap_or_default();
    format!("{}{detail} [{}]", said.message(), said.code().code())
}
