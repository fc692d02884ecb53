//! `skills-work.db`, the file beside `skills.db` for data that can be made again, such as the search index. It is a file
//! of its own because every process that opens `skills.db` parses the whole schema there.
//!
//! Only commands that need it open it, and the first one makes it. It may be deleted at any time. A damaged file, or one
//! of another version, is made again. It never has wider permissions than the database. No transaction spans both.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::beside::{self, INDEX, JOURNAL, LOG, with_suffix};
use super::failure::Place;
use super::open;
use super::options::Options;
use super::{backup, schema};
use crate::staged_file::StagedFile;
use crate::store::file_error::{file_error, naming_error};
use crate::store::{Access, FileFault, Result, StoreError};

/// The version of the tables, in `user_version`. Another one is made again.
const VERSION: i64 = 1;

/// Its tables. [`super::search_index`] owns those of the index.
const TABLES: &str = "
    CREATE TABLE search_state(state BLOB NOT NULL);
    CREATE TABLE search_blocks(block INTEGER PRIMARY KEY, lengths BLOB NOT NULL, documents BLOB NOT NULL);
    CREATE TABLE search_terms(block INTEGER, term TEXT, postings BLOB NOT NULL, PRIMARY KEY(block, term)) WITHOUT ROWID;";

/// What is deleted is overwritten: the index has words of skills, some of which must go for good. The cache is small,
/// since an index is written in small parts.
const SETTINGS: &str = "PRAGMA secure_delete = ON; PRAGMA cache_size = -8000;";

/// The open file.
#[derive(Debug)]
pub(super) struct WorkFile {
    pub(super) connection: Connection,
    pub(super) place: Place,
}

impl WorkFile {
    /// Where the file of this database is: `skills-work.db` for `skills.db`.
    pub(super) fn path_of(database: &Path) -> PathBuf {
        let database = beside::real(database).unwrap_or_else(|_| database.to_owned());
        let mut name = database.file_stem().unwrap_or_default().to_owned();
        name.push("-work");
        if let Some(extension) = database.extension() {
            name.push(".");
            name.push(extension);
        }
        database.with_file_name(name)
    }

    /// Opens it for reading, in a read-only folder too. `None` if it is missing, damaged, of another version, or may not
    /// be read.
    pub(super) fn for_reading(database: &Path, options: &Options) -> Result<Option<Self>> {
        let path = Self::path_of(database);
        require_regular_file(&path)?;
        let opened = Self::opened(&path, Access::Read, options);
        match opened.and_then(|file| file.is_current().map(|current| current.then_some(file))) {
            Err(StoreError::Missing { .. } | StoreError::Denied { .. }) => Ok(None),
            Err(error) if is_damage(&error) => Ok(None),
            other => other,
        }
    }

