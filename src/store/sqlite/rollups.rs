//! Maintains `usage_daily`, `usage_totals` and `usage_dirty`: sums that equal a full scan of the log. The migration of
//! the tables states the invariant; `cells.rs` reads them.

use rusqlite::{Connection, Result, params};

use super::rows::{change, collect, first};
use super::schema;
use super::sums::{
    add_to_existing, bounded, daily_of_rows, day_of, gain, money, of_measured, rows_to_sum, skill_of, sums_of_rows,
    sums_of_sums, totals_of_days, who,
};
use super::verified::{clear, insert, require_all, update};

/// The position before the first row.
const NOTHING: i64 = i64::MIN;

/// An append folds in a tail of this length, which takes a few milliseconds. A longer one, of a log that was just
/// adopted, is left to the first report, which shows its progress.
const SHORT: std::ops::RangeInclusive<u64> = 1_000..=20_000;

/// Maximum number of tail rows that a report sums itself.
const LONGEST_TAIL: u64 = 1_000;

/// The source of a report's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sums {
    /// The rollups, and the rows after the last one in them.
    Rollups { through: i64 },
    /// Every row, which defines the correct figures.
    Scan,
}

/// The state of the rollups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Backlog {
    /// Number of ids after the last one in the rollups, which is at least the number of rows.
    tail: u64,
    /// Whether rows in the rollups have changed since.
    dirty: bool,
    /// Whether the triggers that keep the rollups exact were always in place; otherwise only a scan is correct.
    trustworthy: bool,
    /// Whether they are exact, or can be rebuilt by [`forget`] and [`roll_up`].
    repairable: bool,
}

impl Backlog {
    /// Whether to update the rollups before a report.
    pub(super) fn is_due(self) -> bool {
        let usable = self.trustworthy && !self.dirty && self.tail <= LONGEST_TAIL;
        self.repairable && !usable
    }
}

/// The new sums of a step, in a temporary table, so that the log is read once for both rollups.
const DELTA: &str = "CREATE TEMP TABLE IF NOT EXISTS usage_delta AS SELECT * FROM usage_daily WHERE false;
 DELETE FROM temp.usage_delta;";

const FOLD: &str =
    concat!("INSERT INTO temp.usage_delta ", daily_of_rows!("0, 0", "skill_usage_log u", "u.id > ?1 AND u.id <= ?2"));

/// Adds one row, and subtracts it again.
const FOLD_ROW: &str =
    concat!("INSERT INTO temp.usage_delta ", daily_of_rows!("0, 0", "skill_usage_log u", "u.id = ?1"));
const NEGATE: &str =
    "UPDATE temp.usage_delta SET uses = -uses, measured = -measured, gain = -gain, helped = -helped, timed = -timed,
   time_ms = -time_ms, outcomes = -outcomes, succeeded = -succeeded, tokens = -tokens, usd = -usd, nano_usd = -nano_usd,
   unpriced = -unpriced";

const FOLD_DAILY: &str =
    concat!("INSERT INTO usage_daily SELECT * FROM temp.usage_delta WHERE true", add_to_existing!());

const FOLD_TOTALS: &str =
    concat!("INSERT INTO usage_totals ", totals_of_days!("0", "temp.usage_delta WHERE true"), add_to_existing!());

/// The times of a UTC day start, as text, with that day or an adjacent one, since offsets are below a day. So these
/// rows are adjacent in the index on skill and time.
const REDO_DAY: &str = concat!(
    "INSERT INTO usage_daily ",
    daily_of_rows!("0, 0", "skill_usage_log u", concat!(
        "u.skill_id = ?2 AND u.loaded_at >= coalesce(date(?1, '-1 day'), '') AND u.loaded_at < coalesce(date(?1, '+2 days'), ':')
         AND u.id <= ?3 AND ", day_of!(), " = ?1 AND ", skill_of!(), " = ?2"
    ))
);

/// Rows without a day are found among those of their skill.
const REDO_DAYLESS: &str = concat!(
    "INSERT INTO usage_daily ",
    daily_of_rows!(
        "0, 0",
        "skill_usage_log u",
        concat!("u.skill_id = ?2 AND u.id <= ?3 AND ", day_of!(), " = ?1 AND ", skill_of!(), " = ?2")
    )
);

/// Rows without a skill are not in an index under the number 0, which stands for it.
const REDO_UNNAMED: &str = concat!(
    "INSERT INTO usage_daily ",
    daily_of_rows!(
        "0, 0",
        "skill_usage_log u",
        concat!("u.id <= ?3 AND ", day_of!(), " = ?1 AND ", skill_of!(), " = ?2")
    )
);

