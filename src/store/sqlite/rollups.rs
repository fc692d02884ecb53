//! `usage_daily`, `usage_totals` and `usage_dirty`: sums that stay equal to a full scan of the log. The invariant is written
//! where the tables are, in the migration.

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::rows::{change, collect, first};
use crate::model::UsageCell;
use crate::store::{Backlog, Days, Sums};

/// The sums of a group of rows of the log, in the order of the rollup tables' columns.
macro_rules! sums_of_rows {
    () => {
        "count(*),
         count(u.confidence_before IS NOT NULL AND u.confidence_after IS NOT NULL OR NULL),
         coalesce(sum(CAST(round(u.confidence_after * 1000000) AS INTEGER) - CAST(round(u.confidence_before * 1000000) AS INTEGER)), 0),
         count(CAST(round(u.confidence_after * 1000000) AS INTEGER) - CAST(round(u.confidence_before * 1000000) AS INTEGER) > 50000 OR NULL),
         count(CASE WHEN u.confidence_before IS NOT NULL AND u.confidence_after IS NOT NULL THEN u.execution_time_ms END),
         coalesce(sum(CASE WHEN u.confidence_before IS NOT NULL AND u.confidence_after IS NOT NULL
           THEN CAST(u.execution_time_ms AS INTEGER) END), 0),
         coalesce(sum(CAST(u.tokens_avoided AS INTEGER)), 0),
         coalesce(sum(CAST(round(u.cost_avoided_usd * 1000000) AS INTEGER)), 0),
         min(u.loaded_at), max(u.loaded_at)"
    };
}

/// The sums of a group of sums.
macro_rules! sums_of_sums {
    () => {
        "sum(uses), sum(measured), sum(gain_millionths), sum(helped), sum(timed), sum(time_ms), sum(tokens_avoided),
         sum(cost_avoided_millionths), min(first_used), max(last_used)"
    };
}

/// The UTC day of a row; empty where its time is not written as SQLite writes it. The same expression as in the triggers.
macro_rules! day_of {
    () => {
        "CASE WHEN u.loaded_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' THEN substr(u.loaded_at, 1, 10) ELSE '' END"
    };
}

macro_rules! who {
    () => {
        "coalesce(u.skill_id, 0), coalesce(u.agent_type, ''), coalesce(u.approval_level, '')"
    };
}

macro_rules! add_to_existing {
    () => {
        " DO UPDATE SET uses = uses + excluded.uses, measured = measured + excluded.measured,
           gain_millionths = gain_millionths + excluded.gain_millionths, helped = helped + excluded.helped,
           timed = timed + excluded.timed, time_ms = time_ms + excluded.time_ms,
           tokens_avoided = tokens_avoided + excluded.tokens_avoided,
           cost_avoided_millionths = cost_avoided_millionths + excluded.cost_avoided_millionths,
           first_used = coalesce(min(first_used, excluded.first_used), first_used, excluded.first_used),
           last_used = coalesce(max(last_used, excluded.last_used), last_used, excluded.last_used)"
    };
}

const FOLD_DAILY: &str = concat!(
    "INSERT INTO usage_daily SELECT ",
    day_of!(),
    " AS day, ",
    who!(),
    ", ",
    sums_of_rows!(),
    " FROM skill_usage_log u WHERE u.id > ?1 AND u.id <= ?2 GROUP BY 1, 2, 3, 4
     ON CONFLICT (day, skill_id, agent_type, approval_level)",
    add_to_existing!()
);

const FOLD_TOTALS: &str = concat!(
    "INSERT INTO usage_totals SELECT ",
    who!(),
    ", ",
    sums_of_rows!(),
    " FROM skill_usage_log u WHERE u.id > ?1 AND u.id <= ?2 GROUP BY 1, 2, 3
     ON CONFLICT (skill_id, agent_type, approval_level)",
    add_to_existing!()
);

/// Rows of one day are next to each other in the index on skill and time, as text; those without a day are looked for.
const REDO_DAY: &str = concat!(
    "INSERT INTO usage_daily SELECT ", day_of!(), " AS day, ", who!(), ", ", sums_of_rows!(),
    " FROM skill_usage_log u WHERE u.skill_id = ?2 AND u.loaded_at >= ?1 AND u.loaded_at < ?1 || char(1114111) AND u.id <= ?3
       AND ", day_of!(), " = ?1
     GROUP BY 1, 2, 3, 4"
);

