//! How cfn opens a SQLite file: what may be there, and the one place where a connection is configured.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::beside::{self, Found, INDEX, with_suffix};
use super::failure::{Place, cannot_share, is_busy};
use super::schema;
use super::sums;
use super::unchanging::Unchanging;
use super::waiting::Wait;
use crate::settings::Queued;
use crate::store::{Access, Durability, Result, StoreError};

/// How to open; each with a default that suits a short command.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long to wait for a lock.
    pub busy_timeout: Duration,
    /// Overrides the durability that each transaction asks for.
    pub synchronous: Option<Durability>,
    /// A process that lives long maps no file: one that is truncated under a mapping kills it with SIGBUS. Before each
    /// transaction it looks whether the file still has its name.
    pub long_lived: bool,
    /// A few rows are read, wherever in the file they are.
    pub few_rows: bool,
    /// What is queued for the workflow database.
    pub queued: Queued,
}

impl Default for Options {
    fn default() -> Self {
        let busy_timeout = Duration::from_secs(5);
        Self { busy_timeout, synchronous: None, long_lived: false, few_rows: false, queued: Queued::Nothing }
    }
}

/// Opens the file at `path`, which must be there and be a regular file.
pub(super) fn existing(path: &Path, access: Access, options: &Options) -> Result<(Connection, Place)> {
    let place = Place::new(path, options.busy_timeout);
    require_regular_file(path)?;
    let real = beside::real(path).map_err(|error| place.denied("read", &error.to_string()))?;
    let found = beside::look(&real)?;
    match access {
        Access::Read => {
            let (connection, place) = for_reading(place, &real, &found, options)?;
            // cfn reads tables only, and a view in place of one may never end. In a writer, triggers of others may use theirs.
            let set = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false);
            set.map(|_| (connection, place.clone())).map_err(|error| place.fail(&error))
        }
        Access::Write => for_writing(&place, options).map(|it| (it, place)),
    }
}

fn for_writing(place: &Place, options: &Options) -> Result<Connection> {
    let connection = open(place, OpenFlags::SQLITE_OPEN_READ_WRITE, settings(options))?;
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(|error| place.fail(&error))? {
        // SQLite falls back to read-only where it may not write; the command would fail later and less clearly.
        drop(connection); // closing any other handle of the file would drop this one's locks
        let refused = fs::OpenOptions::new().write(true).open(&place.path).err();
        let detail = refused.map_or_else(|| "it could be opened only for reading".to_owned(), |it| it.to_string());
        return Err(place.denied("write", &detail));
    }
    Ok(connection)
}

/// Readers share the index of the log, and who comes first makes it anew: that needs the right to write it. Who has not reads
/// what others keep there, or else the file alone; a log that cannot be understood would keep SQLite trying for ten seconds.
fn for_reading(place: Place, real: &Path, found: &Found, options: &Options) -> Result<(Connection, Place)> {
    if found.journal {
        roll_back(&place);
    }
    let has_log = found.log.as_ref().is_some_and(|it| it.len() > 0);
    if has_log
        && !beside::is_writable(&with_suffix(real, INDEX))
        && let Some(opened) = alone(&place, options)?
    {
        return Ok(opened);
    }
    let opened = connect(&place, OpenFlags::SQLITE_OPEN_READ_ONLY, settings(options));
    match opened.and_then(|it| schema::version(&it).map(|_| it)) {
        Ok(connection) => Ok((connection, place)),
        Err(error) if cannot_share(&error) => alone(&place, options)?.ok_or_else(|| place.fail(&error)),
        Err(error) => Err(place.fail(&error)),
    }
}

/// The file without any lock, where all that was committed is in it.
fn alone(place: &Place, options: &Options) -> Result<Option<(Connection, Place)>> {
    // Where that cannot be found out, what SQLite says of it says more.
    let Ok(Some(unchanging)) = Unchanging::of(&place.path) else { return Ok(None) };
    tracing::debug!("the database is read without locks: no file can be written beside it");
    let connected = unchanging.connect();
    let place = Place { unchanging: Some(Arc::new(unchanging)), ..place.clone() };
    let settings = if options.few_rows { FEW_ROWS } else { LONG_LIVED }; // nothing is mapped that may be truncated
    let connection = connected
        .and_then(|mut it| configure(&mut it, &place, settings).map(|()| it))
        .map_err(|error| place.fail(&error))?;
    Ok(Some((connection, place)))
}