    /// Opens it for writing, and makes it if necessary. `None` if it may not be written.
    pub(super) fn for_writing(database: &Path, options: &Options) -> Result<Option<Self>> {
        let path = Self::path_of(database);
        require_regular_file(&path)?;
        match Self::made(&path, database, options) {
            Err(StoreError::Denied { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    fn made(path: &Path, database: &Path, options: &Options) -> Result<Self> {
        if fs::symlink_metadata(path).is_err() {
            make(path, database, options)?;
        }
        let opened = Self::opened(path, Access::Write, options);
        match opened.and_then(|file| file.is_current().map(|current| current.then_some(file))) {
            Ok(Some(file)) => return Ok(file),
            Err(error) if !is_damage(&error) => return Err(error),
            Ok(None) | Err(_) => {}
        }
        tracing::debug!(path = %path.display(), "made again: it is damaged, or of another version");
        if let Err(error) = reset(path, options) {
            tracing::debug!(%error, "it could not be emptied in place");
            remove(path)?;
            make(path, database, options)?;
        }
        Self::opened(path, Access::Write, options)
    }

    fn opened(path: &Path, access: Access, options: &Options) -> Result<Self> {
        // Not mapped: it may be deleted or emptied by another process.
        let options = Options { long_lived: true, few_rows: false, ..*options };
        let (connection, place) = open::existing(path, access, &options)?;
        connection.execute_batch(SETTINGS).map_err(|error| place.fail(&error))?;
        Ok(Self { connection, place })
    }

    fn is_current(&self) -> Result<bool> {
        let version = schema::version(&self.connection).map_err(|error| self.place.fail(&error))?;
        Ok(version == VERSION)
    }

    /// Removes it, after overwriting what it had; it is made again when it is needed. Returns whether there was one.
    pub(super) fn remove(database: &Path, options: &Options) -> Result<bool> {
        let path = Self::path_of(database);
        if fs::symlink_metadata(&path).is_err() {
            return Ok(false);
        }
        if Self::clear(database, options)?.is_none() {
            tracing::debug!("the file may not be written; it is only removed");
        }
        remove(&path).map(|()| true)
    }

    /// Empties it, damaged or not. What it had is overwritten, also in its log, unless a reader pins that
    /// ([`StoreError::Busy`]). `None` if it may not be written. A missing file stays missing.
    pub(super) fn clear(database: &Path, options: &Options) -> Result<Option<()>> {
        let path = Self::path_of(database);
        require_regular_file(&path)?;
        if fs::symlink_metadata(&path).is_err() {
            return Ok(Some(()));
        }
        match reset(&path, options) {
            Ok(()) => Ok(Some(())),
            Err(StoreError::Denied { .. }) => Ok(None),
            Err(error) if is_damage(&error) => remove(&path).map(Some),
            Err(error) => Err(error),
        }
    }
}

/// Whether a file that can be made again is to be made again.
fn is_damage(error: &StoreError) -> bool {
    matches!(error, StoreError::Damaged { .. } | StoreError::NotADatabase { .. })
}

/// SQLite would wait for the other end of a FIFO, and write through a link to anywhere.
fn require_regular_file(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => Err(FileFault::NotAFile { path: path.to_owned() }.into()),
        _ => Ok(()),
    }
}

/// Makes the file, complete or not at all. It is no error if another process was faster. Beside a database that nobody may
/// write to, it would have the same rights, and nobody could bring it up to date later.
fn make(path: &Path, database: &Path, options: &Options) -> Result<()> {
    let original = match fs::metadata(database) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None, // it is on a server
        found => Some(found.map_err(|error| file_error("could not read", database, error))?),
    };
    if original.as_ref().is_some_and(|it| it.permissions().readonly()) {
        return Err(file_error("could not create", path, io::ErrorKind::PermissionDenied.into()));
    }
    let staged = StagedFile::of(path);
    backup::create(&staged, original.as_ref())?;
    let (connection, place) = open::staged(staged.path(), options)?;
    let filled = backup::unsynced(&connection).and_then(|()| fill(&connection));
    filled.map_err(|error| place.fail(&error))?;
    open::settle_journal_mode(&connection, &place, || Ok(()))?;
    connection.close().map_err(|(_, error)| place.fail(&error))?;
    backup::sync(&staged)?;
    staged.publish().map(|_| ()).map_err(|error| naming_error("could not create", path, error))
}

fn fill(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"))
}

/// Empties the file in place, under its locks, whatever is in it: another process may have it open.
fn reset(path: &Path, options: &Options) -> Result<()> {
    let place = Place::new(path, options.busy_timeout);
    let connection = open::plain(&place, path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let emptied = connection
        .execute_batch("PRAGMA secure_delete = ON;")
        .and_then(|()| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_RESET_DATABASE, true))
        .and_then(|_| connection.execute_batch("VACUUM"))
        .and_then(|()| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_RESET_DATABASE, false))
        .and_then(|_| fill(&connection));
    emptied.map_err(|error| place.fail(&error))?;
    open::settle_journal_mode(&connection, &place, || Ok(()))?;
    let pinned = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    if pinned.map_err(|error| place.fail(&error))? {
        return Err(StoreError::Busy { location: place.location(), waited: place.busy_timeout });
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    for suffix in ["", LOG, INDEX, JOURNAL] {
        let path = with_suffix(path, suffix);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(file_error("could not remove", &path, error));
            }
            _ => {}
        }
    }
    Ok(())
}
