//! Archives: moves old rows of the usage log to a file, and back. The migration of their tables states the invariant.
//!
//! Out: one snapshot is written to a file, which is synced and named before any row is deleted. Then part by part, in
//! one transaction each so that other writers wait only briefly, the rows that still match the file are deleted from
//! the log, and their sums stay. Reports are correct after each step. To finish a killed run, run the same command
//! again; it reads the file instead of writing it again.

mod ending;
mod marks;
mod proof;
mod records;
mod values;

use std::fs;
use std::path::Path;

use rusqlite::{
    Connection, Error as SqlError, ErrorCode, OptionalExtension, TransactionBehavior, params, params_from_iter,
};

use self::marks::{identity, is_out, redo_totals, require_record};
pub(super) use self::proof::prove;
pub(super) use self::records::{months, records};
use self::values::{bound, columns, quoted, value};
use super::archived_parts::{forget_gist, keep_gist};
use super::failure::Place;
use super::rows::change;
use super::schema;
use super::sums::{
    add_to_existing, bounded, daily_of_rows, day_of, gain, money, of_measured, rows_to_sum, skill_of, sums_of_rows,
    sums_of_sums, totals_of_days, who,
};
use super::usage_push::has_unpushed_before;
use super::verified::{clear, insert};
use crate::clock::Clock;
use crate::store::archives::{
    ArchivePlace, ArchivedDays, Header, Value, after_a_commit, after_all_are_back, back_name, id_of, is_id,
};
use crate::store::file_error::file_error;
use crate::store::{ArchiveReport, FileFault, Result, UnarchiveReport};

/// The rows of one transaction, by id.
const CHOSEN: &str =
    "CREATE TEMP TABLE IF NOT EXISTS archive_chosen (id INTEGER PRIMARY KEY); DELETE FROM temp.archive_chosen;";

const KEEP_SUMS: &str = concat!(
    "INSERT INTO usage_daily ",
    daily_of_rows!("?1, ?2", "skill_usage_log u", "u.id IN (SELECT id FROM temp.archive_chosen)")
);

const ADD_TOTALS: &str = concat!(
    "INSERT INTO usage_totals ",
    totals_of_days!("1", "usage_daily WHERE archive_id = ?1 AND part = ?2 AND archive_id > 0"),
    add_to_existing!()
);

