//! A staged new database. No other process can see it, so it is filled without a log, syncs, indexes and triggers; it
//! gets all that when it is complete, and its name by one rename.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Result as SqlResult, TransactionBehavior};

use super::open;
use super::options::Options;
use super::{SqliteStore, backup, orphans, rollups, schema, seeds};
use crate::clock::Clock;
use crate::regular_file;
use crate::staged_file::{NamingError, StagedFile, SyncAhead};
use crate::store::file_error::{file_error, naming_error};
use crate::store::{Durability, Result};

/// A staged database. Dropping it before it is published leaves no files.
#[derive(Debug)]
pub struct StagedDatabase {
    store: SqliteStore,
    path: PathBuf,
    /// Whether an empty file is at its path.
    empty: bool,
    /// The SQL of the objects to create after all rows.
    deferred: Vec<String>,
    /// Syncs the file while it is filled.
    syncing: Option<SyncAhead>,
    // Last, so that the file is removed after the connection is closed.
    file: StagedFile,
}

impl SqliteStore {
    /// Creates a database if there is none, and returns whether it did. It is no error if another process was faster.
    pub fn create(path: &Path, options: Options, clock: Clock) -> Result<bool> {
        StagedDatabase::begin(path, &options, clock)?.map_or(Ok(false), StagedDatabase::publish)
    }

    /// The same in two steps, with rows written in between; `None` if there is something already.
    pub fn staged(path: &Path, options: Options, clock: Clock) -> Result<Option<StagedDatabase>> {
        StagedDatabase::begin(path, &options, clock)
    }
}

impl StagedDatabase {
    /// Stages a database for `path`; `None` if there is something already. An empty file does not count, since `mktemp`
    /// creates one.
    fn begin(path: &Path, options: &Options, clock: Clock) -> Result<Option<Self>> {
        let exists = !is_empty(path) && fs::symlink_metadata(path).is_ok();
        if exists {
            drop(StagedFile::of(path)); // it sweeps
            return Ok(None);
        }
        Self::begin_beside(path, options, clock).map(Some)
    }

    /// The same, whatever is at the path.
    pub(super) fn begin_beside(path: &Path, options: &Options, clock: Clock) -> Result<Self> {
        let empty = is_empty(path);
        backup::folder_of(path)?;
        let file = StagedFile::of(path);
        let likeness = fs::metadata(path).ok().filter(|_| !empty);
        backup::create(&file, likeness.as_ref())?;
        let (mut connection, place) = open::staged(file.path(), options)?;
        begin(&mut connection, clock).map_err(|error| place.fail(&error))?;
        // It is synced once, at the end, whatever durability its transactions request.
        let options = Options { synchronous: Some(Durability::Normal), ..*options };
        let store = SqliteStore::new(connection, place, options, clock, open::warning_about(path));
        Ok(Self { store, path: path.to_owned(), empty, deferred: Vec::new(), syncing: None, file })
    }

    /// The store.
    pub(super) fn store(&self) -> &SqliteStore {
        &self.store
    }

    /// The store, for filling it with many rows. Indexes are cheaper to create from all rows, and triggers are only for
    /// the writes of other programs.
    pub(super) fn fill(&mut self) -> Result<&mut SqliteStore> {
        let Self { store, deferred, syncing, file, .. } = self;
        if deferred.is_empty() {
            *deferred = defer(&store.connection).map_err(|error| store.place.fail(&error))?;
            *syncing = Some(file.sync_ahead().map_err(|source| file_error("could not sync", file.path(), source))?);
        }
        Ok(store)
    }

    /// The same for rows whose values this program makes, from types that have no others than the schema's checks allow.
    /// SQLite makes a table of the allowed values for each check of each row: more than half the time of a new skill's row.
    pub fn fill_unchecked(&mut self) -> Result<&mut SqliteStore> {
        let store = self.fill()?;
        let unchecked = store.connection.pragma_update(None, "ignore_check_constraints", true);
        unchecked.map_err(|error| store.place.fail(&error))?;
        Ok(store)
    }