const REDO_DAYLESS: &str = concat!(
    "INSERT INTO usage_daily SELECT ",
    day_of!(),
    " AS day, ",
    who!(),
    ", ",
    sums_of_rows!(),
    " FROM skill_usage_log u WHERE u.skill_id = ?2 AND u.id <= ?3 AND ",
    day_of!(),
    " = ?1 GROUP BY 1, 2, 3, 4"
);

const REDO_TOTALS: &str = concat!(
    "INSERT INTO usage_totals SELECT skill_id, agent_type, approval_level, ",
    sums_of_sums!(),
    " FROM usage_daily WHERE skill_id = ?1 GROUP BY 1, 2, 3"
);

/// Cells with what their skill is called, where its row is still there.
macro_rules! named {
    ($($cells:expr),+) => {
        concat!(
            "SELECT c.*, s.name, s.category, coalesce(s.generated_by, '') = 'phase4' FROM (", $($cells),+,
            ") c LEFT JOIN skills s ON s.id = c.skill_id"
        )
    };
}

/// Totals, and the tail as it is.
const CELLS_OF_ALL: &str = named!(
    "SELECT skill_id, agent_type, approval_level, ",
    sums_of_sums!(),
    " FROM (
       SELECT * FROM usage_totals
       UNION ALL SELECT ",
    who!(),
    ", ",
    sums_of_rows!(),
    " FROM skill_usage_log u WHERE u.id > ?1 GROUP BY 1, 2, 3)
     GROUP BY 1, 2, 3"
);

const CELLS_OF_DAYS: &str = named!(
    "SELECT skill_id, agent_type, approval_level, ", sums_of_sums!(), " FROM (
       SELECT skill_id, agent_type, approval_level, uses, measured, gain_millionths, helped, timed, time_ms, tokens_avoided,
         cost_avoided_millionths, first_used, last_used FROM usage_daily WHERE day >= ?2 AND day <= ?3
       UNION ALL SELECT ", who!(), ", ", sums_of_rows!(), " FROM skill_usage_log u
         WHERE u.id > ?1 AND ", day_of!(), " >= ?2 AND ", day_of!(), " <= ?3 GROUP BY 1, 2, 3)
     GROUP BY 1, 2, 3"
);

/// The definition: what the others must equal.
const CELLS_BY_SCAN: &str = named!(
    "SELECT coalesce(u.skill_id, 0) AS skill_id, coalesce(u.agent_type, ''), coalesce(u.approval_level, ''), ",
    sums_of_rows!(),
    " FROM skill_usage_log u
     WHERE ?1 IS NULL OR (",
    day_of!(),
    " >= ?1 AND ",
    day_of!(),
    " <= ?2) GROUP BY 1, 2, 3"
);

/// The id up to which rows are folded in.
fn rolled_up_through(connection: &Connection) -> Result<i64> {
    let value =
        first(connection, "SELECT value FROM cfn_metadata WHERE name = 'rolled_up_through'", [], |row| row.get(0))?;
    Ok(value.unwrap_or(0))
}

/// How much a report would have to add up by itself.
pub(super) fn backlog(connection: &Connection) -> Result<Backlog> {
    let last: Option<i64> = connection.query_row("SELECT max(id) FROM skill_usage_log", [], |row| row.get(0))?;
    let dirty = connection.query_row("SELECT 1 FROM usage_dirty LIMIT 1", [], |_| Ok(())).optional()?.is_some();
    let triggers: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'skill_usage_log' AND name LIKE 'cfn_usage_rollup_%'",
        [],
        |row| row.get(0),
    )?;
    Ok(Backlog {
        tail: last.unwrap_or(0).saturating_sub(rolled_up_through(connection)?).max(0).unsigned_abs(),
        dirty,
        trustworthy: triggers == 5,
    })
}