/// Moves the rows of these days to `to`.
pub(super) fn archive(
    connection: &mut Connection,
    place: &Place,
    days: &ArchivedDays,
    to: &mut dyn ArchivePlace,
    clock: Clock,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<ArchiveReport> {
    if has_unpushed_before(connection, &days.before).map_err(|error| place.fail(&error))? {
        return Err(FileFault::NotPushed { path: place.path.clone() }.into());
    }
    let mut report = ArchiveReport::of(to.name(), days);
    let ours = identity(connection).map_err(|error| place.fail(&error))?;
    if !to.exists(&ours)? && !write(connection, place, days, to)? {
        return Ok(report); // nothing is that old
    }
    let header = to.open(&ours, Some(&days.before))?;
    report.rows = header.rows;
    let id = note(connection, place, to.name(), &header, clock)?;
    let done = to.parts(progress, &mut |part, rows| {
        let (moved, kept) = take(connection, id, part, &header, rows).map_err(|error| place.fail_commit(&error))?;
        report.moved += moved;
        report.kept += kept;
        Ok(())
    });
    done.map_err(|error| after_a_commit(place.location(), error))?;
    Ok(report)
}

/// Moves the rows of an archive back into the log.
pub(super) fn unarchive(
    connection: &mut Connection,
    place: &Place,
    from: &mut dyn ArchivePlace,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<UnarchiveReport> {
    let ours = identity(connection).map_err(|error| place.fail(&error))?;
    let header = from.open(&ours, None)?;
    let known: Option<i64> = connection
        .query_row("SELECT id FROM usage_archives WHERE sha256 = ?1", [&header.sha256], |row| row.get(0))
        .optional()
        .map_err(|error| place.fail(&error))?;
    let mut report = UnarchiveReport::of(from.name(), header.rows);
    let Some(id) = known else {
        // Its rows are in the log, perhaps since a run that was killed.
        return ending::discard(connection, place, from, &header.sha256).map(|()| report);
    };
    // Rows of removed skills are restored too.
    connection.execute_batch("PRAGMA foreign_keys = OFF").map_err(|error| place.fail(&error))?;
    let mut some_are_back = false;
    let done = from.parts(progress, &mut |part, rows| {
        let (returned, renumbered) =
            put_back(connection, id, part, &header, rows).map_err(|error| place.fail_commit(&error))?;
        some_are_back = true;
        report.returned += returned;
        report.renumbered += renumbered;
        Ok(())
    });
    let forgotten = done.and_then(|()| {
        connection
            .execute_batch("PRAGMA foreign_keys = ON")
            .and_then(|()| ending::forget(connection, id, &header.sha256))
            .map_err(|error| place.fail_commit(&error))
    });
    match forgotten {
        Err(error) if some_are_back => Err(after_a_commit(place.location(), error)),
        Err(error) => Err(error),
        Ok(()) => {
            let ended = ending::discard(connection, place, from, &header.sha256);
            ended.map_err(|error| after_all_are_back(place.location(), error)).map(|()| report)
        }
    }
}

/// Compares an archive with what was written; returns the number of its rows.
pub(super) fn verify(connection: &Connection, place: &Place, of: &mut dyn ArchivePlace) -> Result<u64> {
    let ours = identity(connection).map_err(|error| place.fail(&error))?;
    Ok(of.open(&ours, None)?.rows)
}

/// Writes the file from one snapshot; returns whether there was anything to write.
fn write(connection: &mut Connection, place: &Place, days: &ArchivedDays, to: &mut dyn ArchivePlace) -> Result<bool> {
    let original = fs::metadata(&place.path).map_err(|error| file_error("could not read", &place.path, error))?;
    let snapshot = connection.transaction().map_err(|error| place.fail(&error))?;
    let header = header(&snapshot, days).map_err(|error| place.fail(&error))?;
    let list: Vec<String> = header.columns.iter().map(|it| quoted(it)).collect();
    let which = concat!(
        " FROM skill_usage_log u WHERE ",
        day_of!(),
        " > '' AND ",
        day_of!(),
        " >= ?2 AND ",
        day_of!(),
        " < ?1 ORDER BY id"
    );
    let sql = format!("SELECT {}{which}", list.join(", "));
    let first = days.first.as_deref().unwrap_or_default();
    to.write(header, Some(&original), &mut |each| {
        let say = |error: SqlError| place.fail(&error);
        let mut statement = snapshot.prepare(&sql).map_err(say)?;
        let mut rows = statement.query([days.before.as_str(), first]).map_err(say)?;
        while let Some(row) = rows.next().map_err(say)? {
            let values: rusqlite::Result<Vec<Value>> = (0..list.len()).map(|index| value(row, index)).collect();
            each(&values.map_err(say)?)?;
        }
        Ok(())
    })
}

/// What the file's first line says of this database.
fn header(snapshot: &Connection, days: &ArchivedDays) -> rusqlite::Result<Header> {
    let (schema, database) = (schema::version_name(snapshot)?, identity(snapshot)?);
    let ArchivedDays { first, before } = days.clone();
    Ok(Header { schema, database, first, before, columns: columns(snapshot)?, ..Header::default() })
}

/// Removes a part's rows from the log; returns how many, and how many stay because they changed.
fn take(
    connection: &mut Connection,
    archive: i64,
    part: i64,
    header: &Header,
    rows: &[Vec<Value>],
) -> rusqlite::Result<(u64, u64)> {
    let names = header.columns.as_slice();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if is_out(&transaction, archive, part)? {
        return Ok((0, 0));
    }
    require_record(&transaction, archive)?;
    transaction.execute_batch(CHOSEN)?;
    let list: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let live = format!("SELECT {} FROM skill_usage_log WHERE id = ?1", list.join(", "));
    let (mut moved, mut kept) = (0, 0);
    for row in rows {
        let id = id_of(names, row);
        let now: Option<Vec<Value>> = transaction
            .prepare_cached(&live)?
            .query_row([id], |found| (0..names.len()).map(|index| value(found, index)).collect())
            .optional()?;
        if now.as_ref() == Some(row) {
            change(&transaction, "INSERT INTO temp.archive_chosen (id) VALUES (?1)", [id])?;
            moved += 1;
        } else {
            insert(&transaction, "INSERT INTO usage_archive_kept VALUES (?1, ?2, ?3)", params![archive, part, id])?;
            kept += 1;
        }
    }
    change(&transaction, KEEP_SUMS, [archive, part])?;
    change(&transaction, ADD_TOTALS, [archive, part])?;
    clear(&transaction, "DELETE FROM skill_usage_log WHERE id IN (SELECT id FROM temp.archive_chosen)", &[])?;
    insert(&transaction, "INSERT INTO usage_archive_parts VALUES (?1, ?2)", [archive, part])?;
    keep_gist(&transaction, header, part, rows)?;
    transaction.commit()?;
    Ok((moved, kept))
}

/// Restores a part's rows to the log; returns how many, and how many have a new id, since old tables reuse the ids of
/// removed rows.
fn put_back(
    connection: &mut Connection,
    archive: i64,
    part: i64,
    header: &Header,
    rows: &[Vec<Value>],
) -> rusqlite::Result<(u64, u64)> {
    let names = header.columns.as_slice();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
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
        let put = |without_id: bool| {
            let values =
                fields.clone().map(|(name, it)| bound(if without_id && is_id(name) { &Value::Null } else { it }));
            insert(&transaction, &sql, params_from_iter(values))
        };
        match put(false) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                put(true)?;
                renumbered += 1;
            }
            done => done?,
        }
        returned += 1;
    }
    change(
        &transaction,
        "DELETE FROM usage_daily WHERE archive_id = ?1 AND part = ?2 AND archive_id > 0",
        [archive, part],
    )?;
    clear(&transaction, "DELETE FROM usage_archive_kept WHERE archive_id = ?1 AND part = ?2", params![archive, part])?;
    clear(&transaction, "DELETE FROM usage_archive_parts WHERE archive_id = ?1 AND part = ?2", params![archive, part])?;
    forget_gist(&transaction, header, part)?;
    redo_totals(&transaction)?;
    transaction.commit()?;
    Ok((returned, renumbered))
}

/// The record of the archive, which exists from before the first row leaves until after the last one is back.
fn note(connection: &mut Connection, place: &Place, to: &Path, header: &Header, clock: Clock) -> Result<i64> {
    let rows = i64::try_from(header.rows).unwrap_or(i64::MAX);
    let mut noted = || {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        change(
            &transaction,
            "INSERT INTO usage_archives (sha256, before, file, rows, parts, archived_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM usage_archives WHERE sha256 = ?1)",
            params![
                header.sha256,
                header.before,
                to.to_string_lossy(),
                rows,
                header.parts().cast_signed(),
                clock.moment()
            ],
        )?;
        change(&transaction, "DELETE FROM cfn_metadata WHERE name = ?1", [back_name(&header.sha256)])?;
        let sql = "SELECT id FROM usage_archives WHERE sha256 = ?1";
        let id = transaction.query_row(sql, [&header.sha256], |row| row.get(0))?;
        transaction.commit()?;
        Ok(id)
    };
    noted().map_err(|error| place.fail_commit(&error))
}