    /// Gives it the indexes and triggers that it was filled without.
    pub(super) fn complete(&mut self) -> Result<()> {
        let SqliteStore { connection, place, .. } = &mut self.store;
        finish(connection, &std::mem::take(&mut self.deferred)).map_err(|error| place.fail(&error))
    }

    /// Completes and publishes it, unless its path is taken by now; returns whether it did.
    pub fn publish(mut self) -> Result<bool> {
        self.complete()?;
        open::settle_journal_mode(&self.store.connection, &self.store.place, || Ok(()))?;
        let (path, clock, empty) = (self.path.clone(), self.store.clock, self.empty);
        let file = self.close()?;
        orphans::clear(&path, clock)?;
        let published = if empty { replace_empty(&path, file) } else { file.publish() };
        published.map_err(|error| naming_error("could not create", &path, error))
    }

    /// Closes and syncs the complete file, which goes when this is dropped.
    pub(super) fn close(self) -> Result<StagedFile> {
        let Self { store: SqliteStore { connection, place, .. }, syncing, file, .. } = self;
        connection.close().map_err(|(_, error)| place.fail(&error))?;
        if let Some(syncing) = syncing {
            syncing.end().map_err(|source| file_error("could not sync", file.path(), source))?;
        }
        backup::sync(&file)?;
        Ok(file)
    }
}

fn is_empty(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|it| it.is_file() && it.len() == 0)
}

/// Replaces an empty file, keeping its permissions, unless it is no longer empty; returns whether it did. Processes
/// lock the file first, so only one of them succeeds.
fn replace_empty(path: &Path, file: StagedFile) -> std::result::Result<bool, NamingError> {
    let still_empty = || {
        let found = regular_file::open(path)?;
        found.lock()?;
        let (held, named) = (found.metadata()?, fs::symlink_metadata(path)?);
        let same = (held.dev(), held.ino()) == (named.dev(), named.ino());
        if same && is_empty(path) {
            fs::set_permissions(file.path(), held.permissions())?;
            return Ok(Some(found));
        }
        Ok(None)
    };
    let Some(_locked) = still_empty().map_err(NamingError::NotNamed)? else { return Ok(false) };
    file.replace().map(|()| true)
}

fn begin(connection: &mut Connection, clock: Clock) -> SqlResult<()> {
    backup::unsynced(connection)?;
    connection.query_row("PRAGMA journal_mode = MEMORY", [], |_| Ok(()))?;
    // Filling writes nearly every page once, and few of them again. A small cache stays in the processor's cache; a
    // large one would need fresh memory for each page. A mapping does not help, since pages are rarely read.
    connection.execute_batch("PRAGMA cache_size = -2000; PRAGMA mmap_size = 0")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    schema::run_all(&transaction)?;
    schema::note_versions(&transaction, schema::CURRENT, clock)?;
    seeds::plant(&transaction, clock)?;
    rollups::trust(&transaction)?;
    transaction.commit()
}

/// Indexes and triggers of all tables, but not constraints.
const DEFERRED: &str = "SELECT type, name, sql FROM sqlite_master
     WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY rowid";

/// Drops indexes and triggers, and returns their SQL.
fn defer(connection: &Connection) -> SqlResult<Vec<String>> {
    let objects: Vec<(String, String, String)> = connection
        .prepare(DEFERRED)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<SqlResult<_>>()?;
    let drop = |(kind, name, _): &(String, String, String)| format!("DROP {kind} {name};");
    connection.execute_batch(&format!("BEGIN; {} COMMIT;", objects.iter().map(drop).collect::<String>()))?;
    Ok(objects.into_iter().map(|(_, _, sql)| sql).collect())
}

fn finish(connection: &mut Connection, deferred: &[String]) -> SqlResult<()> {
    if deferred.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    deferred.iter().try_for_each(|sql| transaction.execute_batch(sql))?;
    rollups::trust(&transaction)?;
    transaction.commit()
}
