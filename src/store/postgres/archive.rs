//! Archives: moves old rows of the usage log to a file, and back, as on SQLite.
//!
//! Out: one snapshot is written to a file, which is synced and named before any row is deleted. Then part by part, in
//! one transaction each, the rows that still match the file are locked and deleted by their keys, and their sums stay.
//! Partitions stay too, even if they are empty then: detaching one would keep out every other writer. Reports are correct
//! after each step. To finish a killed run, run the same command again; it reads the file instead of writing it again.
//!
//! One archive at a time is at work. Other writers wait for the rows of a part only.

use std::path::Path;

use tokio_postgres::Row;

use super::archive_ending;
use super::archived_parts;
use super::archived_rows::{self, COLUMNS};
use super::beginning::Beginning;
use super::parameters::{big, bigs, bytes, text, texts};
use super::schema_number::{CURRENT, name_of};
use super::session::Session;
use super::sums::{
    add_to_existing, bounded, daily_of_rows, in_units, of_measured, rows_to_sum, sums, sums_of_rows, sums_of_sums,
};
use super::{ATTEMPTS, PostgresStore};
use crate::store::archives::{ArchivePlace, ArchivedDays, Header, Value, after_a_commit, after_all_are_back};
use crate::store::{ArchiveRecord, ArchiveReport, Result, StoreError, UnarchiveReport, UsageSums as _};

/// Keeps other archives out until the transaction ends.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1667657220, hashtext(current_schema()))";

/// In the form of the SQLite engine.
const IDENTITY: &str = "SELECT upper(encode(value, 'hex')) FROM cfn_metadata WHERE name = 'database_id'";

pub(super) const IS_OUT: &str = "SELECT 1 FROM usage_archive_parts WHERE archive_id = $1 AND part = $2";

/// The record of the archive, which exists from before the first row leaves until after the last one is back.
const NOTE: &str = "WITH noted AS (INSERT INTO usage_archives (sha256, before, file, rows, parts, archived_at)
       VALUES ($1, $2, convert_from($3, 'UTF8'), $4, $5, cfn_time_text(statement_timestamp()))
       ON CONFLICT (sha256) DO NOTHING RETURNING id)
     SELECT id FROM noted UNION ALL SELECT id FROM usage_archives WHERE sha256 = $1";

