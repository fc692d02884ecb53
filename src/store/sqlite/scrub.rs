//! Rewrites a database, so that nothing is left in its files of what was deleted.

use std::fs;
use std::path::PathBuf;

use rusqlite::{Connection, Result};

use super::failure::Place;
use super::maintain;
use super::options::Options;
use super::work_file::WorkFile;
use crate::store::{ScrubReport, StoreError};

pub(super) fn run(connection: &Connection, place: &Place) -> crate::store::Result<ScrubReport> {
    let rewritten = rewrite(connection).map_err(|error| place.fail_commit(&error))?;
    if !rewritten {
        return Err(StoreError::Busy { location: place.location(), waited: place.busy_timeout });
    }
    // Last: who indexed an older state held a snapshot of it, and there is none any more.
    let options = Options { busy_timeout: place.busy_timeout, ..Options::default() };
    let removed = WorkFile::remove(&place.path, &options)?;
    Ok(ScrubReport { removed_indexes: usize::from(removed), copies: copies(place) })
}

/// Returns whether the log could be emptied too.
fn rewrite(connection: &Connection) -> Result<bool> {
    // Whatever this SQLite was built with.
    connection.execute_batch("PRAGMA secure_delete = ON")?;
    maintain::rewrite(connection)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).map(|blocked| blocked == 0)
}

/// Files beside the database that are named after it: copies of earlier states.
fn copies(place: &Place) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (place.path.parent(), place.path.file_name()) else { return Vec::new() };
    let stem = [name.as_encoded_bytes(), b"."].concat();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path());
    let is_copy = |it: &PathBuf| it.file_name().is_some_and(|it| it.as_encoded_bytes().starts_with(&stem));
    let mut copies: Vec<PathBuf> = entries.filter(is_copy).collect();
    copies.sort();
    copies
}
