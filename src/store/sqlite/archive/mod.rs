//! Archives: moves old rows of the usage log to a file, and back. The migration of their tables states the invariant.
//!
//! Out: one snapshot is written to a file, which is synced and named before any row is deleted. Then part by part, in
//! one transaction each so that other writers wait only briefly, the rows that still match the file are deleted from
//! the log, and their sums stay. Reports are correct after each step. To finish a killed run, run the same command
//! again; it reads the file instead of writing it again.

mod file;
mod values;

use std::fs;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params, params_from_iter};

use self::file::Header;
use self::values::{Value, columns, id_of, is_id, quoted};
use super::failure::{Place, file_error, naming_error};
use super::rows::change;
use super::schema;
use super::sums::{
    add_to_existing, bounded, daily_of_rows, gain, money, of_measured, rows_to_sum, skill_of, sums_of_rows,
    sums_of_sums, totals_of_days, who,
};
use crate::clock::Clock;
use crate::staged_file::StagedFile;
use crate::store::{ArchiveReport, Result, StoreError, UnarchiveReport};

/// Number of rows per transaction, so that other writers wait only a fraction of a second.
const PART: usize = 10_000;

/// The rows of one transaction, by id.
const CHOSEN: &str =
    "CREATE TEMP TABLE IF NOT EXISTS archive_chosen (id INTEGER PRIMARY KEY); DELETE FROM temp.archive_chosen;";

const KEEP_SUMS: &str =
    concat!("INSERT INTO usage_daily ", daily_of_rows!("?1, ?2", "u.id IN (SELECT id FROM temp.archive_chosen)"));

const ADD_TOTALS: &str = concat!(
    "INSERT INTO usage_totals ",
    totals_of_days!("1", "usage_daily WHERE archive_id = ?1 AND part = ?2 AND archive_id > 0"),
    add_to_existing!()
);

const REDO_TOTALS: &str =
    concat!("INSERT INTO usage_totals ", totals_of_days!("1", "usage_daily WHERE archive_id > 0"));