const REDO_TOTALS: &str =
    concat!("INSERT INTO usage_totals ", totals_of_days!("0", "usage_daily WHERE skill_id = ?1 AND archive_id = 0"));

/// The first recorded changes, up to this row.
const DIRTY: &str =
    concat!("SELECT DISTINCT ", day_of!(), ", ", skill_of!(), " FROM usage_dirty u WHERE rowid <= ?1 ORDER BY 2");

/// The id of the last row that is folded in.
pub(super) fn rolled_up_through(connection: &Connection) -> Result<i64> {
    let value =
        first(connection, "SELECT value FROM cfn_metadata WHERE name = 'rolled_up_through'", [], |row| row.get(0))?;
    Ok(value.unwrap_or(NOTHING))
}

/// The number of rows that a report would have to sum itself, and whether the rollups can be trusted.
pub(super) fn backlog(connection: &Connection) -> Result<Backlog> {
    let sql = "SELECT (SELECT min(id) FROM skill_usage_log), (SELECT max(id) FROM skill_usage_log),
         EXISTS (SELECT 1 FROM usage_dirty)";
    let (lowest, highest, dirty): (Option<i64>, Option<i64>, bool) =
        connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let trustworthy = trusted(connection)?;
    let before = rolled_up_through(connection)?.max(lowest.unwrap_or(NOTHING).saturating_sub(1));
    Ok(Backlog {
        tail: highest.map_or(0, |it| it.saturating_sub(before)).max(0).unsigned_abs(),
        dirty,
        trustworthy,
        repairable: trustworthy || ours(connection)?,
    })
}

/// The fastest source of exact figures in this state.
pub(super) fn exact(connection: &Connection) -> Result<Sums> {
    let dirty = first(connection, "SELECT 1 FROM usage_dirty LIMIT 1", [], |_| Ok(()))?;
    if dirty.is_some() || !trusted(connection)? {
        return Ok(Sums::Scan);
    }
    Ok(Sums::Rollups { through: rolled_up_through(connection)? })
}

/// Folds up to `most` changes and tail rows into the rollups, which are trusted then; returns the number of rows left.
pub(super) fn fold(connection: &Connection, most: i64) -> Result<u64> {
    if !backlog(connection)?.trustworthy {
        forget(connection)?;
    }
    roll_up(connection, most)?;
    Ok(backlog(connection)?.tail)
}

/// Updates the rollups if that is fast.
pub(super) fn fold_short_tail(connection: &Connection) -> Result<()> {
    let backlog = backlog(connection)?;
    if backlog.trustworthy && SHORT.contains(&backlog.tail) { roll_up(connection, i64::MAX) } else { Ok(()) }
}

/// Whether the schema, including triggers, is the one for which the invariant was established.
pub(super) fn trusted(connection: &Connection) -> Result<bool> {
    let sql = "SELECT count(*) = 2 AND max(CASE name WHEN 'rolled_up_schema' THEN value END)
           = (SELECT schema_version FROM pragma_schema_version)
         FROM cfn_metadata WHERE name IN ('rolled_up_schema', 'rolled_up_through') AND typeof(value) = 'integer'";
    connection.prepare_cached(sql)?.query_row([], |row| Ok(row.get::<_, Option<bool>>(0)?.unwrap_or(false)))
}

/// Whether this cfn knows the triggers of this schema, and row ids behave as they assume.
fn ours(connection: &Connection) -> Result<bool> {
    let key = "SELECT EXISTS (SELECT 1 FROM pragma_table_info('skill_usage_log')
         WHERE lower(name) = 'id' AND pk = 1 AND upper(type) = 'INTEGER')";
    Ok(schema::is_current(connection)? && connection.query_row(key, [], |row| row.get(0))?)
}

/// Marks the rollups as exact under the current schema.
pub(super) fn trust(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "INSERT OR REPLACE INTO cfn_metadata (name, value)
           SELECT 'rolled_up_schema', schema_version FROM pragma_schema_version",
    )
}

/// Marks the rollups as unknown.
pub(super) fn distrust(connection: &Connection) -> Result<()> {
    connection.execute_batch("DELETE FROM cfn_metadata WHERE name = 'rolled_up_schema'")
}

