//! Rows of the usage log as values of an archive: reading, comparing and restoring them.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde_json::{Map, Value as Json};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use super::parameters::{big, bigs, text};
use super::session::Session;
use crate::store::archives::{ArchivedDays, EachRow, Value, id_of, refused};
use crate::store::{Result, StoreError};

/// The columns of the log that are not made of others, in the order of the SQLite engine.
pub(super) const COLUMNS: [&str; 24] = [
    "id",
    "agent_id",
    "agent_type",
    "skill_id",
    "task_id",
    "phase",
    "loaded_at",
    "execution_time_ms",
    "confidence_before",
    "confidence_after",
    "success_indicator",
    "test_suite_executed",
    "test_pass_rate",
    "notes",
    "approval_level",
    "phase4_generated",
    "exit_code",
    "version",
    "content_hash",
    "tokens_avoided",
    "cost_avoided_usd",
    "open_key",
    "delivery_key",
    "origin",
];

/// The same columns for a statement, after the month, which is a part of the key.
macro_rules! columns {
    () => {
        "u.month::text, u.id, u.agent_id, u.agent_type, u.skill_id, u.task_id, u.phase, u.loaded_at, u.execution_time_ms,
         u.confidence_before, u.confidence_after, u.success_indicator, u.test_suite_executed, u.test_pass_rate, u.notes,
         u.approval_level, u.phase4_generated, u.exit_code, u.version, u.content_hash, u.tokens_avoided,
         u.cost_avoided_usd, u.open_key, u.delivery_key, u.origin"
    };
}

/// The next rows from the day `$4` to before the day `$1`, behind the key `$2`, `$3`. The month spares reading newer partitions.
const NEXT: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM skill_usage_log u WHERE u.loaded_time IS NOT NULL AND cfn_day(u.loaded_time) >= $4 AND cfn_day(u.loaded_time) < $1
       AND u.month <= coalesce(cfn_month(cfn_time($1 || ' 00:00:00')), 'infinity') AND (u.id, u.month) > ($2, $3::date)
     ORDER BY u.id, u.month LIMIT 10000"
);

const LIVE: &str = concat!("SELECT ", columns!(), " FROM skill_usage_log u WHERE u.id = ANY ($1) FOR UPDATE");

/// Inserts the rows `$3` of the part `$2` of the archive `$1`, and drops the sums with which they went. What belongs to a
/// deleted skill stays as it is.
pub(super) const PUT_BACK: &str = "WITH old AS MATERIALIZED (
       SELECT r.*, EXISTS (SELECT FROM skill_usage_log l WHERE l.id = r.id) AS is_taken
       FROM json_to_recordset($3::json) AS r (id bigint, agent_id text, agent_type text, skill_id bigint, task_id text,
         phase text, loaded_at text, execution_time_ms bigint, confidence_before double precision,
         confidence_after double precision, success_indicator smallint, test_suite_executed smallint,
         test_pass_rate double precision, notes text, approval_level text, phase4_generated smallint, exit_code bigint,
         version text, content_hash text, tokens_avoided bigint, cost_avoided_usd double precision, open_key text,
         delivery_key text, origin text)
       WHERE r.skill_id IN (SELECT id FROM skills)
         AND NOT EXISTS (SELECT FROM usage_archive_kept k WHERE k.archive_id = $1 AND k.part = $2 AND k.row_id = r.id)),
     back AS (INSERT INTO skill_usage_log (id, agent_id, agent_type, skill_id, task_id, phase, loaded_at, execution_time_ms,
         confidence_before, confidence_after, success_indicator, test_suite_executed, test_pass_rate, notes, approval_level,
         phase4_generated, exit_code, version, content_hash, tokens_avoided, cost_avoided_usd, open_key, delivery_key,
         origin, month)
       SELECT CASE WHEN is_taken THEN nextval('skill_usage_log_id_seq') ELSE id END, agent_id, agent_type, skill_id, task_id,
         phase, loaded_at, execution_time_ms, confidence_before, confidence_after, success_indicator, test_suite_executed,
         test_pass_rate, notes, approval_level, phase4_generated, exit_code, version, content_hash, tokens_avoided,
         cost_avoided_usd, open_key, delivery_key, origin, cfn_month(cfn_time(loaded_at)) FROM old ORDER BY id RETURNING 1),
     days AS (DELETE FROM usage_daily WHERE archive_id = $1 AND part = $2 AND archive_id > 0
       AND skill_id IN (SELECT id FROM skills)),
     kept AS (DELETE FROM usage_archive_kept WHERE archive_id = $1 AND part = $2),
     parts AS (DELETE FROM usage_archive_parts WHERE archive_id = $1 AND part = $2)
     SELECT (SELECT count(*) FROM back), (SELECT count(*) FROM old WHERE is_taken)";

/// The rows of a part in the log.
pub(super) struct Matched {
    /// The keys of the rows that are as they were.
    pub(super) chosen: Vec<(i64, String)>,
    /// The ids of those that changed.
    pub(super) kept: Vec<i64>,
}