/// Moves the rows from before the day `before` to `to`.
pub(super) fn archive(
    connection: &mut Connection,
    place: &Place,
    before: &str,
    to: &Path,
    clock: Clock,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<ArchiveReport> {
    let mut report = ArchiveReport { path: to.to_owned(), before: before.to_owned(), rows: 0, moved: 0, kept: 0 };
    if fs::symlink_metadata(to).is_err() && !write(connection, place, before, to)? {
        return Ok(report); // nothing is that old
    }
    let mut file = file::open(to)?;
    let header = file::verified(to, &mut file, &mut |_, _| Ok(()))?;
    require_ours(connection, place, to, &header)?;
    if header.before != before {
        return Err(file::refused(to, &format!("it has the rows before {}", header.before)));
    }
    report.rows = header.rows;
    let id = note(connection, place, to, &header, clock)?;
    let names = header.columns.clone();
    let done = file::parts(to, &mut file, PART, &mut |part, rows| {
        let (moved, kept) = take(connection, id, part, &names, &rows).map_err(|error| place.fail_commit(&error))?;
        report.moved += moved;
        report.kept += kept;
        progress(u64::try_from(part + 1).unwrap_or(0) * PART as u64, header.rows);
        Ok(())
    });
    done.map_err(|error| after_a_commit(place, error))?;
    Ok(report)
}

/// Moves the rows of a file back into the log.
pub(super) fn unarchive(
    connection: &mut Connection,
    place: &Place,
    from: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<UnarchiveReport> {
    let mut file = file::open(from)?;
    let header = file::verified(from, &mut file, &mut |_, _| Ok(()))?;
    require_ours(connection, place, from, &header)?;
    let known: Option<i64> = connection
        .query_row("SELECT id FROM usage_archives WHERE sha256 = ?1", [&header.sha256], |row| row.get(0))
        .optional()
        .map_err(|error| place.fail(&error))?;
    let mut report = UnarchiveReport { path: from.to_owned(), rows: header.rows, returned: 0, renumbered: 0 };
    let Some(id) = known else { return Ok(report) }; // its rows are in the log
    // Rows of removed skills are restored too.
    connection.execute_batch("PRAGMA foreign_keys = OFF").map_err(|error| place.fail(&error))?;
    let (names, mut some_are_back) = (header.columns.clone(), false);
    let done = file::parts(from, &mut file, PART, &mut |part, rows| {
        let (returned, renumbered) =
            put_back(connection, id, part, &names, &rows).map_err(|error| place.fail_commit(&error))?;
        some_are_back = true;
        report.returned += returned;
        report.renumbered += renumbered;
        progress(u64::try_from(part + 1).unwrap_or(0) * PART as u64, header.rows);
        Ok(())
    });
    let forgotten = done.and_then(|()| {
        connection
            .execute_batch("PRAGMA foreign_keys = ON")
            .and_then(|()| connection.execute(FORGET, [id]))
            .map_err(|error| place.fail_commit(&error))
    });
    match forgotten {
        Err(error) if some_are_back => Err(after_a_commit(place, error)),
        done => done.map(|_| report),
    }
}

/// Removes the record of an archive after its last row is back.
const FORGET: &str = "DELETE FROM usage_archives WHERE id = ?1
     AND NOT EXISTS (SELECT 1 FROM usage_archive_parts WHERE archive_id = ?1)";

/// Translates an error after a part was committed or the archive recorded. Busy stays busy, since a retry is safe.
fn after_a_commit(place: &Place, error: StoreError) -> StoreError {
    match error {
        StoreError::Busy { .. } | StoreError::OutcomeUnknown { .. } => error,
        other => place.unknown(&other),
    }
}

/// Writes the file from one snapshot; returns whether there was anything to write.
fn write(connection: &mut Connection, place: &Place, before: &str, to: &Path) -> Result<bool> {
    let staged = StagedFile::of(to);
    let original = fs::metadata(&place.path).map_err(|error| file_error("could not read", &place.path, error))?;
    let snapshot = connection.transaction().map_err(|error| place.fail(&error))?;
    let database = identity(&snapshot).map_err(|error| place.fail(&error))?;
    let schema = schema::version_name(&snapshot).map_err(|error| place.fail(&error))?;
    let header = Header { archive: file::FORMAT, schema, database, before: before.to_owned(), ..Header::default() };
    if file::write(&snapshot, place, header, &staged, &original)? > 0 {
        // If another process was faster, its file has the same rows and is used.
        staged.publish().map_err(|error| naming_error("could not create", to, error))?;
    }
    Ok(fs::symlink_metadata(to).is_ok())
}

/// Removes a part's rows from the log; returns how many, and how many stay because they changed.
fn take(
    connection: &mut Connection,
    archive: i64,
    part: usize,
    names: &[String],
    rows: &[Vec<Value>],
) -> rusqlite::Result<(u64, u64)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let part = i64::try_from(part).unwrap_or(i64::MAX);
    if is_out(&transaction, archive, part)? {
        return Ok((0, 0));
    }
    transaction.execute_batch(CHOSEN)?;
    let list: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let live = format!("SELECT {} FROM skill_usage_log WHERE id = ?1", list.join(", "));
    let (mut moved, mut kept) = (0, 0);
    for row in rows {
        let id = id_of(names, row);
        let now: Option<Vec<Value>> = transaction
            .prepare_cached(&live)?
            .query_row([id], |found| (0..names.len()).map(|index| found.get(index)).collect())
            .optional()?;
        if now.as_ref() == Some(row) {
            change(&transaction, "INSERT INTO temp.archive_chosen (id) VALUES (?1)", [id])?;
            moved += 1;
        } else {
            change(&transaction, "INSERT INTO usage_archive_kept VALUES (?1, ?2, ?3)", params![archive, part, id])?;
            kept += 1;
        }
    }
    change(&transaction, KEEP_SUMS, [archive, part])?;
    change(&transaction, ADD_TOTALS, [archive, part])?;
    change(&transaction, "DELETE FROM skill_usage_log WHERE id IN (SELECT id FROM temp.archive_chosen)", [])?;
    change(&transaction, "INSERT INTO usage_archive_parts VALUES (?1, ?2)", [archive, part])?;
    transaction.commit()?;
    Ok((moved, kept))
}

/// Restores a part's rows to the log; returns how many, and how many have a new id, since old tables reuse the ids of
/// removed rows.
fn put_back(
    connection: &mut Connection,
    archive: i64,
    part: usize,
    names: &[String],
    rows: &[Vec<Value>],
) -> rusqlite::Result<(u64, u64)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let part = i64::try_from(part).unwrap_or(i64::MAX);
    if !is_out(&transaction, archive, part)? {
        return Ok((0, 0));
    }
    let known = columns(&transaction)?;
    let list: Vec<String> = names.iter().filter(|it| known.contains(it)).map(|it| quoted(it)).collect();
    let holes: Vec<String> = (1..=list.len()).map(|index| format!("?{index}")).collect();
    let sql = format!("INSERT INTO skill_usage_log ({}) VALUES ({})", list.join(", "), holes.join(", "));
    let (mut returned, mut renumbered) = (0, 0);
    for row in rows {
        let stays = "SELECT 1 FROM usage_archive_kept WHERE archive_id = ?1 AND part = ?2 AND row_id = ?3";
        if transaction.prepare_cached(stays)?.exists(params![archive, part, id_of(names, row)])? {
            continue;
        }
        let fields = names.iter().zip(row).filter(|(name, _)| known.contains(name));
        let insert = |without_id: bool| {
            let values = fields.clone().map(|(name, it)| if without_id && is_id(name) { &Value::Null } else { it });
            transaction.prepare_cached(&sql)?.execute(params_from_iter(values))
        };
        match insert(false) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                insert(true)?;
                renumbered += 1;
            }
            done => drop(done?),
        }
        returned += 1;
    }
    change(
        &transaction,
        "DELETE FROM usage_daily WHERE archive_id = ?1 AND part = ?2 AND archive_id > 0",
        [archive, part],
    )?;
    change(&transaction, "DELETE FROM usage_archive_kept WHERE archive_id = ?1 AND part = ?2", [archive, part])?;
    change(&transaction, "DELETE FROM usage_archive_parts WHERE archive_id = ?1 AND part = ?2", [archive, part])?;
    change(&transaction, "DELETE FROM usage_totals WHERE archived", [])?;
    change(&transaction, REDO_TOTALS, [])?;
    transaction.commit()?;
    Ok((returned, renumbered))
}