/// Discards the rollups, and recreates the triggers, so that the whole log is tail. Sums of archives are kept.
pub(super) fn forget(connection: &Connection) -> Result<()> {
    for (name, sql) in schema::rollup_triggers() {
        connection.execute_batch(&format!("DROP TRIGGER IF EXISTS {name};\nCREATE TRIGGER {sql}"))?;
    }
    for sql in [
        "DELETE FROM usage_daily WHERE archive_id = 0",
        "DELETE FROM usage_totals WHERE archived = 0",
        "DELETE FROM usage_dirty",
    ] {
        clear(connection, sql, &[])?;
    }
    let sql = "INSERT OR REPLACE INTO cfn_metadata (name, value) VALUES ('rolled_up_through', ?1)";
    insert(connection, sql, [NOTHING])?;
    trust(connection)
}

/// Updates the rollups with up to `most` changes, and as many tail rows.
fn roll_up(connection: &Connection, most: i64) -> Result<()> {
    redo_dirty(connection, most)?;
    let last: Option<i64> = connection.query_row("SELECT max(id) FROM skill_usage_log", [], |row| row.get(0))?;
    let (from, last) = (rolled_up_through(connection)?, last.unwrap_or(NOTHING));
    if last < from {
        // Rows at the end are gone. If their ids are reused, the new rows are part of the tail.
        return set_through(connection, last);
    }
    // Ids may have gaps of any size, so with too many ids the rows are counted.
    let full = "SELECT id FROM skill_usage_log WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2";
    let to = if last.checked_sub(from).is_some_and(|ids| ids <= most) {
        last
    } else {
        first(connection, full, [from, most - 1], |row| row.get(0))?.unwrap_or(last)
    };
    if to > from {
        connection.execute_batch(DELTA)?;
        let folded = change(connection, FOLD, [from, to])?;
        require_all(FOLD_DAILY, folded, add_delta(connection)?)?;
        set_through(connection, to)?;
    }
    Ok(())
}

fn set_through(connection: &Connection, id: i64) -> Result<()> {
    update(connection, "UPDATE cfn_metadata SET value = ?1 WHERE name = 'rolled_up_through'", params![id]).map(drop)
}

/// Runs a change of a row that keeps its day, skill, agent type and level. If the row is in the sums, they are updated
/// immediately, so that completing a use does not require summing a whole day again.
pub(super) fn keeping(connection: &Connection, id: i64, change_row: impl FnOnce() -> Result<()>) -> Result<()> {
    if id > rolled_up_through(connection)? {
        return change_row();
    }
    let marked: Option<i64> = connection.query_row("SELECT max(rowid) FROM usage_dirty", [], |row| row.get(0))?;
    connection.execute_batch(DELTA)?;
    change(connection, FOLD_ROW, [id])?;
    change(connection, NEGATE, [])?;
    change_row()?;
    change(connection, FOLD_ROW, [id])?;
    add_delta(connection)?;
    change(connection, "DELETE FROM usage_dirty WHERE rowid > ?1 OR ?1 IS NULL", [marked]).map(|_| ())
}

/// Returns the number of sums of days.
fn add_delta(connection: &Connection) -> Result<usize> {
    let days = change(connection, FOLD_DAILY, [])?;
    let totals = change(connection, FOLD_TOTALS, [])?;
    require_all(FOLD_TOTALS, usize::from(days > 0), totals)?;
    Ok(days)
}

/// Recomputes the days of the first recorded changes, and the totals of their skills.
fn redo_dirty(connection: &Connection, most: i64) -> Result<()> {
    let up_to = "SELECT max(rowid) FROM (SELECT rowid FROM usage_dirty ORDER BY rowid LIMIT ?1)";
    let Some(up_to) = first(connection, up_to, [most], |row| row.get::<_, Option<i64>>(0))?.flatten() else {
        return Ok(());
    };
    let through = rolled_up_through(connection)?;
    let dirty: Vec<(String, i64)> = collect(connection, DIRTY, [up_to], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (day, skill) in &dirty {
        let live = "DELETE FROM usage_daily WHERE day = ?1 AND skill_id = ?2 AND archive_id = 0";
        clear(connection, live, params![day, skill])?;
        let redo = match (*skill, day.as_str()) {
            (0, _) => REDO_UNNAMED,
            (_, "") => REDO_DAYLESS,
            _ => REDO_DAY,
        };
        change(connection, redo, params![day, skill, through])?;
    }
    let mut skills: Vec<i64> = dirty.iter().map(|(_, skill)| *skill).collect();
    skills.dedup();
    for skill in skills {
        clear(connection, "DELETE FROM usage_totals WHERE archived = 0 AND skill_id = ?1", params![skill])?;
        change(connection, REDO_TOTALS, [skill])?;
    }
    clear(connection, "DELETE FROM usage_dirty WHERE rowid <= ?1", params![up_to]).map(drop)
}
