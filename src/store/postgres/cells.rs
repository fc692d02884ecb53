//! Reads sums of the usage log for reports: from the rollups, the marked days, the tail and the archives, or from a full
//! scan; and verifies that they are equal.

use jiff::civil::Date;
use tokio_postgres::Row;

use super::fields::Fields;
use super::parameters::{big, text};
use super::rollups::Sums;
use super::session::Session;
use super::sums::{
    bounded, daily_of_rows, dirty, in_tail, in_units, of_measured, rows_of_dirty, rows_to_sum, sums, sums_of_rows,
    sums_of_sums, was_summed,
};
use crate::model::{Moment, UsageCell};
use crate::store::{Days, Proof, Result};

/// Cells with the name of their skill, if its row exists.
macro_rules! named {
    ($sources:expr) => {
        concat!(
            "WITH ",
            dirty!(),
            " SELECT c.*, s.name, s.category, coalesce(s.generated_by, '') = 'phase4' FROM (
               SELECT skill_id, agent_type, approval_level, ",
            sums_of_sums!(),
            " FROM (",
            $sources,
            ") sources GROUP BY 1, 2, 3) c LEFT JOIN skills s ON s.id = c.skill_id
             ORDER BY c.skill_id, c.agent_type, c.approval_level"
        )
    };
}

macro_rules! rows_where {
    ($from:expr, $which:expr) => {
        concat!(
            "SELECT r.skill_id, r.agent_type, r.approval_level, ",
            sums_of_rows!(),
            " FROM ",
            rows_to_sum!($from, $which),
            " GROUP BY 1, 2, 3"
        )
    };
}

macro_rules! sums_where {
    ($table:literal, $which:expr) => {
        concat!("SELECT skill_id, agent_type, approval_level, ", sums!(), " FROM ", $table, " WHERE ", $which)
    };
}

/// The tail, and what is left of the marked days.
macro_rules! live_rows {
    ($which:literal) => {
        concat!(
            rows_where!("skill_usage_log u", concat!(in_tail!(), $which)),
            " UNION ALL ",
            rows_where!(rows_of_dirty!(), concat!(was_summed!(), $which))
        )
    };
}

/// Totals; for skills with a marked day, its other days.
const CELLS_OF_ALL: &str = named!(concat!(
    sums_where!("usage_totals", "archived = 1 OR skill_id NOT IN (SELECT skill_id FROM dirty)"),
    " UNION ALL ",
    sums_where!(
        "usage_daily",
        "archive_id = 0 AND skill_id IN (SELECT skill_id FROM dirty)
           AND (day, skill_id) NOT IN (SELECT day, skill_id FROM dirty)"
    ),
    " UNION ALL ",
    live_rows!("")
));

const CELLS_OF_DAYS: &str = named!(concat!(
    sums_where!(
        "usage_daily",
        "day >= $2 AND day <= $3 AND (archive_id > 0 OR (day, skill_id) NOT IN (SELECT day, skill_id FROM dirty))"
    ),
    " UNION ALL ",
    live_rows!(
        " AND u.loaded_time >= cfn_time($2 || ' 00:00:00') AND u.loaded_time < cfn_time($3 || ' 00:00:00') + interval '24 hours'"
    )
));

/// The definition, which the others must equal.
const SCAN_OF_ALL: &str = named!(concat!(
    sums_where!("usage_totals", "archived = 1"),
    " UNION ALL ",
    rows_where!("skill_usage_log u", "true")
));

const SCAN_OF_DAYS: &str = named!(concat!(
    sums_where!("usage_daily", "day >= $1 AND day <= $2 AND archive_id > 0"),
    " UNION ALL ",
    rows_where!(
        "skill_usage_log u",
        "u.loaded_time >= cfn_time($1 || ' 00:00:00') AND u.loaded_time < cfn_time($2 || ' 00:00:00') + interval '24 hours'"
    )
));

