//! VACUUM and statistics, if worthwhile.

use std::fs;

use rusqlite::{Connection, Result};

use super::beside::wal_of;
use super::failure::Place;
use super::rollups;
use crate::store::{MaintainReport, StoreError};

/// Minimum share of free pages for rewriting the file.
const FREE_SHARE: f64 = 0.10;

/// Minimum number of rows in the largest table for statistics. Below it every plan is fast, and statistics only slow
/// down each start.
const ROWS_FOR_STATISTICS: i64 = 10_000;

pub(super) fn run(connection: &Connection, place: &Place) -> crate::store::Result<MaintainReport> {
    let mut report = MaintainReport {
        bytes_before: size(place),
        bytes_after: 0,
        vacuumed: false,
        analyzed: false,
        notes: Vec::new(),
    };
    let done = vacuum(connection, &mut report)
        .and_then(|()| statistics(connection, &mut report))
        .and_then(|()| checkpoint(connection, &mut report));
    done.map_err(|error| match place.fail_commit(&error) {
        error @ (StoreError::Busy { .. } | StoreError::OutcomeUnknown { .. }) => error,
        other if report.vacuumed || report.analyzed => place.unknown(&other),
        other => other,
    })?;
    report.bytes_after = size(place);
    Ok(report)
}

fn vacuum(connection: &Connection, report: &mut MaintainReport) -> Result<()> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (free, pages) = (number("freelist_count")?, number("page_count")?);
    #[expect(clippy::cast_precision_loss, reason = "a share of pages needs no more digits")]
    let share = if pages == 0 { 0.0 } else { free as f64 / pages as f64 };
    if share < FREE_SHARE {
        report.notes.push(format!("no VACUUM: {free} of {pages} pages are free, less than a tenth"));
        return Ok(());
    }
    rewrite(connection)?;
    report.vacuumed = true;
    Ok(())
}

/// VACUUM. The rollups stay known to be exact.
pub(super) fn rewrite(connection: &Connection) -> Result<()> {
    let cookie = || connection.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0));
    let (trusted, schema) = (rollups::trusted(connection)?, cookie()?);
    // Otherwise VACUUM would keep its copy in memory, because of temp_store.
    connection.execute_batch("PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY;")?;
    // VACUUM increments the schema cookie by one. A larger difference means that another process changed the schema
    // too, so the rollups are not known to be exact.
    if trusted && cookie()? == schema + 1 {
        rollups::trust(connection)?;
    }
    Ok(())
}

fn statistics(connection: &Connection, report: &mut MaintainReport) -> Result<()> {
    let largest: i64 = connection.query_row(
        "SELECT max((SELECT count(*) FROM skills), (SELECT count(*) FROM skill_usage_log),
           (SELECT count(*) FROM agent_skill_mappings), (SELECT count(*) FROM approval_history))",
        [],
        |row| row.get(0),
    )?;
    if largest < ROWS_FOR_STATISTICS {
        report
            .notes
            .push(format!("no ANALYZE: the largest table has {largest} rows, fewer than {ROWS_FOR_STATISTICS}"));
        return Ok(());
    }
    let before = wanted(connection)?;
    // The first statistics are a change of the schema; in one transaction with that, the rollups stay known to be exact.
    let transaction = connection.unchecked_transaction()?;
    let trusted = rollups::trusted(&transaction)?;
    transaction.execute_batch("PRAGMA analysis_limit = 1000; PRAGMA optimize(0x10002);")?;
    if trusted {
        rollups::trust(&transaction)?;
    }
    transaction.commit()?;
    // An empty table has no statistics, so it is always among them.
    report.analyzed = wanted(connection)? < before;
    if !report.analyzed {
        report.notes.push("no ANALYZE: the statistics are fresh".to_owned());
    }
    Ok(())
}

/// Number of tables without fresh statistics. With bit 0 set, optimize only reports what it would do.
fn wanted(connection: &Connection) -> Result<usize> {
    let mut statement = connection.prepare("PRAGMA optimize(0x10003)")?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while rows.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

fn checkpoint(connection: &Connection, report: &mut MaintainReport) -> Result<()> {
    let blocked: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if blocked != 0 {
        report.notes.push("a reader holds the write-ahead log; it shrinks when that reader is done".to_owned());
    }
    Ok(())
}

fn size(place: &Place) -> u64 {
    [&place.path, &wal_of(&place.path)].iter().filter_map(|path| fs::metadata(path).ok()).map(|it| it.len()).sum()
}
