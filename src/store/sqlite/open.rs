//! Opens a SQLite file: checks what is at the path, and configures the connection.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::beside::{self, Found, INDEX, with_suffix};
use super::failure::{Place, cannot_share, is_busy};
use super::options::Options;
use super::pragmas::{self, Pragmas};
use super::schema;
use super::sums;
use super::timing::time_statements;
use super::unchanging::Unchanging;
use super::waiting::{LockWait, Wait};
use crate::linux::network_file_system;
use crate::store::{Access, FileFault, Result, StoreError};

/// Opens the file at `path`, which must be an existing regular file.
pub(super) fn existing(path: &Path, access: Access, options: &Options) -> Result<(Connection, Place)> {
    let place = Place::new(path, options.busy_timeout);
    require_regular_file(path)?;
    let real = beside::real(path).map_err(|error| place.denied("read", &error.to_string()))?;
    let found = beside::look(&real)?;
    match access {
        Access::Read => {
            let (connection, place) = for_reading(place, &real, &found, options)?;
            // cfn reads only tables, and a view in place of a table may never end. Writers need views for triggers of
            // other programs.
            let set = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false);
            set.map(|_| (connection, place.clone())).map_err(|error| place.fail(&error))
        }
        Access::Write => for_writing(&place, options).map(|it| (it, place)),
    }
}

fn for_writing(place: &Place, options: &Options) -> Result<Connection> {
    let connection = open(place, OpenFlags::SQLITE_OPEN_READ_WRITE, pragmas::for_writing(options))?;
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(|error| place.fail(&error))? {
        // Without write permission, SQLite opens the file read-only; the command would fail later and less clearly.
        drop(connection); // closing any other handle of the file would drop this one's locks
        let refused = fs::OpenOptions::new().write(true).open(&place.path).err();
        let detail = refused.map_or_else(|| "it could be opened only for reading".to_owned(), |it| it.to_string());
        return Err(place.denied("write", &detail));
    }
    Ok(connection)
}

/// Readers share the log's index, which the first one rebuilds, for which it needs write permission. Without it, a
/// reader uses the index of others, or the database file alone; with an invalid log, SQLite would retry for ten
/// seconds. A reader who may not write to the database creates nothing beside it: SQLite would give that the rights of the
/// database, and those who may write later could not write to it.
fn for_reading(place: Place, real: &Path, found: &Found, options: &Options) -> Result<(Connection, Place)> {
    if found.journal {
        roll_back(&place);
    }
    let has_log = found.log.as_ref().is_some_and(|it| it.len() > 0);
    let would_create = (found.log.is_none() || !found.index) && !beside::may_be_written(real);
    if (would_create || has_log && !beside::is_writable(&with_suffix(real, INDEX)))
        && let Some(opened) = alone(&place, options)?
    {
        return Ok(opened);
    }
    let opened = connect(&place, OpenFlags::SQLITE_OPEN_READ_ONLY, pragmas::for_reading(options));
    match opened.and_then(|it| schema::version(&it).map(|_| it)) {
        Ok(connection) => Ok((connection, place)),
        Err(error) if cannot_share(&error) => alone(&place, options)?.ok_or_else(|| place.fail(&error)),
        Err(error) => Err(place.fail(&error)),
    }
}

/// Opens the file without locks, if it contains everything committed.
fn alone(place: &Place, options: &Options) -> Result<Option<(Connection, Place)>> {
    // If this cannot be determined, SQLite's own error is clearer.
    let Ok(Some(unchanging)) = Unchanging::of(&place.path) else { return Ok(None) };
    tracing::debug!("the database is read without locks: no file can be written beside it");
    let connected = unchanging.connect();
    let place = Place { unchanging: Some(Arc::new(unchanging)), ..place.clone() };
    let pragmas = pragmas::without_mapping(options);
    let connection = connected
        .and_then(|mut it| configure(&mut it, &place, pragmas).map(|()| it))
        .map_err(|error| place.fail(&error))?;
    Ok(Some((connection, place)))
}

/// Rolls back the journal of a program that died without WAL, which a read-only connection cannot do. If this fails, or
/// there is nothing to undo, the reader finds out itself.
fn roll_back(place: &Place) {
    let undone = open(place, OpenFlags::SQLITE_OPEN_READ_WRITE, pragmas::REFERENCE)
        .and_then(|it| schema::version(&it).map_err(|error| place.fail(&error)));
    if let Err(error) = undone {
        tracing::debug!(%error, "the journal beside the database stays");
    }
}