/// Uses by day, newest first. `$1` to `$3`: the first and the last day, and how many.
macro_rules! recent_days {
    ($sources:expr) => {
        concat!(
            "WITH ",
            dirty!(),
            " SELECT day, sum(uses)::bigint FROM (",
            $sources,
            ") days GROUP BY day ORDER BY day DESC LIMIT $3"
        )
    };
}

/// The key starts with the day, so only the requested days are read.
macro_rules! rolled_days {
    ($which:literal) => {
        concat!(
            "(SELECT day, sum(uses) AS uses FROM usage_daily WHERE day > '' AND day >= $1 AND day <= $2 AND ",
            $which,
            " GROUP BY day ORDER BY day DESC LIMIT $3)"
        )
    };
}

macro_rules! days_of_rows {
    ($from:expr, $which:expr) => {
        concat!(
            " UNION ALL (SELECT cfn_day(min(u.loaded_time)), count(*) FROM ",
            $from,
            " WHERE u.loaded_time >= cfn_time($1 || ' 00:00:00') AND u.loaded_time < cfn_time($2 || ' 00:00:00') + interval '24 hours' AND ",
            $which,
            " GROUP BY (u.loaded_time AT TIME ZONE 'UTC')::date)"
        )
    };
}

const RECENT_DAYS: &str = recent_days!(concat!(
    rolled_days!("(archive_id > 0 OR (day, skill_id) NOT IN (SELECT day, skill_id FROM dirty))"),
    days_of_rows!(
        "skill_usage_log u",
        "u.xid >= pg_snapshot_xmin($4::pg_snapshot) AND NOT pg_visible_in_snapshot(u.xid, $4::pg_snapshot)"
    ),
    days_of_rows!(rows_of_dirty!(), "pg_visible_in_snapshot(u.xid, $4::pg_snapshot)")
));

const SCANNED_DAYS: &str =
    recent_days!(concat!(rolled_days!("archive_id > 0"), days_of_rows!("skill_usage_log u", "true")));

/// Cells that differ from a full scan as they are reported, and totals that differ from their days.
const DIFFERENCES: &str = concat!(
    "WITH ", dirty!(),
    ", scanned AS MATERIALIZED (", daily_of_rows!("skill_usage_log u", "true"), "),
     rolled AS MATERIALIZED (SELECT day, skill_id, agent_type, approval_level, archive_id, part, ", sums_of_sums!(), " FROM (
         SELECT * FROM usage_daily WHERE archive_id = 0 AND (day, skill_id) NOT IN (SELECT day, skill_id FROM dirty)
         UNION ALL SELECT * FROM (", daily_of_rows!("skill_usage_log u", in_tail!()), ") tail
         UNION ALL SELECT * FROM (", daily_of_rows!(rows_of_dirty!(), was_summed!()), ") changed) d GROUP BY 1, 2, 3, 4, 5, 6),
     totals AS (SELECT * FROM usage_totals WHERE archived = 1 OR skill_id NOT IN (SELECT skill_id FROM dirty)),
     added AS (SELECT CASE WHEN archive_id > 0 THEN 1 ELSE 0 END::smallint AS archived, skill_id, agent_type, approval_level, ",
       sums_of_sums!(), " FROM usage_daily WHERE archive_id > 0 OR skill_id NOT IN (SELECT skill_id FROM dirty)
       GROUP BY 1, 2, 3, 4)
     SELECT (SELECT count(*) FROM scanned), (SELECT count(*) FROM skill_usage_log),
       (SELECT count(*) FROM (
         SELECT day, skill_id, agent_type, approval_level FROM (SELECT * FROM scanned EXCEPT SELECT * FROM rolled) d
         UNION SELECT day, skill_id, agent_type, approval_level FROM (SELECT * FROM rolled EXCEPT SELECT * FROM scanned) d) d)
       + (SELECT count(*) FROM (
         SELECT archived, skill_id, agent_type, approval_level FROM (SELECT * FROM totals EXCEPT SELECT * FROM added) d
         UNION SELECT archived, skill_id, agent_type, approval_level FROM (SELECT * FROM added EXCEPT SELECT * FROM totals) d) d)"
);

