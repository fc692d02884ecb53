//! The SQL of the sums in reports: one definition for the rollups, the tail, the archives and the full scan. Every
//! macro applies to rows `u` of `skill_usage_log`, or to rows that are sums already.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

use crate::model::utc_time;

/// Adds the SQL function `utc_time` to a connection. It converts any time to UTC in the database's format; NULL if the
/// time is invalid. Only cfn's statements use it, never the schema, since other programs do not have it.
pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("utc_time", 1, flags, |context| {
        Ok(match context.get_raw(0) {
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok().and_then(utc_time),
            _ => None,
        })
    })
}

/// A number limited to ± 10¹² (31 years), so that one row of another program cannot make the sums overflow.
macro_rules! bounded {
    ($value:literal) => {
        concat!("max(-1000000000000, min(1000000000000, CAST(", $value, " AS INTEGER)))")
    };
}

/// Money in billionths of a dollar, at most a million dollars a row.
macro_rules! money {
    () => {
        "max(-1000000000000000, min(1000000000000000, CAST(round(u.cost_avoided_usd * 1000000000) AS INTEGER)))"
    };
}

/// After − before, in millionths; NULL if one of them is unknown.
macro_rules! gain {
    () => {
        concat!(
            bounded!("round(u.confidence_after * 1000000)"),
            " - ",
            bounded!("round(u.confidence_before * 1000000)")
        )
    };
}

/// A value of rows that have both confidences.
macro_rules! of_measured {
    ($value:expr) => {
        concat!("CASE WHEN u.confidence_before IS NOT NULL AND u.confidence_after IS NOT NULL THEN ", $value, " END")
    };
}

/// The time of a row in the database's format; NULL if it is invalid. Nearly every row has this format already, which
/// SQLite's own function checks four times as fast as ours can be called.
macro_rules! time_of {
    () => {
        "CASE WHEN datetime(u.loaded_at) IS u.loaded_at THEN u.loaded_at ELSE utc_time(u.loaded_at) END"
    };
}

/// Rows of the log for summing: each computed value is calculated once per row, not once per sum. The limit, which
/// limits nothing, keeps SQLite from inlining the expressions again, which would take half as long again.
macro_rules! rows_to_sum {
    ($from:literal, $which:expr) => {
        concat!(
            "(SELECT u.skill_id, u.agent_type, u.approval_level, u.confidence_before, u.confidence_after,
               u.execution_time_ms, u.exit_code, u.tokens_avoided, u.cost_avoided_usd, ",
            gain!(),
            " AS gain, ",
            money!(),
            " AS nano_usd, ",
            $crate::store::sqlite::sums::time_of!(),
            " AS at FROM ",
            $from,
            " WHERE ",
            $which,
            " LIMIT -1) u"
        )
    };
}

/// The sums of a group of such rows, in the order of the rollup tables' columns.
macro_rules! sums_of_rows {
    () => {
        concat!(
            "count(*), count(u.gain), coalesce(sum(u.gain), 0), count(u.gain > 50000 OR NULL), count(",
            of_measured!("u.execution_time_ms"),
            "), coalesce(sum(",
            of_measured!(bounded!("u.execution_time_ms")),
            "), 0), count(",
            of_measured!("CASE typeof(u.exit_code) WHEN 'integer' THEN 1 END"),
            "), count(",
            of_measured!("CASE WHEN typeof(u.exit_code) = 'integer' AND u.exit_code = 0 THEN 1 END"),
            "), coalesce(sum(",
            bounded!("u.tokens_avoided"),
            "), 0), coalesce(sum(u.nano_usd / 1000000000), 0), coalesce(sum(u.nano_usd % 1000000000), 0), min(u.at), max(u.at),
               coalesce(sum(CASE WHEN u.cost_avoided_usd IS NULL THEN ",
            bounded!("u.tokens_avoided"),
            " END), 0)"
        )
    };
}

/// The columns of a sum.
macro_rules! sums {
    () => {
        "uses, measured, gain, helped, timed, time_ms, outcomes, succeeded, tokens, usd, nano_usd, first_used, last_used,
         unpriced"
    };
}

/// The sums of a group of sums.
macro_rules! sums_of_sums {
    () => {
        "sum(uses), sum(measured), sum(gain), sum(helped), sum(timed), sum(time_ms), sum(outcomes), sum(succeeded),
         sum(tokens), sum(usd), sum(nano_usd), min(first_used), max(last_used), sum(unpriced)"
    };
}

/// The UTC day of a row; empty if its time is invalid.
macro_rules! day_of {
    () => {
        concat!("coalesce(substr(", $crate::store::sqlite::sums::time_of!(), ", 1, 10), '')")
    };
}

/// The skill of a row; 0 if it has none.
macro_rules! skill_of {
    () => {
        "CASE WHEN typeof(u.skill_id) = 'integer' THEN u.skill_id ELSE 0 END"
    };
}

/// The key of a cell.
macro_rules! who {
    () => {
        concat!(
            skill_of!(),
            " AS skill_id, CAST(coalesce(u.agent_type, '') AS TEXT) AS agent_type,
              CAST(coalesce(u.approval_level, '') AS TEXT) AS approval_level"
        )
    };
}

/// Rows of `usage_daily` for these rows of the log: of an archive's part, or `0, 0`.
macro_rules! daily_of_rows {
    ($part:literal, $from:literal, $which:expr) => {
        concat!(
            "SELECT coalesce(substr(u.at, 1, 10), '') AS day, ",
            who!(),
            ", ",
            $part,
            ", ",
            sums_of_rows!(),
            " FROM ",
            rows_to_sum!($from, $which),
            " GROUP BY 1, 2, 3, 4"
        )
    };
}

/// Rows of `usage_totals` for these rows of a table of sums by day.
macro_rules! totals_of_days {
    ($archived:literal, $days:expr) => {
        concat!(
            "SELECT ",
            $archived,
            ", skill_id, agent_type, approval_level, ",
            sums_of_sums!(),
            " FROM ",
            $days,
            " GROUP BY 2, 3, 4"
        )
    };
}

/// Adds a sum to an existing one.
macro_rules! add_to_existing {
    () => {
        " ON CONFLICT DO UPDATE SET uses = uses + excluded.uses, measured = measured + excluded.measured, gain = gain + excluded.gain,
           helped = helped + excluded.helped, timed = timed + excluded.timed, time_ms = time_ms + excluded.time_ms,
           outcomes = outcomes + excluded.outcomes, succeeded = succeeded + excluded.succeeded, tokens = tokens + excluded.tokens,
           usd = usd + excluded.usd, nano_usd = nano_usd + excluded.nano_usd, unpriced = unpriced + excluded.unpriced,
           first_used = coalesce(min(first_used, excluded.first_used), first_used, excluded.first_used),
           last_used = coalesce(max(last_used, excluded.last_used), last_used, excluded.last_used)"
    };
}

pub(super) use {
    add_to_existing, bounded, daily_of_rows, day_of, gain, money, of_measured, rows_to_sum, skill_of, sums,
    sums_of_rows, sums_of_sums, time_of, totals_of_days, who,
};
