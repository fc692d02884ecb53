//! Maintains `usage_daily`, `usage_totals` and `usage_dirty`: sums that equal a full scan of the log. The migration of the
//! tables states the invariant; `cells.rs` reads them.

use super::parameters::{big, text};
use super::session::Session;
use super::sums::{
    add_to_existing, bounded, daily_of_rows, dirty, in_tail, in_units, of_measured, rows_of_dirty, rows_to_sum,
    sums_of_rows, sums_of_sums, was_summed,
};
use crate::store::Result;

/// Maximum number of tail rows that a report sums itself, and of changes that it looks up.
const LONGEST_TAIL: i64 = 1_000;

/// The source of a report's figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sums {
    /// The rollups of this snapshot, and the rows that it does not show.
    Rollups { through: String },
    /// Every row, which defines the correct figures.
    Scan,
}

/// The result of [`fold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folded {
    /// The rollups are those of the transaction's snapshot, if it is committed.
    Done,
    /// Somebody else is at it.
    Busy,
    /// The triggers must be put in place first.
    Unguarded,
}

const STATE: &str = "SELECT rolled_up, coalesce(fingerprint = cfn_usage_fingerprint(), false)
       AND NOT EXISTS (SELECT FROM usage_dirty WHERE skill_id IS NULL), cfn_usage_guarded(), pg_current_snapshot()::text
     FROM usage_state";

/// Nobody else changes the row while this transaction folds: if somebody did since its snapshot, it fails.
const STATE_FOR_CHANGE: &str = "SELECT rolled_up, coalesce(fingerprint = cfn_usage_fingerprint(), false)
       AND NOT EXISTS (SELECT FROM usage_dirty WHERE skill_id IS NULL), cfn_usage_guarded(), pg_current_snapshot()::text
     FROM usage_state FOR UPDATE";

const NOTHING: &str = "1:1:";

/// The fastest source of exact figures in this state.
pub(super) fn exact(session: &Session) -> Result<Sums> {
    let state = session.first(STATE, &[])?;
    Ok(match state {
        Some(row) if row.get(1) => Sums::Rollups { through: row.get(0) },
        _ => Sums::Scan,
    })
}

/// Whether to update the rollups before a report.
pub(super) fn is_due(session: &Session) -> Result<bool> {
    let Sums::Rollups { through } = exact(session)? else { return Ok(true) };
    let sql = concat!(
        "SELECT (SELECT count(*) FROM (SELECT FROM skill_usage_log u WHERE ",
        in_tail!(),
        " LIMIT $2 + 1) rows) > $2 OR (SELECT count(*) FROM (SELECT FROM usage_dirty LIMIT $2 + 1) marks) > $2"
    );
    Ok(session.first(sql, &[text(&through), big(LONGEST_TAIL)])?.is_some_and(|row| row.get(0)))
}

/// Waits until nobody folds.
pub(super) fn wait(session: &Session) -> Result<()> {
    session.first("SELECT pg_advisory_xact_lock(1667657219, hashtext(current_schema()))", &[]).map(|_| ())
}

/// Puts the triggers in place, in a transaction of their own: what was written without them is older than it.
pub(super) fn guard(session: &Session) -> Result<()> {
    session.first("SELECT cfn_usage_guard()", &[]).map(|_| ())
}

/// Discards the rollups, so that the whole log is tail. Sums of archives are kept. Rows of a restored database may have
/// numbers of transactions that are still to come, which would stay in the tail.
pub(super) fn forget(session: &Session) -> Result<()> {
    session.change("UPDATE usage_state SET fingerprint = NULL", &[])?;
    let sql = "UPDATE skill_usage_log SET agent_id = agent_id WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())
         AND xid <> pg_current_xact_id()";
    session.change(sql, &[]).map(|_| ())
}

/// Brings the rollups to the snapshot of this transaction, which is of REPEATABLE READ.
pub(super) fn fold(session: &Session) -> Result<Folded> {
    let lock = "SELECT pg_try_advisory_xact_lock(1667657219, hashtext(current_schema()))";
    if !session.first(lock, &[])?.is_some_and(|row| row.get(0)) {
        return Ok(Folded::Busy);
    }
    let Some(row) = session.first(STATE_FOR_CHANGE, &[])? else { return Ok(Folded::Done) };
    let (mut from, is_trusted, is_guarded, to): (String, bool, bool, String) =
        (row.get(0), row.get(1), row.get(2), row.get(3));
    if !is_guarded {
        return Ok(Folded::Unguarded);
    }
    if is_trusted {
        redo_dirty_days(session, &from)?;
    } else {
        session.change("DELETE FROM usage_daily WHERE archive_id = 0", &[])?;
        session.change("DELETE FROM usage_totals WHERE archived = 0", &[])?;
        NOTHING.clone_into(&mut from);
    }
    session.change(ADD_TAIL, &[text(&from), text(&to)])?;
    if is_trusted {
        redo_dirty_totals(session)?;
    }
    // Only the marks that this transaction sees.
    session.change("DELETE FROM usage_dirty", &[])?;
    let sql = "UPDATE usage_state SET rolled_up = $1, fingerprint = cfn_usage_fingerprint()";
    session.change(sql, &[text(&to)])?;
    Ok(Folded::Done)
}

/// The tail that the new snapshot shows is added to both rollups, and read once.
const ADD_TAIL: &str = concat!(
    "WITH delta AS MATERIALIZED (",
    daily_of_rows!("skill_usage_log u", concat!(in_tail!(), " AND pg_visible_in_snapshot(u.xid, $2::pg_snapshot)")),
    "), daily AS (INSERT INTO usage_daily SELECT * FROM delta
         ON CONFLICT (day, skill_id, agent_type, approval_level, archive_id, part)",
    add_to_existing!("usage_daily"),
    ") INSERT INTO usage_totals SELECT 0, skill_id, agent_type, approval_level, ",
    sums_of_sums!(),
    " FROM delta GROUP BY skill_id, agent_type, approval_level
     ON CONFLICT (archived, skill_id, agent_type, approval_level)",
    add_to_existing!("usage_totals")
);

const DELETE_DIRTY_DAYS: &str = concat!(
    "WITH ",
    dirty!(),
    " DELETE FROM usage_daily d USING dirty x WHERE d.archive_id = 0 AND d.day = x.day AND d.skill_id = x.skill_id"
);

/// What the marked rows are now is in the tail.
const ADD_DIRTY_DAYS: &str =
    concat!("WITH ", dirty!(), " INSERT INTO usage_daily ", daily_of_rows!(rows_of_dirty!(), was_summed!()));

fn redo_dirty_days(session: &Session, from: &str) -> Result<()> {
    session.change(DELETE_DIRTY_DAYS, &[])?;
    session.change(ADD_DIRTY_DAYS, &[text(from)]).map(|_| ())
}

const DELETE_DIRTY_TOTALS: &str =
    "DELETE FROM usage_totals WHERE archived = 0 AND skill_id IN (SELECT skill_id FROM usage_dirty)";

const ADD_DIRTY_TOTALS: &str = concat!(
    "INSERT INTO usage_totals SELECT 0, skill_id, agent_type, approval_level, ",
    sums_of_sums!(),
    " FROM usage_daily WHERE archive_id = 0 AND skill_id IN (SELECT skill_id FROM usage_dirty)
     GROUP BY skill_id, agent_type, approval_level"
);

fn redo_dirty_totals(session: &Session) -> Result<()> {
    session.change(DELETE_DIRTY_TOTALS, &[])?;
    session.change(ADD_DIRTY_TOTALS, &[]).map(|_| ())
}
