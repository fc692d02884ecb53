//! The upkeep of `usage_daily`, `usage_totals` and `usage_dirty`: sums that stay equal to a full scan of the log. The invariant
//! is written where the tables are, in the migration; what is read from them is in `cells.rs`.

use rusqlite::{Connection, Result, params};

use super::rows::{change, collect, first};
use super::schema;
use super::sums::{
    add_to_existing, bounded, daily_of_rows, day_of, gain, money, of_measured, rows_to_sum, skill_of, sums_of_rows,
    sums_of_sums, totals_of_days, who,
};

/// Before anything was rolled up.
const NOTHING: i64 = i64::MIN;

/// A tail of this length is folded in by whoever appends, which takes a few milliseconds. A longer one, of a log that was just
/// adopted, is left to the first report: it says what it does meanwhile.
const SHORT: std::ops::RangeInclusive<u64> = 1_000..=20_000;

/// Tail rows that a report may add up by itself before they are folded in.
const LONGEST_TAIL: u64 = 1_000;

/// Where the figures of a report come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sums {
    /// The rollups, and the rows after the last one that is in them.
    Rollups { through: i64 },
    /// Every row: the definition.
    Scan,
}

/// What the rollups lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Backlog {
    /// Ids after the last one that was rolled up: no fewer than rows.
    tail: u64,
    /// Whether rows that were rolled up have changed since.
    dirty: bool,
    /// Whether what keeps the rollups exact was in place all the time; otherwise only a scan is right.
    trustworthy: bool,
    /// Whether they are, or can be built again by [`forget`] and [`roll_up`].
    repairable: bool,
}

impl Backlog {
    /// Whether the rollups should be brought up to date before a report.
    pub(super) fn is_due(self) -> bool {
        let usable = self.trustworthy && !self.dirty && self.tail <= LONGEST_TAIL;
        self.repairable && !usable
    }
}

/// The new sums of a step, in a table of this connection only: the log is read once for both rollups.
const DELTA: &str = "CREATE TEMP TABLE IF NOT EXISTS usage_delta AS SELECT * FROM usage_daily WHERE false;
 DELETE FROM temp.usage_delta;";

const FOLD: &str = concat!("INSERT INTO temp.usage_delta ", daily_of_rows!("0, 0", "u.id > ?1 AND u.id <= ?2"));

/// One row, and what takes it away again.
const FOLD_ROW: &str = concat!("INSERT INTO temp.usage_delta ", daily_of_rows!("0, 0", "u.id = ?1"));
const NEGATE: &str = "UPDATE temp.usage_delta SET uses = -uses, measured = -measured, gain = -gain, helped = -helped, timed = -timed,
   time_ms = -time_ms, outcomes = -outcomes, succeeded = -succeeded, tokens = -tokens, usd = -usd, nano_usd = -nano_usd";

const FOLD_DAILY: &str =
    concat!("INSERT INTO usage_daily SELECT * FROM temp.usage_delta WHERE true", add_to_existing!());

const FOLD_TOTALS: &str =
    concat!("INSERT INTO usage_totals ", totals_of_days!("0", "temp.usage_delta WHERE true"), add_to_existing!());

/// The times of the rows of a UTC day begin, as text, with this day or the one before or after it: no offset is longer. So they are
/// next to each other in the index on skill and time.
const REDO_DAY: &str = concat!(
    "INSERT INTO usage_daily ",
    daily_of_rows!("0, 0", concat!(
        "u.skill_id = ?2 AND u.loaded_at >= coalesce(date(?1, '-1 day'), '') AND u.loaded_at < coalesce(date(?1, '+2 days'), ':')
         AND u.id <= ?3 AND ", day_of!(), " = ?1 AND ", skill_of!(), " = ?2"
    ))
);

/// Rows without a day are looked for among those of their skill.
const REDO_DAYLESS: &str = concat!(
    "INSERT INTO usage_daily ",
    daily_of_rows!(
        "0, 0",
        concat!("u.skill_id = ?2 AND u.id <= ?3 AND ", day_of!(), " = ?1 AND ", skill_of!(), " = ?2")
    )
);

/// Rows that name no skill are in no index under the number that stands for it.
const REDO_UNNAMED: &str = concat!(
    "INSERT INTO usage_daily ",
    daily_of_rows!("0, 0", concat!("u.id <= ?3 AND ", day_of!(), " = ?1 AND ", skill_of!(), " = ?2"))
);

const REDO_TOTALS: &str =
    concat!("INSERT INTO usage_totals ", totals_of_days!("0", "usage_daily WHERE skill_id = ?1 AND archive_id = 0"));

/// The first changes that were written down, up to this row.
const DIRTY: &str =
    concat!("SELECT DISTINCT ", day_of!(), ", ", skill_of!(), " FROM usage_dirty u WHERE rowid <= ?1 ORDER BY 2");

/// The id up to which rows are folded in.
pub(super) fn rolled_up_through(connection: &Connection) -> Result<i64> {
    let value =
        first(connection, "SELECT value FROM cfn_metadata WHERE name = 'rolled_up_through'", [], |row| row.get(0))?;
    Ok(value.unwrap_or(NOTHING))
}

/// How much a report would have to add up by itself, and whether it may trust the rest.
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

/// What gives exact figures as things are.
pub(super) fn exact(connection: &Connection) -> Result<Sums> {
    let dirty = first(connection, "SELECT 1 FROM usage_dirty LIMIT 1", [], |_| Ok(()))?;
    if dirty.is_some() || !trusted(connection)? {
        return Ok(Sums::Scan);
    }
    Ok(Sums::Rollups { through: rolled_up_through(connection)? })
}