/// Another program that died without a write-ahead log left a journal, and a connection that only reads cannot undo what the
/// journal is about. Where this user may not either, or where there is nothing to undo, the reader finds out for itself.
fn roll_back(place: &Place) {
    let undone = open(place, OpenFlags::SQLITE_OPEN_READ_WRITE, REFERENCE)
        .and_then(|it| schema::version(&it).map_err(|error| place.fail(&error)));
    if let Err(error) = undone {
        tracing::debug!(%error, "the journal beside the database stays");
    }
}

/// Opens a file of [`super::draft`], which it fills.
pub(super) fn draft(path: &Path, options: &Options) -> Result<(Connection, Place)> {
    let place = Place::new(path, options.busy_timeout);
    let connection = open(&place, OpenFlags::SQLITE_OPEN_READ_WRITE, REFERENCE)?;
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
const FEW_ROWS: &str = "PRAGMA cache_size = 32; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;";

fn settings(options: &Options) -> &'static str {
    match options {
        Options { long_lived: true, .. } => LONG_LIVED,
        Options { few_rows: true, .. } => FEW_ROWS,
        Options { .. } => REFERENCE,
    }
}

fn open(place: &Place, flags: OpenFlags, settings: &str) -> Result<Connection> {
    connect(place, flags, settings).map_err(|error| place.fail(&error))
}

fn connect(place: &Place, flags: OpenFlags, settings: &str) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_with_flags(&place.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    configure(&mut connection, place, settings)?;
    Ok(connection)
}

fn configure(connection: &mut Connection, place: &Place, settings: &str) -> rusqlite::Result<()> {
    wait_for_locks(connection, place)?; // first: everything below may meet a lock
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    sums::register(connection)?;
    connection.execute_batch(settings)
}

fn wait_for_locks(connection: &mut Connection, place: &Place) -> rusqlite::Result<()> {
    let (timeout, waits) = (place.busy_timeout, Arc::clone(&place.waits));
    let mut wait = Wait::new(timeout);
    connection.busy_handler(Some(move |tries: i32| {
        if tries == 0 {
            wait = Wait::new(timeout);
            waits.began();
        }
        let slept = wait.pause();
        slept.inspect(|it| waits.slept(*it)).is_some()
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
    let wait = Wait::new(place.busy_timeout);
    loop {
        // Changing the mode needs the file for itself, and SQLite does not call the busy handler for that.
        match connection.query_row(set, [], |row| row.get::<_, String>(0)) {
            Ok(now) if now.eq_ignore_ascii_case(wanted) => return Ok(warning(network)),
            Ok(now) => return Err(place.failed(format!("its journal mode stays {now}"))),
            Err(error) if is_busy(&error) && wait.pause().is_some() => {}
            Err(error) => return Err(place.fail(&error)),
        }
    }
}

/// Whether the file has the journal mode that it should have.
pub(super) fn is_settled(connection: &Connection, place: &Place) -> Result<bool> {
    let wanted = wanted_mode(network_file_system(&place.path));
    Ok(journal_mode(connection, place)?.eq_ignore_ascii_case(wanted))
}

pub(super) fn journal_mode(connection: &Connection, place: &Place) -> Result<String> {
    connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(|error| place.fail(&error))
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
    let not = |why: &str| Err(StoreError::NotADatabase { location: path.into(), why: why.to_owned() });
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => not("it is a folder"),
        Ok(found) if !found.is_file() => not("it is not a regular file"),
        Ok(found) if found.len() == 0 => not("it is empty"),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if fs::symlink_metadata(path).is_ok() {
                not("it is a link to nothing")
            } else {
                Err(StoreError::Missing { location: path.into() })
            }
        }
        Err(error) => Err(Place::new(path, Duration::ZERO).denied("read", &error.to_string())),
    }
}