/// Adds up to `most` ids of the tail to the rollups.
pub(super) fn fold(connection: &Connection, most: i64) -> Result<()> {
    let from = rolled_up_through(connection)?;
    let last: Option<i64> = connection.query_row("SELECT max(id) FROM skill_usage_log", [], |row| row.get(0))?;
    let to = last.unwrap_or(0).min(from.saturating_add(most));
    if to <= from {
        return Ok(());
    }
    change(connection, FOLD_DAILY, [from, to])?;
    change(connection, FOLD_TOTALS, [from, to])?;
    change(connection, "UPDATE cfn_metadata SET value = ?1 WHERE name = 'rolled_up_through'", [to])?;
    Ok(())
}

/// Computes every marked day of a skill again, and the totals of the skills concerned.
pub(super) fn redo_dirty(connection: &Connection) -> Result<()> {
    let through = rolled_up_through(connection)?;
    let dirty: Vec<(String, i64)> =
        collect(connection, "SELECT day, skill_id FROM usage_dirty ORDER BY skill_id", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    for (day, skill) in &dirty {
        change(connection, "DELETE FROM usage_daily WHERE day = ?1 AND skill_id = ?2", params![day, skill])?;
        let redo = if day.is_empty() { REDO_DAYLESS } else { REDO_DAY };
        change(connection, redo, params![day, skill, through])?;
    }
    let mut skills: Vec<i64> = dirty.iter().map(|(_, skill)| *skill).collect();
    skills.dedup();
    for skill in skills {
        change(connection, "DELETE FROM usage_totals WHERE skill_id = ?1", [skill])?;
        change(connection, REDO_TOTALS, [skill])?;
    }
    change(connection, "DELETE FROM usage_dirty", [])?;
    Ok(())
}

/// Throws the rollups away; the whole log is tail again.
pub(super) fn forget(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "DELETE FROM usage_daily; DELETE FROM usage_totals; DELETE FROM usage_dirty;
         UPDATE cfn_metadata SET value = 0 WHERE name = 'rolled_up_through';",
    )
}

pub(super) fn cells(connection: &Connection, days: Option<&Days>, sums: Sums) -> Result<Vec<UsageCell>> {
    let through = rolled_up_through(connection)?;
    match (sums, days) {
        (Sums::Rollups, None) => collect(connection, CELLS_OF_ALL, [through], cell),
        (Sums::Rollups, Some(days)) => {
            collect(connection, CELLS_OF_DAYS, params![through, days.first, days.last], cell)
        }
        (Sums::Scan, days) => {
            collect(connection, CELLS_BY_SCAN, params![days.map(|it| &it.first), days.map(|it| &it.last)], cell)
        }
    }
}

/// Uses by day: from the rollup, and from the tail.
pub(super) fn by_day(connection: &Connection, days: Option<&Days>) -> Result<Vec<(String, i64)>> {
    let through = rolled_up_through(connection)?;
    let sql = concat!(
        "SELECT day, sum(uses) FROM (
           SELECT day, uses FROM usage_daily WHERE ?2 IS NULL OR (day >= ?2 AND day <= ?3)
           UNION ALL SELECT ",
        day_of!(),
        " AS day, count(*) FROM skill_usage_log u
             WHERE u.id > ?1 AND (?2 IS NULL OR (",
        day_of!(),
        " >= ?2 AND ",
        day_of!(),
        " <= ?3)) GROUP BY 1)
         GROUP BY day ORDER BY day"
    );
    let parameters = params![through, days.map(|it| &it.first), days.map(|it| &it.last)];
    collect(connection, sql, parameters, |row| Ok((row.get(0)?, row.get(1)?)))
}

fn cell(row: &Row<'_>) -> Result<UsageCell> {
    Ok(UsageCell {
        skill_id: row.get(0)?,
        agent_type: row.get(1)?,
        approval_level: row.get(2)?,
        uses: row.get(3)?,
        measured: row.get(4)?,
        gain_millionths: row.get(5)?,
        helped: row.get(6)?,
        timed: row.get(7)?,
        time_ms: row.get(8)?,
        tokens_avoided: row.get(9)?,
        cost_avoided_millionths: row.get(10)?,
        first_used: row.get(11)?,
        last_used: row.get(12)?,
        skill: row.get(13)?,
        category: row.get(14)?,
        phase4_generated: row.get(15)?,
    })
}