/// Refuses a log with columns that an archive would lose.
pub(super) fn require_known_columns(session: &Session) -> Result<()> {
    let sql = "SELECT attname::text FROM pg_attribute WHERE attrelid = 'skill_usage_log'::regclass AND attnum > 0
         AND NOT attisdropped ORDER BY attnum";
    let made = ["loaded_time", "month", "xid"];
    let names: Vec<String> = session.rows(sql, &[])?.iter().map(|row| row.get(0)).collect();
    match names.iter().find(|it| !COLUMNS.contains(&it.as_str()) && !made.contains(&it.as_str())) {
        Some(name) => Err(StoreError::Failed {
            location: session.place().location(),
            detail: format!(
                "skill_usage_log has the column {name}, which another program added and an archive would lose"
            ),
        }),
        None => Ok(()),
    }
}

/// Passes on the rows of the days, by their ids. They are read in parts, which limits the time of an answer.
pub(super) fn each_old(session: &Session, days: &ArchivedDays, each: &mut EachRow<'_>) -> Result<()> {
    let first = days.first.as_deref().unwrap_or_default();
    let mut last = (i64::MIN, "-infinity".to_owned());
    loop {
        let rows = session.rows(NEXT, &[text(&days.before), big(last.0), text(&last.1), text(first)])?;
        let Some(end) = rows.last() else { return Ok(()) };
        last = (end.get(1), end.get(0));
        for row in &rows {
            each(&values(row)?)?;
        }
    }
}

/// Locks the rows of a part, and compares them with the file. If a row changed, others with its id stay too, since what stays
/// is noted by its id.
pub(super) fn matched(session: &Session, names: &[String], rows: &[Vec<Value>]) -> Result<Matched> {
    let ids: Vec<i64> = rows.iter().map(|row| id_of(names, row)).collect();
    let mut live: HashMap<i64, Vec<(String, Vec<Value>)>> = HashMap::new();
    if names == COLUMNS {
        for row in session.rows(LIVE, &[bigs(&ids)])? {
            live.entry(row.get(1)).or_default().push((row.get(0), values(&row)?));
        }
    }
    let mut take = |id: &i64, row: &Vec<Value>| {
        let same = live.get_mut(id)?;
        let index = same.iter().position(|(_, now)| now == row)?;
        Some((*id, same.swap_remove(index).0))
    };
    let found: Vec<Option<(i64, String)>> = ids.iter().zip(rows).map(|(id, row)| take(id, row)).collect();
    let changed: HashSet<i64> = ids.iter().zip(&found).filter(|(_, it)| it.is_none()).map(|(id, _)| *id).collect();
    Ok(Matched {
        chosen: found.into_iter().flatten().filter(|(id, _)| !changed.contains(id)).collect(),
        kept: ids.into_iter().filter(|id| changed.contains(id)).collect(),
    })
}

/// The columns of a row after the month.
fn values(row: &Row) -> Result<Vec<Value>> {
    (1..row.len()).map(|index| value(row, index)).collect()
}

fn value(row: &Row, index: usize) -> Result<Value> {
    fn get<'r, T: FromSql<'r>>(row: &'r Row, index: usize, of: fn(T) -> Value) -> Result<Value> {
        let value = row.try_get::<_, Option<T>>(index).map_err(|error| StoreError::DamagedRow {
            table: "skill_usage_log",
            row: row.try_get::<_, i64>(1).map_or_else(|_| "?".to_owned(), |id| id.to_string()),
            detail: error.to_string(),
        })?;
        Ok(value.map_or(Value::Null, of))
    }
    match row.columns().get(index).map(|it| it.type_().clone()) {
        Some(Type::INT2) => get(row, index, |it: i16| Value::Integer(it.into())),
        Some(Type::INT8) => get(row, index, Value::Integer),
        Some(Type::FLOAT8) => get(row, index, |it: f64| Value::Real(it.to_bits())),
        _ => get(row, index, |it: String| Value::Text(it.into_bytes())),
    }
}

/// Rows as a JSON array of objects, for [`PUT_BACK`]. Floats are text there, which may also be infinite.
pub(super) fn json(path: &Path, names: &[String], rows: &[Vec<Value>]) -> Result<String> {
    let field = |value: &Value| match value {
        Value::Null => Some(Json::Null),
        Value::Integer(number) => Some((*number).into()),
        Value::Real(bits) => Some(f64::from_bits(*bits).to_string().into()),
        Value::Text(text) if text.contains(&0) => None,
        Value::Text(text) => std::str::from_utf8(text).ok().map(Into::into),
        Value::Blob(_) => None,
    };
    let object = |row: &Vec<Value>| {
        let fields: Option<Map<String, Json>> =
            names.iter().zip(row).map(|(name, it)| Some((name.to_ascii_lowercase(), field(it)?))).collect();
        fields.map(Json::Object).ok_or_else(|| {
            let id = id_of(names, row);
            refused(
                path,
                &format!("its row {id} has text that a server cannot hold: bytes that are not UTF-8, or a NUL"),
            )
        })
    };
    let objects: Result<Vec<Json>> = rows.iter().map(object).collect();
    Ok(Json::Array(objects?).to_string())
}
