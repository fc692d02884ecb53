//! How cfn opens a SQLite file: what may be there, and the one place where a connection is configured.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::beside::with_suffix;
use super::failure::{Place, is_busy};
use crate::store::{Durability, Result, StoreError};

/// What a command is going to do with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Opened read-only: no fsync, and no write-ahead log removed at close.
    Read,
    /// The same for a few rows, wherever in the file they are; where the file has a `-shm`, that is only read too.
    Lookup,
    /// Opened for writing.
    Write,
}

/// How to open; each with a default that suits a short command.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long to wait for a lock.
    pub busy_timeout: Duration,
    /// Overrides the durability that each transaction asks for.
    pub synchronous: Option<Durability>,
    /// A process that lives long maps no file: one that is truncated under a mapping kills it with SIGBUS.
    pub long_lived: bool,
    /// Whether what happens to generated skills is queued for the workflow database.
    pub outbox: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5), synchronous: None, long_lived: false, outbox: false }
    }
}

/// Opens the file at `path`, which must be there and be a regular file.
pub(super) fn existing(path: &Path, access: Access, options: &Options) -> Result<(Connection, Place)> {
    let place = Place::new(path, options.busy_timeout);
    require_regular_file(path)?;
    let flags = match access {
        Access::Read | Access::Lookup => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    if access != Access::Write && fs::symlink_metadata(with_suffix(path, "-journal")).is_ok() {
        roll_back(&place);
    }
    let settings = match (options.long_lived, access) {
        (true, _) => LONG_LIVED,
        (false, Access::Lookup) => LOOKUP,
        (false, _) => REFERENCE,
    };
    let connection = open(&place, flags, settings)?;
    if access == Access::Write && connection.is_readonly(rusqlite::MAIN_DB).map_err(|error| place.fail(&error))? {
        // SQLite falls back to read-only where it may not write; the command would fail later and less clearly.
        drop(connection); // closing any other handle of the file would drop this one's locks
        let refused = fs::OpenOptions::new().write(true).open(path).err();
        let detail = refused.map_or_else(|| "it could be opened only for reading".to_owned(), |it| it.to_string());
        return Err(place.denied("write", &detail));
    }
    Ok((connection, place))
}

/// Another program that died without a write-ahead log left a journal, and a connection that only reads cannot undo what the
/// journal is about. Where this user may not either, or where there is nothing to undo, the reader finds out for itself.
fn roll_back(place: &Place) {
    let undone = open(place, OpenFlags::SQLITE_OPEN_READ_WRITE, REFERENCE)
        .and_then(|it| it.query_row("PRAGMA user_version", [], |_| Ok(())).map_err(|error| place.fail(&error)));
    if let Err(error) = undone {
        tracing::debug!(%error, "the journal beside the database stays");
    }
}

/// Creates an empty file for [`super::draft`] to fill.
pub(super) fn create(path: &Path, options: &Options) -> Result<(Connection, Place)> {
    let place = Place::new(path, options.busy_timeout);
    let connection = open(&place, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, REFERENCE)?;
    Ok((connection, place))
}

/// A plain second connection for backups: the source of a copy, or its target.
pub(super) fn plain(place: &Place, path: &Path, flags: OpenFlags) -> Result<Connection> {
    let mut connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| place.fail(&error))?;
    wait_for_locks(&mut connection, place).map_err(|error| place.fail(&error))?;
    Ok(connection)
}

/// The pragmas of the architecture reference, and what protects the file from the rest. The log is written back when it has
/// 16 MiB: a bulk write that does so every 4 MiB, which is SQLite's default, writes and syncs the pages of its indexes that often.
const REFERENCE: &str = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -64000; PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 268435456; PRAGMA journal_size_limit = 16777216; PRAGMA wal_autocheckpoint = 4096;";

/// The same without a mapping, see [`Options::long_lived`].
const LONG_LIVED: &str = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -64000; PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 0; PRAGMA journal_size_limit = 16777216; PRAGMA wal_autocheckpoint = 4096;";

/// A load touches some hundred pages that lie anywhere. Mapped, each costs a page fault that maps its neighbours too, and all of
/// them are unmapped again; in a large cache, each costs a fault for fresh memory. Read into 32 pages that are used over and over
/// they took a quarter less time, a third less memory, and as long out of 100,000 skills as out of 1,000.
pub(super) const LOOKUP: &str = "PRAGMA cache_size = 32; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;";

