//! `outbox`: queued events for the workflow database, dead letters, and the backoff of its server. Columns and names
//! that other versions of cfn read keep their old names.

use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

use super::rows::{Fields, collect, first};
use super::verified::{clear, insert, insert_if, require_none, update};
use crate::model::{
    Changed, Delivery, Event, Execution, Failures, Moment, OpenUse, Outcome, SkillId, StoredTime, Usage,
};
use crate::store::{Due, OutboxSummary, Undelivered};

/// The entry with the end of the backoff, shared by all processes.
const BACKOFF_UNTIL: &str = "workflow_left_alone_until";

/// Whether a use still awaits its outcome, and is not delivered yet. A clock that was set back delays it by at most ten
/// minutes.
macro_rules! held {
    () => {
        "coalesce(not_before BETWEEN datetime('now', '+1 second') AND datetime('now', '+10 minutes'), false)"
    };
}

/// The skill whose events are queued.
const HAS_PATTERN: &str = "SELECT 1 FROM skills WHERE id = ?1 AND phase4_pattern_id IS NOT NULL";

/// Queues an event, if the skill was generated from a pattern.
fn add(connection: &Connection, skill: SkillId, event: &Event, now: &StoredTime) -> Result<()> {
    insert_if(
        connection,
        "INSERT INTO outbox (pattern_id, kind, payload, created_at)
         SELECT phase4_pattern_id, ?2, ?3, ?4 FROM skills WHERE id = ?1 AND phase4_pattern_id IS NOT NULL",
        HAS_PATTERN,
        params![skill.0, event.kind(), payload(event)?, now.as_str()],
    )?;
    Ok(())
}