/// Opens a staged database for filling.
pub(super) fn staged(path: &Path, options: &Options) -> Result<(Connection, Place)> {
    let place = Place::new(path, options.busy_timeout);
    let connection = open(&place, OpenFlags::SQLITE_OPEN_READ_WRITE, pragmas::REFERENCE)?;
    Ok((connection, place))
}

/// A plain second connection for backups: the source or the target of a copy.
pub(super) fn plain(place: &Place, path: &Path, flags: OpenFlags) -> Result<Connection> {
    let mut connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| place.fail(&error))?;
    wait_for_locks(&mut connection, place).map_err(|error| place.fail(&error))?;
    Ok(connection)
}

fn open(place: &Place, flags: OpenFlags, pragmas: Pragmas) -> Result<Connection> {
    connect(place, flags, pragmas).map_err(|error| place.fail(&error))
}

fn connect(place: &Place, flags: OpenFlags, pragmas: Pragmas) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_with_flags(&place.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    configure(&mut connection, place, pragmas)?;
    Ok(connection)
}

fn configure(connection: &mut Connection, place: &Place, pragmas: Pragmas) -> rusqlite::Result<()> {
    wait_for_locks(connection, place)?; // first: everything below may meet a lock
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    // A plan that depends on the values costs a second preparation of the statement, and may differ between callers.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    sums::register(connection)?;
    time_statements(connection)?;
    connection.execute_batch(pragmas)
}

fn wait_for_locks(connection: &mut Connection, place: &Place) -> rusqlite::Result<()> {
    let (timeout, waits) = (place.busy_timeout, Arc::clone(&place.waits));
    let mut wait = LockWait::new(timeout);
    connection.busy_handler(Some(move |tries: i32| {
        if tries == 0 {
            wait = LockWait::new(timeout);
            waits.began();
        }
        let slept = wait.pause();
        slept.inspect(|it| waits.slept(*it)).is_some()
    }))
}

/// Sets the journal mode once, and then only checks it: WAL, or DELETE on network file systems, where WAL's shared
/// memory does not work. It changes the file only if `may_change` allows it. Returns a warning for DELETE.
pub(super) fn settle_journal_mode(
    connection: &Connection,
    place: &Place,
    may_change: impl FnOnce() -> Result<()>,
) -> Result<Option<String>> {
    let network = network_file_system(&place.path);
    let wanted = if network.is_some() { "delete" } else { "wal" };
    if journal_mode(connection, place)?.eq_ignore_ascii_case(wanted) {
        return Ok(warning(network));
    }
    may_change()?;
    let set = if network.is_some() { "PRAGMA journal_mode = DELETE" } else { "PRAGMA journal_mode = WAL" };
    let wait = Wait::new(place.busy_timeout);
    loop {
        // Changing the mode needs exclusive access, for which SQLite does not call the busy handler.
        match connection.query_row(set, [], |row| row.get::<_, String>(0)) {
            Ok(now) if now.eq_ignore_ascii_case(wanted) => return Ok(warning(network)),
            Ok(now) => return Err(place.failed(format!("its journal mode stays {now}"))),
            Err(error) if is_busy(&error) && wait.pause().is_some() => {}
            Err(error) => return Err(place.fail(&error)),
        }
    }
}

pub(super) fn journal_mode(connection: &Connection, place: &Place) -> Result<String> {
    connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(|error| place.fail(&error))
}

/// A warning about the file system of a file or future file, if any.
pub(super) fn warning_about(path: &Path) -> Option<String> {
    warning(network_file_system(path.parent()?))
}

fn warning(network: Option<&'static str>) -> Option<String> {
    network.map(|name| {
        format!("the database is on {name}, where write-ahead logging is unsafe; using journal mode DELETE")
    })
}

/// Refuses anything but a regular file at `path`: SQLite would hang on a FIFO, and create a file through a dangling
/// link.
pub(super) fn require_regular_file(path: &Path) -> Result<()> {
    let not = |why: &str| Err(StoreError::NotADatabase { location: path.into(), why: why.to_owned() });
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => not("it is a folder"),
        Ok(found) if !found.is_file() => not("it is not a regular file"),
        Ok(found) if found.len() == 0 => not("it is empty"),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if fs::symlink_metadata(path).is_ok() {
                not("it is a dangling link")
            } else {
                Err(StoreError::Missing { location: path.into() })
            }
        }
        Err(source) if source.kind() == io::ErrorKind::InvalidFilename => {
            Err(FileFault::Unusable { what: "could not read", path: path.to_owned(), source }.into())
        }
        Err(error) => Err(Place::new(path, Duration::ZERO).denied("read", &error.to_string())),
    }
}
