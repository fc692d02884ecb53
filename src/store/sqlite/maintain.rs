//! VACUUM and statistics, if worthwhile.

use std::fs;

use rusqlite::{Connection, ErrorCode, Result};

use super::beside::wal_of;
use super::failure::Place;
use super::{layout, repair, rollups};
use crate::store::{MaintainReport, Maintenance, Pages, StoreError};

/// Minimum number of rows in the largest table for statistics. Below it every plan is fast, and statistics only slow
/// down each start.
const ROWS_FOR_STATISTICS: i64 = 10_000;

/// Sizes between which rewriting the file is due: it gains little below, and writers wait for long above.
const DUE_FREE_BYTES: u64 = 1024 * 1024;
const DUE_FILE_BYTES: u64 = 64 * 1024 * 1024;

pub(super) fn run(connection: &Connection, place: &Place, how: Maintenance) -> crate::store::Result<MaintainReport> {
    let mut report = MaintainReport {
        bytes_before: size(place),
        bytes_after: 0,
        vacuumed: false,
        analyzed: false,
        notes: Vec::new(),
    };
    let done = match how {
        Maintenance::Thorough => repaired(connection, &mut report)
            .and_then(|()| vacuum(connection, &mut report))
            .and_then(|()| statistics(connection, &mut report))
            .and_then(|()| checkpoint(connection, &mut report)),
        Maintenance::IfDue => what_is_due(connection, &mut report),
    };
    done.map_err(|error| match place.fail_commit(&error) {
        error @ (StoreError::Busy { .. } | StoreError::OutcomeUnknown { .. }) => error,
        other if report.vacuumed || report.analyzed => place.unknown(&other),
        other => other,
    })?;
    report.bytes_after = size(place);
    Ok(report)
}

/// A checkpoint that waits for nobody; without it, the next writers do its work.
fn what_is_due(connection: &Connection, report: &mut MaintainReport) -> Result<()> {
    unless_busy(repaired, connection, report)?;
    let pages = pages(connection)?;
    let (free, file) = (pages.free * pages.size, pages.all * pages.size);
    if free < DUE_FREE_BYTES {
        report.notes.push(format!("no VACUUM: {free} bytes are free, less than {DUE_FREE_BYTES}"));
    } else if file > DUE_FILE_BYTES {
        report.notes.push(format!(
            "no VACUUM: writers would wait for the {file} bytes of this file; when nobody writes, run 'cfn db maintain'"
        ));
    } else {
        unless_busy(vacuum, connection, report)?;
    }
    unless_busy(statistics, connection, report)?;
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// One step of a maintenance that can wait.
fn unless_busy(
    step: fn(&Connection, &mut MaintainReport) -> Result<()>,
    connection: &Connection,
    report: &mut MaintainReport,
) -> Result<()> {
    match step(connection, report) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            report.notes.push("another process is writing; the rest is left for the next time".to_owned());
            Ok(())
        }
        done => done,
    }
}

/// Makes missing and changed objects of the schema anew.
fn repaired(connection: &Connection, report: &mut MaintainReport) -> Result<()> {
    report.notes.extend(repair::complete(connection)?);
    Ok(())
}

fn vacuum(connection: &Connection, report: &mut MaintainReport) -> Result<()> {
    let pages @ Pages { free, all, .. } = pages(connection)?;
    if !pages.are_worth_a_vacuum() {
        report.notes.push(format!("no VACUUM: {free} of {all} pages are free, less than a tenth"));
        return Ok(());
    }
    rewrite(connection)?;
    report.vacuumed = true;
    Ok(())
}

/// The pages of the file.
pub(super) fn pages(connection: &Connection) -> Result<Pages> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let [free, all, size] = [number("freelist_count")?, number("page_count")?, number("page_size")?];
    Ok(Pages { free: free.unsigned_abs(), all: all.unsigned_abs(), size: size.unsigned_abs() })
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
    let largest = largest(connection)?;
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

/// Number of rows of the largest table.
fn largest(connection: &Connection) -> Result<i64> {
    connection.query_row(
        "SELECT max((SELECT count(*) FROM skills), (SELECT count(*) FROM skill_usage_log),
           (SELECT count(*) FROM agent_skill_mappings), (SELECT count(*) FROM approval_history))",
        [],
        |row| row.get(0),
    )
}

/// The tables that grow, each with its number of rows and the most that statistics count.
const COUNTED: &str = "SELECT name, rows, (SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = name)
     FROM (SELECT 'skills' AS name, (SELECT count(*) FROM skills) AS rows
       UNION ALL SELECT 'skill_usage_log', (SELECT count(*) FROM skill_usage_log)
       UNION ALL SELECT 'agent_skill_mappings', (SELECT count(*) FROM agent_skill_mappings)
       UNION ALL SELECT 'approval_history', (SELECT count(*) FROM approval_history)
       UNION ALL SELECT 'skill_versions', (SELECT count(*) FROM skill_versions))";

/// Statistics are out of date if the number of rows has changed by this factor, as for `PRAGMA optimize`.
const OUT_OF_DATE: i64 = 10;

/// Tables with rows, but without fresh statistics, where statistics pay. A connection that only reads cannot run `PRAGMA
/// optimize`.
pub(super) fn without_statistics(connection: &Connection) -> Result<Vec<String>> {
    if largest(connection)? < ROWS_FOR_STATISTICS {
        return Ok(Vec::new());
    }
    let sql = if layout::exists(connection, "table", "sqlite_stat1")? {
        COUNTED
    } else {
        &COUNTED.replace("(SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = name)", "NULL")
    };
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let (rows, counted): (i64, Option<i64>) = (row.get(1)?, row.get(2)?);
        let is_fresh =
            counted.is_some_and(|it| rows < it.saturating_mul(OUT_OF_DATE) && it < rows.saturating_mul(OUT_OF_DATE));
        (rows > 0 && !is_fresh).then(|| row.get(0)).transpose()
    })?;
    rows.filter_map(Result::transpose).collect()
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
