//! Reads sums of the usage log for reports: from the rollups, the tail and the archives, or from a full scan; and
//! verifies that they are equal.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, Row, params};

use super::rollups::{Sums, rolled_up_through};
use super::rows::collect;
use super::sums::{
    bounded, daily_of_rows, day_of, gain, money, of_measured, rows_to_sum, skill_of, sums, sums_of_rows, sums_of_sums,
    totals_of_days, who,
};
use crate::model::{Moment, UsageCell};
use crate::store::{Days, Proof};

/// Cells with the name of their skill, if its row exists.
macro_rules! named {
    ($sources:expr) => {
        concat!(
            "SELECT c.*, s.name, s.category, coalesce(s.generated_by, '') = 'phase4' FROM (
               SELECT skill_id, agent_type, approval_level, ",
            sums_of_sums!(),
            " FROM (",
            $sources,
            ") GROUP BY 1, 2, 3) c LEFT JOIN skills s ON s.id = c.skill_id"
        )
    };
}

macro_rules! rows_where {
    ($which:expr) => {
        concat!(
            "SELECT ",
            who!(),
            ", ",
            sums_of_rows!(),
            " FROM ",
            rows_to_sum!("skill_usage_log u", $which),
            " GROUP BY 1, 2, 3"
        )
    };
}

macro_rules! daily_within {
    ($of:literal) => {
        concat!(
            "SELECT skill_id, agent_type, approval_level, ",
            sums!(),
            " FROM usage_daily WHERE day >= ?2 AND day <= ?3",
            $of
        )
    };
}

macro_rules! totals {
    ($which:literal) => {
        concat!("SELECT skill_id, agent_type, approval_level, ", sums!(), " FROM usage_totals WHERE ", $which)
    };
}

macro_rules! day_within {
    () => {
        concat!(day_of!(), " >= ?2 AND ", day_of!(), " <= ?3")
    };
}

/// Totals, and the rows of the tail.
const CELLS_OF_ALL: &str = named!(concat!(totals!("true"), " UNION ALL ", rows_where!("u.id > ?1")));

const CELLS_OF_DAYS: &str =
    named!(concat!(daily_within!(""), " UNION ALL ", rows_where!(concat!("u.id > ?1 AND ", day_within!()))));

/// The definition, which the others must equal.
const SCAN_OF_ALL: &str = named!(concat!(totals!("archived"), " UNION ALL ", rows_where!("true")));

const SCAN_OF_DAYS: &str = named!(concat!(
    daily_within!(" AND archive_id > 0"),
    " UNION ALL ",
    rows_where!(concat!("?1 AND ", day_within!()))
));

/// Sums by day, newest first: the key starts with the day, so only the requested days are read. `?4`: only those of
/// archives.
const RECENT_DAYS: &str = "SELECT day, sum(uses) FROM usage_daily
    WHERE day > '' AND day >= ?1 AND day <= ?2 AND (archive_id > 0 OR NOT ?4) GROUP BY day ORDER BY day DESC LIMIT ?3";

const DAYS_OF_ROWS: &str = concat!(
    "SELECT ",
    day_of!(),
    " AS day, count(*) FROM skill_usage_log u WHERE u.id > ?4 GROUP BY 1
     HAVING day > '' AND day >= ?1 AND day <= ?2 ORDER BY day DESC LIMIT ?3"
);

/// Cells of either rollup that differ from a full scan, except on days marked as changed.
const DIFFERENCES: &str = concat!(
    "WITH dirty AS MATERIALIZED (SELECT DISTINCT ", day_of!(), " AS day, ", skill_of!(), " AS skill_id FROM usage_dirty u),
     scanned AS MATERIALIZED (SELECT * FROM (", daily_of_rows!("0 AS archive_id, 0 AS part", "skill_usage_log u", "true"), ")
       WHERE (day, skill_id) NOT IN dirty),
     rolled AS MATERIALIZED (SELECT day, skill_id, agent_type, approval_level, archive_id, part, ", sums_of_sums!(), " FROM (
         SELECT * FROM usage_daily WHERE archive_id = 0 UNION ALL SELECT * FROM (", daily_of_rows!("0, 0", "skill_usage_log u", "u.id > ?1"), "))
       WHERE (day, skill_id) NOT IN dirty GROUP BY 1, 2, 3, 4),
     totals AS (SELECT * FROM usage_totals WHERE archived OR skill_id NOT IN (SELECT skill_id FROM dirty)),
     added AS (", totals_of_days!("archive_id > 0 AS archived", "usage_daily
       WHERE archive_id > 0 OR skill_id NOT IN (SELECT skill_id FROM dirty)"), ", 1)
     SELECT (SELECT count(*) FROM scanned), (SELECT count(*) FROM skill_usage_log),
       (SELECT count(*) FROM (
         SELECT day, skill_id, agent_type, approval_level FROM (SELECT * FROM scanned EXCEPT SELECT * FROM rolled)
         UNION SELECT day, skill_id, agent_type, approval_level FROM (SELECT * FROM rolled EXCEPT SELECT * FROM scanned)))
       + (SELECT count(*) FROM (
         SELECT archived, skill_id, agent_type, approval_level FROM (SELECT * FROM totals EXCEPT SELECT * FROM added)
         UNION SELECT archived, skill_id, agent_type, approval_level FROM (SELECT * FROM added EXCEPT SELECT * FROM totals)))"
);