/// The rollups' snapshot; after a TRUNCATE, that of none, because nothing of them counts.
const THROUGH: &str =
    "SELECT CASE WHEN EXISTS (SELECT FROM usage_dirty WHERE skill_id IS NULL) THEN '1:1:' ELSE rolled_up END
     FROM usage_state";

pub(super) fn cells(session: &Session, days: Option<Days>, sums: &Sums) -> Result<Vec<UsageCell>> {
    let days = days.map(|it| (it.first.to_string(), it.last.to_string()));
    let rows = match (sums, &days) {
        (Sums::Rollups { through }, None) => session.rows(CELLS_OF_ALL, &[text(through)]),
        (Sums::Rollups { through }, Some((first, last))) => {
            session.rows(CELLS_OF_DAYS, &[text(through), text(first), text(last)])
        }
        (Sums::Scan, None) => session.rows(SCAN_OF_ALL, &[]),
        (Sums::Scan, Some((first, last))) => session.rows(SCAN_OF_DAYS, &[text(first), text(last)]),
    };
    rows?.iter().map(cell).collect()
}

/// Uses by day, in order, for the last `most` days with uses.
pub(super) fn by_day(session: &Session, days: Option<Days>, sums: &Sums, most: usize) -> Result<Vec<(Date, i64)>> {
    let (first, last) = days.map_or((Date::ZERO, Date::MAX), |it| (it.first, it.last));
    let (first, last) = (first.to_string(), last.to_string());
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = match sums {
        Sums::Rollups { through } => {
            session.rows(RECENT_DAYS, &[text(&first), text(&last), big(most), text(through)])?
        }
        Sums::Scan => session.rows(SCANNED_DAYS, &[text(&first), text(&last), big(most)])?,
    };
    let pair = |row: &Row| {
        let mut fields = Fields::new("usage_daily", row);
        let day = fields.text()?.parse::<Date>().map_err(|error| fields.damaged(error.to_string()))?;
        Ok((day, fields.get()?))
    };
    rows.iter().rev().map(pair).collect()
}

/// Compares every cell of the rollups, and of the sums of archives, with its rows.
pub(super) fn prove(session: &Session) -> Result<Proof> {
    let state = session.first(THROUGH, &[])?;
    let through: String = state.map_or_else(|| "1:1:".to_owned(), |row| row.get(0));
    let row = session.first(DIFFERENCES, &[text(&through)])?;
    Ok(row.map_or(Proof { cells: 0, rows: 0, differences: 0 }, |row| Proof {
        cells: row.get(0),
        rows: row.get(1),
        differences: row.get(2),
    }))
}

fn cell(row: &Row) -> Result<UsageCell> {
    let mut fields = Fields::new("usage_totals", row);
    Ok(UsageCell {
        skill_id: fields.get()?,
        agent_type: fields.text()?,
        approval_level: fields.text()?,
        uses: fields.get()?,
        measured: fields.get()?,
        gain_millionths: fields.get()?,
        helped: fields.get()?,
        timed: fields.get()?,
        time_ms: fields.get()?,
        outcomes: fields.get()?,
        succeeded: fields.get()?,
        tokens_avoided: fields.get()?,
        cost_avoided_billionths: i128::from(fields.get::<i64>()?) * 1_000_000_000 + i128::from(fields.get::<i64>()?),
        first_used: Moment::written(&fields.text()?),
        last_used: Moment::written(&fields.text()?),
        unpriced_tokens: fields.get()?,
        skill: fields.stored()?,
        category: fields.stored()?,
        phase4_generated: fields.get()?,
    })
}