fn is_out(connection: &Connection, archive: i64, part: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM usage_archive_parts WHERE archive_id = ?1 AND part = ?2")?
        .exists([archive, part])
}

/// The record of the archive, which exists from before the first row leaves until after the last one is back.
fn note(connection: &Connection, place: &Place, to: &Path, header: &Header, clock: Clock) -> Result<i64> {
    let rows = i64::try_from(header.rows).unwrap_or(i64::MAX);
    connection
        .execute(
            "INSERT INTO usage_archives (sha256, before, file, rows, parts, archived_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM usage_archives WHERE sha256 = ?1)",
            params![
                header.sha256,
                header.before,
                to.to_string_lossy(),
                rows,
                header.rows.div_ceil(PART as u64).cast_signed(),
                clock.moment()
            ],
        )
        .and_then(|_| {
            connection.query_row("SELECT id FROM usage_archives WHERE sha256 = ?1", [&header.sha256], |row| row.get(0))
        })
        .map_err(|error| place.fail_commit(&error))
}

/// The database's id, in hex.
fn identity(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("SELECT hex(value) FROM cfn_metadata WHERE name = 'database_id'", [], |row| row.get(0))
}

fn require_ours(connection: &Connection, place: &Place, path: &Path, header: &Header) -> Result<()> {
    let ours = identity(connection).map_err(|error| place.fail(&error))?;
    let wrong = |why: &str| Err::<(), StoreError>(file::refused(path, why));
    if header.database == ours { Ok(()) } else { wrong("it has rows of another database") }
}