pub(super) fn cells(connection: &Connection, days: Option<Days>, sums: Sums) -> Result<Vec<UsageCell>> {
    match (sums, days) {
        (Sums::Rollups { through }, None) => collect(connection, CELLS_OF_ALL, [through], cell),
        (Sums::Rollups { through }, Some(days)) => {
            collect(connection, CELLS_OF_DAYS, params![through, days.first.to_string(), days.last.to_string()], cell)
        }
        (Sums::Scan, None) => collect(connection, SCAN_OF_ALL, [], cell),
        (Sums::Scan, Some(days)) => {
            collect(connection, SCAN_OF_DAYS, params![true, days.first.to_string(), days.last.to_string()], cell)
        }
    }
}

/// Uses by day, in order, for the last `most` days with uses.
pub(super) fn by_day(connection: &Connection, days: Option<Days>, sums: Sums, most: usize) -> Result<Vec<(Date, i64)>> {
    let (first, last) = days.map_or((Date::ZERO, Date::MAX), |it| (it.first, it.last));
    let (first, last) = (first.to_string(), last.to_string());
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let pair = |row: &Row<'_>| -> Result<(Date, i64)> {
        let day = row.get::<_, String>(0)?.parse::<Date>();
        Ok((day.map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, error.into()))?, row.get(1)?))
    };
    let (tail, archives_only) = match sums {
        Sums::Rollups { through } => (through, false),
        Sums::Scan => (i64::MIN, true),
    };
    let rolled = collect(connection, RECENT_DAYS, params![first, last, limit, archives_only], pair)?;
    let added = collect(connection, DAYS_OF_ROWS, params![first, last, limit, tail], pair)?;
    let mut by_day: BTreeMap<Date, i64> = BTreeMap::new();
    for (day, uses) in rolled.into_iter().chain(added) {
        *by_day.entry(day).or_default() += uses;
    }
    let older = by_day.len().saturating_sub(most);
    Ok(by_day.into_iter().skip(older).collect())
}

/// Compares every cell of the rollups, and of the sums of archives, with its rows.
pub(super) fn prove(connection: &Connection) -> Result<Proof> {
    connection.query_row(DIFFERENCES, [rolled_up_through(connection)?], |row| {
        Ok(Proof { cells: row.get(0)?, rows: row.get(1)?, differences: row.get(2)? })
    })
}

fn cell(row: &Row<'_>) -> Result<UsageCell> {
    // Other programs may have written invalid UTF-8; such a name is shown as well as possible.
    let text = |index: usize| -> Result<Option<String>> {
        let value = row.get_ref(index)?;
        Ok(value.as_bytes_or_null()?.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
    };
    Ok(UsageCell {
        skill_id: row.get(0)?,
        agent_type: text(1)?.unwrap_or_default(),
        approval_level: text(2)?.unwrap_or_default(),
        uses: row.get(3)?,
        measured: row.get(4)?,
        gain_millionths: row.get(5)?,
        helped: row.get(6)?,
        timed: row.get(7)?,
        time_ms: row.get(8)?,
        outcomes: row.get(9)?,
        succeeded: row.get(10)?,
        tokens_avoided: row.get(11)?,
        cost_avoided_billionths: i128::from(row.get::<_, i64>(12)?) * 1_000_000_000
            + i128::from(row.get::<_, i64>(13)?),
        first_used: text(14)?.as_deref().and_then(Moment::written),
        last_used: text(15)?.as_deref().and_then(Moment::written),
        unpriced_tokens: row.get(16)?,
        skill: text(17)?,
        category: text(18)?,
        phase4_generated: row.get(19)?,
    })
}