fn payload(event: &Event) -> Result<String> {
    event.payload().map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Queues a use; returns its delivery key if it was queued.
pub(super) fn executed(connection: &Connection, usage: &Usage<'_>) -> Result<Option<String>> {
    let outcome = usage.outcome.unwrap_or_default();
    let event = Event::Execution(execution(usage.agent_type, usage.task_id, usage.loaded_at.into(), &outcome));
    let most = usage.awaits_outcome().then_some("+10 minutes");
    let sql = "INSERT INTO outbox (pattern_id, kind, payload, created_at, not_before)
         SELECT phase4_pattern_id, ?2, ?3, ?4, datetime('now', ?5) FROM skills WHERE id = ?1 AND phase4_pattern_id IS NOT NULL
         RETURNING id || ' ' || delivery_key";
    let parameters = params![usage.skill_id.0, event.kind(), payload(&event)?, usage.loaded_at, most];
    let queued = first(connection, sql, parameters, |row| row.get(0))?;
    if queued.is_none() {
        require_none(connection, sql, HAS_PATTERN, params![usage.skill_id.0])?;
    }
    Ok(queued)
}

fn execution(agent_type: &str, task_id: Option<&str>, at: StoredTime, outcome: &Outcome) -> Execution {
    Execution {
        team_id: agent_type.to_owned(),
        task_id: task_id.map(str::to_owned),
        execution_time_ms: outcome.execution_ms,
        exit_code: outcome.exit_code,
        cost_avoided_usd: outcome.cost_avoided_usd,
        tokens_avoided: outcome.tokens_avoided,
        timestamp: at,
    }
}

/// Queues the outcome of a use: with the use itself, if that was not delivered yet, or else as a change of it. A use
/// that was not queued is queued now, if `on`.
pub(super) fn completed(connection: &Connection, open: &OpenUse, outcome: &Outcome, on: bool) -> Result<()> {
    let row = "SELECT skill_id, coalesce(CAST(agent_type AS TEXT), ''), CAST(task_id AS TEXT), coalesce(CAST(loaded_at AS TEXT), '')
         FROM skill_usage_log WHERE id = ?1";
    let Some((skill, execution)) = first(connection, row, [open.id], |row| {
        let mut fields = Fields::new("skill_usage_log", row);
        let (skill, agent_type) = (SkillId(fields.get()?), fields.text()?);
        let (task, at) = (fields.maybe_text()?, fields.text()?);
        Ok((skill, execution(&agent_type, task.as_deref(), at.into(), outcome)))
    })?
    else {
        return Ok(());
    };
    let at = execution.timestamp.clone();
    let Some((id, key)) = open.key.split_once(' ') else {
        return if on { add(connection, skill, &Event::Execution(execution), &at) } else { Ok(()) };
    };
    let with_the_use = concat!(
        "UPDATE outbox SET payload = ?3, not_before = NULL
         WHERE id = ?1 AND delivery_key = ?2 AND (set_aside_at IS NOT NULL OR ",
        held!(),
        ")"
    );
    let whole = Event::Execution(execution.clone());
    if update(connection, with_the_use, params![id, key, payload(&whole)?])? > 0 {
        return Ok(());
    }
    let event = Event::Completed(execution);
    insert_if(
        connection,
        "INSERT INTO outbox (delivery_key, pattern_id, kind, payload, created_at)
         SELECT ?2 || '/completed', phase4_pattern_id, ?3, ?4, ?5 FROM skills WHERE id = ?1 AND phase4_pattern_id IS NOT NULL",
        HAS_PATTERN,
        params![skill.0, key, event.kind(), payload(&event)?, at.as_str()],
    )?;
    Ok(())
}

pub(super) fn deployed(connection: &Connection, skill_id: SkillId, now: Moment) -> Result<()> {
    let timestamp = StoredTime::from(now);
    add(connection, skill_id, &Event::Deployed(Changed { skill_id, timestamp: timestamp.clone() }), &timestamp)
}

pub(super) fn updated(connection: &Connection, skill_id: SkillId, now: Moment) -> Result<()> {
    let timestamp = StoredTime::from(now);
    add(connection, skill_id, &Event::Updated(Changed { skill_id, timestamp: timestamp.clone() }), &timestamp)
}

/// Reads every column as text: other programs may have stored anything, and a bad row must not stop the others.
pub(super) fn waiting(connection: &Connection, after: i64, most: usize) -> Result<Vec<Delivery>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    collect(
        connection,
        concat!(
            "SELECT id, CAST(delivery_key AS BLOB), CAST(pattern_id AS INTEGER), CAST(kind AS BLOB), CAST(payload AS BLOB),
               CAST(reason AS BLOB)
             FROM outbox WHERE set_aside_at IS NULL AND id > ?1 AND NOT ", held!(), " ORDER BY id LIMIT ?2"
        ),
        [after, most],
        |row| {
            let mut fields = Fields::new("outbox", row);
            let (id, key, pattern_id): (_, Vec<u8>, _) = (fields.get()?, fields.get()?, fields.get()?);
            let (kind, payload): (Vec<u8>, Vec<u8>) = (fields.get()?, fields.get()?);
            let reason: Option<Vec<u8>> = fields.get()?;
            let failures = reason.and_then(|it| Failures::parse(&String::from_utf8_lossy(&it)));
            let event = Event::parse(&String::from_utf8_lossy(&kind), &payload);
            let (key, event) = match String::from_utf8(key) {
                Ok(key) => (key, event),
                Err(error) => (hex(error.as_bytes()), Err(NO_TEXT.to_owned())),
            };
            Ok(Delivery { id, key, pattern_id, event, failures })
        },
    )
}

const NO_TEXT: &str = "its delivery_key is not UTF-8";

/// In the form of SQLite's `hex()`, to find a key that is not text.
fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default().to_ascii_uppercase();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Selects the row of a delivery. It also compares the key: after a restore, another row may have the id.
macro_rules! that_row {
    () => {
        "id = ?1 AND (CAST(delivery_key AS TEXT) = ?2 OR hex(CAST(delivery_key AS BLOB)) = ?2)"
    };
}

pub(super) fn delivered(connection: &Connection, delivery: &Delivery) -> Result<()> {
    let sql = concat!("DELETE FROM outbox WHERE ", that_row!());
    clear(connection, sql, params![delivery.id, delivery.key])?;
    Ok(())
}

pub(super) fn failed(connection: &Connection, delivery: &Delivery, failures: &Failures) -> Result<()> {
    let sql = concat!("UPDATE outbox SET reason = ?3 WHERE set_aside_at IS NULL AND ", that_row!());
    update(connection, sql, params![delivery.id, delivery.key, failures.to_string()])?;
    Ok(())
}

pub(super) fn dead_letter(connection: &Connection, delivery: &Delivery, reason: &str, now: Moment) -> Result<()> {
    update(
        connection,
        concat!("UPDATE outbox SET set_aside_at = ?3, reason = ?4 WHERE ", that_row!()),
        params![delivery.id, delivery.key, now, reason],
    )?;
    Ok(())
}

pub(super) fn retry(connection: &Connection) -> Result<usize> {
    clear(connection, "UPDATE outbox SET set_aside_at = NULL, reason = NULL WHERE set_aside_at IS NOT NULL", &[])
}

/// The text of a failure starts with its time.
pub(super) fn is_anything_due(connection: &Connection, due: Due) -> Result<bool> {
    let sql = concat!(
        "SELECT 1 FROM outbox WHERE set_aside_at IS NULL AND NOT ",
        held!(),
        " AND (reason IS NULL OR substr(CAST(reason AS TEXT), 1, 19) NOT BETWEEN ?1 AND ?2) LIMIT 1"
    );
    let found = first(connection, sql, [due.failed_since, due.now], |_| Ok(()))?;
    Ok(found.is_some())
}

pub(super) fn summary(connection: &Connection) -> Result<OutboxSummary> {
    let counted = first(
        connection,
        "SELECT count(*) FILTER (WHERE set_aside_at IS NULL), count(*) FILTER (WHERE set_aside_at IS NOT NULL),
           count(*) FILTER (WHERE set_aside_at IS NULL AND reason IS NOT NULL),
           (SELECT CAST(created_at AS TEXT) FROM outbox WHERE set_aside_at IS NULL ORDER BY id LIMIT 1)
         FROM outbox",
        [],
        |row| {
            let count = |index| row.get::<_, i64>(index).map(i64::unsigned_abs);
            let oldest = row.get::<_, Option<String>>(3)?.map(StoredTime::from);
            Ok(OutboxSummary { waiting: count(0)?, dead_letters: count(1)?, failing: count(2)?, oldest })
        },
    )?;
    Ok(counted.unwrap_or_default())
}

pub(super) fn dead_letters(connection: &Connection, most: usize) -> Result<Vec<Undelivered>> {
    undelivered(
        connection,
        "SELECT id, CAST(pattern_id AS INTEGER), CAST(kind AS TEXT), CAST(created_at AS TEXT), CAST(set_aside_at AS TEXT),
           coalesce(CAST(reason AS TEXT), '')
         FROM outbox WHERE set_aside_at IS NOT NULL ORDER BY id LIMIT ?1",
        most,
    )
}

pub(super) fn failing(connection: &Connection, most: usize) -> Result<Vec<Undelivered>> {
    undelivered(
        connection,
        "SELECT id, CAST(pattern_id AS INTEGER), CAST(kind AS TEXT), CAST(created_at AS TEXT),
           substr(CAST(reason AS TEXT), 1, 19), substr(CAST(reason AS TEXT), 21)
         FROM outbox WHERE set_aside_at IS NULL AND reason IS NOT NULL ORDER BY id LIMIT ?1",
        most,
    )
}

fn undelivered(connection: &Connection, sql: &'static str, most: usize) -> Result<Vec<Undelivered>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    collect(connection, sql, [most], |row| {
        let mut fields = Fields::new("outbox", row);
        Ok(Undelivered {
            id: fields.get()?,
            pattern_id: fields.get()?,
            kind: fields.get()?,
            created_at: fields.get::<Option<String>>()?.map(StoredTime::from),
            failed_at: fields.get::<String>()?.into(),
            reason: fields.get()?,
        })
    })
}

/// Seconds since 1970; any other stored value is ignored.
pub(super) fn backoff_until(connection: &Connection) -> Result<Option<Timestamp>> {
    let sql = "SELECT value FROM cfn_metadata WHERE name = ?1 AND typeof(value) = 'integer'";
    let seconds = first(connection, sql, [BACKOFF_UNTIL], |row| row.get(0))?;
    Ok(seconds.and_then(|it| Timestamp::from_second(it).ok()))
}

pub(super) fn back_off(connection: &Connection, until: Option<Timestamp>) -> Result<()> {
    match until {
        Some(until) => insert(
            connection,
            "INSERT OR REPLACE INTO cfn_metadata (name, value) VALUES (?1, ?2)",
            params![BACKOFF_UNTIL, until.as_second()],
        ),
        None => clear(connection, "DELETE FROM cfn_metadata WHERE name = ?1", params![BACKOFF_UNTIL]).map(drop),
    }
}