/// Brings up to `most` changes and rows of the tail into rollups that are trusted then; how many rows are left.
pub(super) fn fold(connection: &Connection, most: i64) -> Result<u64> {
    if !backlog(connection)?.trustworthy {
        forget(connection)?;
    }
    roll_up(connection, most)?;
    Ok(backlog(connection)?.tail)
}

/// Brings the rollups up to date where that takes a moment only.
pub(super) fn fold_short_tail(connection: &Connection) -> Result<()> {
    let backlog = backlog(connection)?;
    if backlog.trustworthy && SHORT.contains(&backlog.tail) { roll_up(connection, i64::MAX) } else { Ok(()) }
}

/// Whether the schema, with its triggers, is the one for which the invariant was established.
pub(super) fn trusted(connection: &Connection) -> Result<bool> {
    let sql = "SELECT count(*) = 2 AND max(CASE name WHEN 'rolled_up_schema' THEN value END)
           = (SELECT schema_version FROM pragma_schema_version)
         FROM cfn_metadata WHERE name IN ('rolled_up_schema', 'rolled_up_through') AND typeof(value) = 'integer'";
    connection.prepare_cached(sql)?.query_row([], |row| Ok(row.get::<_, Option<bool>>(0)?.unwrap_or(false)))
}

/// Whether this cfn knows the triggers that this schema must have, and ids of rows are what they count on.
fn ours(connection: &Connection) -> Result<bool> {
    let key = "SELECT EXISTS (SELECT 1 FROM pragma_table_info('skill_usage_log')
         WHERE lower(name) = 'id' AND pk = 1 AND upper(type) = 'INTEGER')";
    Ok(schema::is_current(connection)? && connection.query_row(key, [], |row| row.get(0))?)
}

/// Establishes that the rollups are exact under the schema as it is now.
pub(super) fn trust(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "INSERT OR REPLACE INTO cfn_metadata (name, value)
           SELECT 'rolled_up_schema', schema_version FROM pragma_schema_version",
    )
}

/// Says that nothing is known about the rollups.
pub(super) fn distrust(connection: &Connection) -> Result<()> {
    connection.execute_batch("DELETE FROM cfn_metadata WHERE name = 'rolled_up_schema'")
}

/// Throws the rollups away, and puts the triggers back as they must be; the whole log is tail again. What archives hold stays.
pub(super) fn forget(connection: &Connection) -> Result<()> {
    for (name, sql) in schema::rollup_triggers() {
        connection.execute_batch(&format!("DROP TRIGGER IF EXISTS {name};\nCREATE TRIGGER {sql}"))?;
    }
    connection.execute_batch(
        "DELETE FROM usage_daily WHERE archive_id = 0; DELETE FROM usage_totals WHERE archived = 0; DELETE FROM usage_dirty;
         INSERT OR REPLACE INTO cfn_metadata (name, value) VALUES ('rolled_up_through', -9223372036854775808);",
    )?;
    trust(connection)
}

/// Brings the rollups up to date: up to `most` changes since, and as many rows of the tail.
fn roll_up(connection: &Connection, most: i64) -> Result<()> {
    redo_dirty(connection, most)?;
    let last: Option<i64> = connection.query_row("SELECT max(id) FROM skill_usage_log", [], |row| row.get(0))?;
    let (from, last) = (rolled_up_through(connection)?, last.unwrap_or(NOTHING));
    if last < from {
        // Rows at the end are gone. Should their ids be given out again, then to rows of the tail.
        return set_through(connection, last);
    }
    // Ids may have gaps of any size, so rows are counted where there are too many ids.
    let full = "SELECT id FROM skill_usage_log WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2";
    let to = if last.checked_sub(from).is_some_and(|ids| ids <= most) {
        last
    } else {
        first(connection, full, [from, most - 1], |row| row.get(0))?.unwrap_or(last)
    };
    if to > from {
        connection.execute_batch(DELTA)?;
        change(connection, FOLD, [from, to])?;
        add_delta(connection)?;
        set_through(connection, to)?;
    }
    Ok(())
}

fn set_through(connection: &Connection, id: i64) -> Result<()> {
    change(connection, "UPDATE cfn_metadata SET value = ?1 WHERE name = 'rolled_up_through'", [id]).map(|_| ())
}

/// Runs a change of a row that leaves its day, skill, agent type and level as they are. The sums follow at once where the row is in
/// them, so that no day has to be added up again for each use that is completed.
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

fn add_delta(connection: &Connection) -> Result<()> {
    change(connection, FOLD_DAILY, [])?;
    change(connection, FOLD_TOTALS, []).map(|_| ())
}

/// Computes every day of a skill again that the first changes are about, and the totals of the skills concerned.
fn redo_dirty(connection: &Connection, most: i64) -> Result<()> {
    let up_to = "SELECT max(rowid) FROM (SELECT rowid FROM usage_dirty ORDER BY rowid LIMIT ?1)";
    let Some(up_to) = first(connection, up_to, [most], |row| row.get::<_, Option<i64>>(0))?.flatten() else {
        return Ok(());
    };
    let through = rolled_up_through(connection)?;
    let dirty: Vec<(String, i64)> = collect(connection, DIRTY, [up_to], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (day, skill) in &dirty {
        let live = "DELETE FROM usage_daily WHERE day = ?1 AND skill_id = ?2 AND archive_id = 0";
        change(connection, live, params![day, skill])?;
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
        change(connection, "DELETE FROM usage_totals WHERE archived = 0 AND skill_id = ?1", [skill])?;
        change(connection, REDO_TOTALS, [skill])?;
    }
    change(connection, "DELETE FROM usage_dirty WHERE rowid <= ?1", [up_to]).map(|_| ())
}