fn open(place: &Place, flags: OpenFlags, settings: &str) -> Result<Connection> {
    let mut connection = Connection::open_with_flags(&place.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| place.fail(&error))?;
    configure(&mut connection, place, settings).map_err(|error| place.fail(&error))?;
    Ok(connection)
}

pub(super) fn configure(connection: &mut Connection, place: &Place, settings: &str) -> rusqlite::Result<()> {
    wait_for_locks(connection, place)?; // first: everything below may meet a lock
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(settings)
}

/// SQLite's own busy timeout sleeps up to 100 ms between tries; with many writers that waits far longer than the lock is held.
fn wait_for_locks(connection: &mut Connection, place: &Place) -> rusqlite::Result<()> {
    let (timeout, waits) = (place.busy_timeout, Arc::clone(&place.waits));
    let mut since = Instant::now();
    connection.busy_handler(Some(move |tries: i32| {
        if tries == 0 {
            since = Instant::now();
            waits.began();
        }
        let again = since.elapsed() < timeout;
        if again {
            let asleep = Instant::now();
            thread::sleep(Duration::from_millis(1));
            waits.slept(asleep.elapsed());
        }
        again
    }))
}

/// WAL, set once and then only checked; on a network file system, where WAL's shared memory does not work, DELETE.
/// Answers with a warning where it had to be DELETE.
pub(super) fn settle_journal_mode(connection: &Connection, place: &Place) -> Result<Option<String>> {
    let network = network_file_system(&place.path);
    let wanted = wanted_mode(network);
    if is_settled(connection, place)? {
        return Ok(warning(network));
    }
    let set = if network.is_some() { "PRAGMA journal_mode = DELETE" } else { "PRAGMA journal_mode = WAL" };
    let since = Instant::now();
    loop {
        // Changing the mode needs the file for itself, and SQLite does not call the busy handler for that.
        match connection.query_row(set, [], |row| row.get::<_, String>(0)) {
            Ok(now) if now.eq_ignore_ascii_case(wanted) => return Ok(warning(network)),
            Ok(now) => return Err(place.failed(format!("its journal mode stays {now}"))),
            Err(error) if is_busy(&error) && since.elapsed() < place.busy_timeout => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(place.fail(&error)),
        }
    }
}

/// Whether the file has the journal mode that it should have.
pub(super) fn is_settled(connection: &Connection, place: &Place) -> Result<bool> {
    let mode = connection.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0));
    let wanted = wanted_mode(network_file_system(&place.path));
    Ok(mode.map_err(|error| place.fail(&error))?.eq_ignore_ascii_case(wanted))
}

fn wanted_mode(network: Option<&'static str>) -> &'static str {
    if network.is_some() { "delete" } else { "wal" }
}

/// What is to be said about the file system that a file is on, or is going to be on.
pub(super) fn warning_about(path: &Path) -> Option<String> {
    warning(network_file_system(path.parent()?))
}

fn warning(network: Option<&'static str>) -> Option<String> {
    network.map(|name| {
        format!("the database is on {name}, where write-ahead logging is unsafe; using journal mode DELETE")
    })
}

/// The name of the network file system that a path is on, if it is on one (magic numbers: statfs(2)).
fn network_file_system(path: &Path) -> Option<&'static str> {
    match rustix::fs::statfs(path).ok()?.f_type {
        0x6969 => Some("NFS"),
        0xFF53_4D42 | 0xFE53_4D42 | 0x517B => Some("CIFS"),
        0x0102_1997 => Some("9p"),
        0x6573_5546 => Some("FUSE or virtiofs"),
        _ => None,
    }
}

/// Says what is at `path` where that is not a regular file; SQLite would hang on a pipe and create through a dangling link.
pub(super) fn require_regular_file(path: &Path) -> Result<()> {
    let not = |why: &str| Err(StoreError::NotADatabase { path: path.to_owned(), why: why.to_owned() });
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => not("it is a folder"),
        Ok(found) if !found.is_file() => not("it is not a regular file"),
        Ok(found) if found.len() == 0 => not("it is empty"),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if fs::symlink_metadata(path).is_ok() {
                not("it is a link to nothing")
            } else {
                Err(StoreError::Missing { path: path.to_owned() })
            }
        }
        Err(error) => Err(Place::new(path, Duration::ZERO).denied("read", &error.to_string())),
    }
}