/// Removes the rows with these keys, and keeps the sums of exactly the rows that it removed.
const TAKE: &str = concat!(
    "WITH gone AS (DELETE FROM skill_usage_log u USING unnest($3, $4::date[]) AS chosen (id, month)
         WHERE u.id = chosen.id AND u.month = chosen.month RETURNING u.*),
       daily AS (INSERT INTO usage_daily SELECT day, skill_id, agent_type, approval_level, $1, $2, ",
    sums!(),
    " FROM (",
    daily_of_rows!("gone u", "true"),
    ") days RETURNING *),
       totals AS (INSERT INTO usage_totals SELECT 1, skill_id, agent_type, approval_level, ",
    sums_of_sums!(),
    " FROM daily GROUP BY skill_id, agent_type, approval_level
         ON CONFLICT (archived, skill_id, agent_type, approval_level)",
    add_to_existing!("usage_totals"),
    "),
       kept AS (INSERT INTO usage_archive_kept SELECT DISTINCT $1, $2, id FROM unnest($5) AS of (id)),
       part AS (INSERT INTO usage_archive_parts VALUES ($1, $2))
     SELECT count(*) FROM gone"
);

/// Moves the rows of these days to `to`.
pub(super) fn archive(
    store: &mut PostgresStore,
    days: &ArchivedDays,
    to: &mut dyn ArchivePlace,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<ArchiveReport> {
    let mut report = ArchiveReport::of(to.name(), days);
    let ours = store.step(Beginning::Read, |session| Ok((identity(session)?, false)))?;
    if !to.exists(&ours)? && !write(store, days, to)? {
        return Ok(report); // nothing is that old
    }
    let header = to.open(&ours, Some(&days.before))?;
    report.rows = header.rows;
    let name = to.name().to_owned();
    let id = store.alone(|session| note(session, &name, &header))?;
    let done = to.parts(progress, &mut |part, rows| {
        let (moved, kept) = store.alone(|session| take(session, id, part, &header, rows))?;
        report.moved += moved;
        report.kept += kept;
        Ok(())
    });
    done.map_err(|error| after_a_commit(store.session.place().location(), error))?;
    store.catch_up_if_possible();
    Ok(report)
}

/// Moves the rows of an archive back into the log, but those of deleted skills, which nothing could refer to: these stay in the
/// file, and in the reports.
pub(super) fn unarchive(
    store: &mut PostgresStore,
    from: &mut dyn ArchivePlace,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<UnarchiveReport> {
    let ours = store.step(Beginning::Read, |session| Ok((identity(session)?, false)))?;
    let header = from.open(&ours, None)?;
    let mut report = UnarchiveReport::of(from.name(), header.rows);
    let known = "SELECT id FROM usage_archives WHERE sha256 = $1";
    let known = store.step(Beginning::Read, |session| Ok((session.first(known, &[text(&header.sha256)])?, false)))?;
    let Some(id) = known.map(|row| row.get::<_, i64>(0)) else {
        // Its rows are in the log, perhaps since a run that was killed.
        return discard(store, from, &header.sha256).map(|()| report);
    };
    let mut some_are_back = false;
    let name = from.name().to_owned();
    let done = from.parts(progress, &mut |part, rows| {
        let json = archived_rows::json(&name, &header.columns, rows)?;
        let (returned, renumbered) = store.alone(|session| put_back(session, id, part, &json, &header))?;
        some_are_back = true;
        report.returned += returned;
        report.renumbered += renumbered;
        Ok(())
    });
    let forgotten = done.and_then(|()| store.alone(|session| archive_ending::forget(session, id, &header.sha256)));
    match forgotten {
        Err(error) if some_are_back => Err(after_a_commit(store.session.place().location(), error)),
        Err(error) => Err(error),
        Ok(()) => {
            let ended = discard(store, from, &header.sha256);
            ended.map_err(|error| after_all_are_back(store.session.place().location(), error))?;
            store.catch_up_if_possible();
            Ok(report)
        }
    }
}

/// Ends the archive if all of it is back. Not again after a conflict, of which there is none: other archives are kept out.
fn discard(store: &mut PostgresStore, from: &mut dyn ArchivePlace, sha256: &str) -> Result<()> {
    store.step(Beginning::Unlocked, |session| {
        session.first(LOCK, &[])?;
        archive_ending::discard(session, from, sha256).map(|()| ((), true))
    })
}

/// The archives that the database remembers.
pub(super) fn records(store: &mut PostgresStore) -> Result<Vec<ArchiveRecord>> {
    let sql = "SELECT file, before, rows, parts, (SELECT count(*) FROM usage_archive_parts p WHERE p.archive_id = a.id)
         FROM usage_archives a ORDER BY before, file";
    let rows = store.step(Beginning::Read, |session| Ok((session.rows(sql, &[])?, false)))?;
    let record = |row: &Row| ArchiveRecord {
        place: row.get(0),
        before: row.get(1),
        rows: row.get(2),
        parts: row.get(3),
        parts_out: row.get(4),
    };
    Ok(rows.iter().map(record).collect())
}

/// Compares an archive with what was written; returns the number of its rows.
pub(super) fn verify(store: &mut PostgresStore, of: &mut dyn ArchivePlace) -> Result<u64> {
    let ours = store.step(Beginning::Read, |session| Ok((identity(session)?, false)))?;
    Ok(of.open(&ours, None)?.rows)
}

/// The months with rows from before this day, by their first days.
pub(super) fn months(store: &mut PostgresStore, before: &str) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT left(cfn_day(u.loaded_time), 7) || '-01' FROM skill_usage_log u
         WHERE u.loaded_time IS NOT NULL AND cfn_day(u.loaded_time) < $1
           AND u.month <= coalesce(cfn_month(cfn_time($1 || ' 00:00:00')), 'infinity') ORDER BY 1";
    let rows = store.step(Beginning::Read, |session| Ok((session.rows(sql, &[text(before)])?, false)))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

impl PostgresStore {
    /// Runs a step of an archive in a transaction of its own, again if another transaction is in its way.
    pub(super) fn alone<T>(&mut self, step: impl Fn(&Session) -> Result<T>) -> Result<T> {
        for _ in 0..ATTEMPTS {
            let done = self.step(Beginning::Unlocked, |session| {
                session.first(LOCK, &[])?;
                step(session).map(|it| (it, true))
            });
            match done {
                Err(_) if self.session.conflict().is_some() => {}
                done => return done,
            }
        }
        Err(StoreError::Conflict { location: self.session.place().location(), attempts: ATTEMPTS })
    }

    /// Every moved row left a mark. Reports are exact with the marks too, so a failure here changes nothing.
    fn catch_up_if_possible(&mut self) {
        if let Err(error) = self.catch_up(&mut |_| ()) {
            tracing::debug!(%error, "the sums were not brought up to date after an archive");
        }
    }
}

/// Writes the file from one snapshot; returns whether there was anything to write.
fn write(store: &mut PostgresStore, days: &ArchivedDays, to: &mut dyn ArchivePlace) -> Result<bool> {
    store.step(Beginning::Read, |session| {
        archived_rows::require_known_columns(session)?;
        let header = Header {
            schema: name_of(CURRENT),
            database: identity(session)?,
            first: days.first.clone(),
            before: days.before.clone(),
            columns: COLUMNS.map(str::to_owned).to_vec(),
            ..Header::default()
        };
        let written = to.write(header, None, &mut |each| archived_rows::each_old(session, days, each))?;
        Ok((written, false))
    })
}

fn note(session: &Session, to: &Path, header: &Header) -> Result<i64> {
    let file = to.to_string_lossy();
    let [rows, parts] = [header.rows, header.parts()].map(|it| big(it.cast_signed()));
    let parameters = [text(&header.sha256), text(&header.before), bytes(file.as_bytes()), rows, parts];
    let noted = session.first(NOTE, &parameters)?;
    archive_ending::unmark(session, &header.sha256)?;
    noted.map(|row| row.get(0)).ok_or(StoreError::Defect("an archive was not noted"))
}

/// Removes a part's rows from the log; returns how many, and how many stay because they changed.
fn take(session: &Session, archive: i64, part: i64, header: &Header, rows: &[Vec<Value>]) -> Result<(u64, u64)> {
    if session.first(IS_OUT, &[big(archive), big(part)])?.is_some() {
        return Ok((0, 0));
    }
    if !archive_ending::is_noted(session, archive)? {
        return Err(StoreError::Defect("an archive was moved back while rows were moved there"));
    }
    let matched = archived_rows::matched(session, &header.columns, rows)?;
    let (ids, months): (Vec<i64>, Vec<&str>) = matched.chosen.iter().map(|(id, month)| (*id, month.as_str())).unzip();
    let parameters = [big(archive), big(part), bigs(&ids), texts(&months), bigs(&matched.kept)];
    let gone: i64 = session.first(TAKE, &parameters)?.map_or(0, |row| row.get(0));
    if gone.unsigned_abs() != ids.len() as u64 {
        return Err(StoreError::Defect("locked rows of the usage log could not be removed"));
    }
    archived_parts::keep_gist(session, header, part, rows)?;
    Ok((ids.len() as u64, matched.kept.len() as u64))
}

/// Restores a part's rows to the log; returns how many, and how many have a new id because theirs is taken.
fn put_back(session: &Session, archive: i64, part: i64, json: &str, header: &Header) -> Result<(u64, u64)> {
    if session.first(IS_OUT, &[big(archive), big(part)])?.is_none() {
        return Ok((0, 0));
    }
    let counts = session.first(archived_rows::PUT_BACK, &[big(archive), big(part), text(json)])?;
    let (returned, renumbered): (i64, i64) = counts.map_or((0, 0), |row| (row.get(0), row.get(1)));
    archived_parts::forget_gist(session, header, part)?;
    archived_parts::redo_totals(session)?;
    Ok((returned.unsigned_abs(), renumbered.unsigned_abs()))
}

pub(super) fn identity(session: &Session) -> Result<String> {
    let row = session.first(IDENTITY, &[])?;
    row.map(|row| row.get(0)).ok_or(StoreError::Defect("the database has no id"))
}
