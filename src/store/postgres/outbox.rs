//! `outbox`: queued events for the workflow database, dead letters, and the backoff of its server. Columns and names
//! are those of the SQLite engine.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::fields::Fields;
use super::parameters::{Parameter, big, maybe_text, small, text};
use super::session::Session;
use super::verified::{added, changed, skipped};
use crate::model::{
    Changed, Delivery, Event, Execution, Failures, Moment, OpenUse, Outcome, SkillId, StoredTime, Usage,
};
use crate::store::{Due, OutboxSummary, Result, StoreError, Undelivered};

/// The entry with the end of the backoff, shared by all processes.
const BACKOFF_UNTIL: &str = "workflow_left_alone_until";

/// The text of a time that is so far from now.
macro_rules! in_a_while {
    ($interval:literal) => {
        concat!(
            "to_char(statement_timestamp() AT TIME ZONE 'UTC' + interval '",
            $interval,
            "', 'YYYY-MM-DD HH24:MI:SS')"
        )
    };
}

/// Whether a use still awaits its outcome, and is not delivered yet. A clock that was set back delays it by at most ten
/// minutes.
macro_rules! held {
    () => {
        concat!("coalesce(not_before BETWEEN ", in_a_while!("1 second"), " AND ", in_a_while!("10 minutes"), ", false)")
    };
}

/// The skill whose events are queued.
macro_rules! has_pattern {
    () => {
        " FROM skills WHERE id = $1 AND phase4_pattern_id IS NOT NULL"
    };
}

/// Queues an event, if the skill was generated from a pattern.
fn add(session: &Session, skill: SkillId, event: &Event, now: &StoredTime) -> Result<()> {
    let sql = added!(
        "outbox",
        concat!("(pattern_id, kind, payload, created_at) SELECT phase4_pattern_id, $2, $3, $4", has_pattern!()),
        concat!("SELECT", has_pattern!())
    );
    session.write(sql, &[big(skill.0), text(event.kind()), text(&payload(event)?), text(now.as_str())])
}

fn payload(event: &Event) -> Result<String> {
    event.payload().map_err(|_| StoreError::Defect("an event cannot be written as JSON"))
}

/// Queues a use; returns its delivery key if it was queued.
pub(super) fn executed(session: &Session, usage: &Usage<'_>) -> Result<Option<String>> {
    let outcome = usage.outcome.unwrap_or_default();
    let event = Event::Execution(execution(usage.agent_type, usage.task_id, usage.loaded_at.into(), &outcome));
    let sql = concat!(
        "WITH w AS (INSERT INTO outbox (pattern_id, kind, payload, created_at, not_before)
         SELECT phase4_pattern_id, $2, $3, $4, CASE WHEN $5::smallint <> 0 THEN ",
        in_a_while!("10 minutes"),
        " END",
        has_pattern!(),
        " RETURNING id || ' ' || delivery_key AS key)
         SELECT key FROM w UNION ALL SELECT skipped::text FROM (",
        skipped!("outbox", concat!("NOT EXISTS (SELECT FROM w) AND EXISTS (SELECT", has_pattern!(), ")")),
        ") AS it (skipped)"
    );
    let (skill, payload) = (big(usage.skill_id.0), payload(&event)?);
    let (at, waits) = (text(usage.loaded_at.as_str()), small(usage.awaits_outcome()));
    let row = session.returned(sql, &[skill, text(event.kind()), text(&payload), at, waits])?;
    row.map(|row| Fields::new("outbox", &row).get()).transpose()
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
pub(super) fn completed(session: &Session, open: &OpenUse, outcome: &Outcome, on: bool) -> Result<()> {
    let sql = "SELECT skill_id, agent_type, task_id, loaded_at FROM skill_usage_log WHERE id = $1";
    let Some(row) = session.first(sql, &[big(open.id)])? else { return Ok(()) };
    let mut fields = Fields::new("skill_usage_log", &row);
    let (skill, agent_type) = (SkillId(fields.get()?), fields.text()?);
    let (task, at): (Option<String>, StoredTime) = (fields.get()?, fields.text()?.into());
    let execution = execution(&agent_type, task.as_deref(), at.clone(), outcome);
    let Some((id, key)) = open.key.split_once(' ') else {
        return if on { add(session, skill, &Event::Execution(execution), &at) } else { Ok(()) };
    };
    let with_the_use = changed!(
        "outbox",
        "payload = $3, not_before = NULL",
        concat!("id::text = $1 AND delivery_key = $2 AND (set_aside_at IS NOT NULL OR ", held!(), ")")
    );
    let whole = payload(&Event::Execution(execution.clone()))?;
    if session.counted(with_the_use, &[text(id), text(key), text(&whole)])? > 0 {
        return Ok(());
    }
    let event = Event::Completed(execution);
    let sql = added!(
        "outbox",
        concat!(
            "(delivery_key, pattern_id, kind, payload, created_at)
             SELECT $2 || '/completed', phase4_pattern_id, $3, $4, $5",
            has_pattern!()
        ),
        concat!("SELECT", has_pattern!())
    );
    let payload = payload(&event)?;
    session.write(sql, &[big(skill.0), text(key), text(event.kind()), text(&payload), text(at.as_str())])
}

pub(super) fn deployed(session: &Session, skill_id: SkillId, now: Moment) -> Result<()> {
    let timestamp = StoredTime::from(now);
    add(session, skill_id, &Event::Deployed(Changed { skill_id, timestamp: timestamp.clone() }), &timestamp)
}

pub(super) fn updated(session: &Session, skill_id: SkillId, now: Moment) -> Result<()> {
    let timestamp = StoredTime::from(now);
    add(session, skill_id, &Event::Updated(Changed { skill_id, timestamp: timestamp.clone() }), &timestamp)
}

pub(super) fn waiting(session: &Session, after: i64, most: usize) -> Result<Vec<Delivery>> {
    let sql = concat!(
        "SELECT id, coalesce(delivery_key, ''), coalesce(pattern_id, 0), coalesce(kind, ''), coalesce(payload, ''), reason
         FROM outbox WHERE set_aside_at IS NULL AND id > $1 AND NOT ",
        held!(),
        " ORDER BY id LIMIT $2"
    );
    let read = |row: &Row| {
        let mut fields = Fields::new("outbox", row);
        let (id, key, pattern_id) = (fields.get()?, fields.get()?, fields.get()?);
        let (kind, payload, reason) = (fields.text()?, fields.text()?, fields.text()?);
        let event = Event::parse(&kind, payload.as_bytes());
        Ok(Delivery { id, key, pattern_id, event, failures: Failures::parse(&reason) })
    };
    session.rows(sql, &[big(after), limit(most)])?.iter().map(read).collect()
}

fn limit(most: usize) -> Parameter<'static> {
    big(i64::try_from(most).unwrap_or(i64::MAX))
}

/// Selects the row of a delivery. It also compares the key: after a restore, another row may have the id.
macro_rules! that_row {
    () => {
        "id = $1 AND coalesce(delivery_key, '') = $2"
    };
}

pub(super) fn delivered(session: &Session, delivery: &Delivery) -> Result<()> {
    session.write(changed!(DELETE "outbox", that_row!()), &[big(delivery.id), text(&delivery.key)])
}

pub(super) fn failed(session: &Session, delivery: &Delivery, failures: &Failures) -> Result<()> {
    let sql = changed!("outbox", "reason = $3", concat!("set_aside_at IS NULL AND ", that_row!()));
    session.write(sql, &[big(delivery.id), text(&delivery.key), text(&failures.to_string())])
}

pub(super) fn dead_letter(session: &Session, delivery: &Delivery, reason: &str, now: Moment) -> Result<()> {
    let sql = changed!("outbox", "set_aside_at = $3, reason = $4", that_row!());
    // The text of an error may hold what no text of the database holds.
    let reason = reason.replace('\0', "\u{fffd}");
    session.write(sql, &[big(delivery.id), text(&delivery.key), text(now.as_str()), text(&reason)])
}

pub(super) fn retry(session: &Session) -> Result<usize> {
    let sql = changed!("outbox", "set_aside_at = NULL, reason = NULL", "set_aside_at IS NOT NULL");
    Ok(usize::try_from(session.counted(sql, &[])?).unwrap_or(usize::MAX))
}

/// The text of a failure starts with its time.
pub(super) fn is_anything_due(session: &Session, due: Due) -> Result<bool> {
    let sql = concat!(
        "SELECT 1 FROM outbox WHERE set_aside_at IS NULL AND NOT ",
        held!(),
        " AND (reason IS NULL OR left(reason, 19) NOT BETWEEN $1 AND $2) LIMIT 1"
    );
    Ok(session.first(sql, &[text(due.failed_since.as_str()), text(due.now.as_str())])?.is_some())
}

pub(super) fn summary(session: &Session) -> Result<OutboxSummary> {
    let row = session.first(
        "SELECT count(*) FILTER (WHERE set_aside_at IS NULL), count(*) FILTER (WHERE set_aside_at IS NOT NULL),
           count(*) FILTER (WHERE set_aside_at IS NULL AND reason IS NOT NULL),
           (SELECT created_at FROM outbox WHERE set_aside_at IS NULL ORDER BY id LIMIT 1)
         FROM outbox",
        &[],
    )?;
    let Some(row) = row else { return Ok(OutboxSummary::default()) };
    let mut fields = Fields::new("outbox", &row);
    let mut count = || fields.get::<i64>().map(i64::unsigned_abs);
    let (waiting, dead_letters, failing) = (count()?, count()?, count()?);
    Ok(OutboxSummary { waiting, failing, dead_letters, oldest: fields.stored()? })
}

pub(super) fn dead_letters(session: &Session, most: usize) -> Result<Vec<Undelivered>> {
    let sql = "SELECT id, coalesce(pattern_id, 0), kind, created_at, set_aside_at, reason
         FROM outbox WHERE set_aside_at IS NOT NULL ORDER BY id LIMIT $1";
    undelivered(session, sql, most)
}

pub(super) fn failing(session: &Session, most: usize) -> Result<Vec<Undelivered>> {
    let sql = "SELECT id, coalesce(pattern_id, 0), kind, created_at, left(reason, 19), substr(reason, 21)
         FROM outbox WHERE set_aside_at IS NULL AND reason IS NOT NULL ORDER BY id LIMIT $1";
    undelivered(session, sql, most)
}

fn undelivered(session: &Session, sql: &str, most: usize) -> Result<Vec<Undelivered>> {
    let read = |row: &Row| {
        let mut fields = Fields::new("outbox", row);
        Ok(Undelivered {
            id: fields.get()?,
            pattern_id: fields.get()?,
            kind: fields.text()?,
            created_at: fields.stored()?,
            failed_at: fields.text()?.into(),
            reason: fields.text()?,
        })
    };
    session.rows(sql, &[limit(most)])?.iter().map(read).collect()
}

/// Seconds since 1970, in digits; any other stored value is ignored.
pub(super) fn backoff_until(session: &Session) -> Result<Option<Timestamp>> {
    let sql = "SELECT encode(value, 'escape') FROM cfn_metadata WHERE name = $1";
    let row = session.first(sql, &[text(BACKOFF_UNTIL)])?;
    let value = row.map(|row| Fields::new("cfn_metadata", &row).text()).transpose()?;
    Ok(value.and_then(|it| Timestamp::from_second(it.parse().ok()?).ok()))
}

pub(super) fn back_off(session: &Session, until: Option<Timestamp>) -> Result<()> {
    let until = until.map(|it| it.as_second().to_string());
    let sql = if until.is_some() {
        "INSERT INTO cfn_metadata (name, value) VALUES ($1, convert_to($2, 'UTF8'))
         ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    } else {
        "DELETE FROM cfn_metadata WHERE name = $1 AND $2::text IS NULL"
    };
    session.write(sql, &[text(BACKOFF_UNTIL), maybe_text(until.as_deref())])
}
