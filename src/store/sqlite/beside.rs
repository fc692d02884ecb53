//! The files beside a database: their names, and what is there.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use crate::store::{FileFault, Result};

/// What SQLite may have beside a database.
pub(super) const LOG: &str = "-wal";
/// The index of the log, which all who have the database open share.
pub(super) const INDEX: &str = "-shm";
/// What undoes a write where there is no log.
pub(super) const JOURNAL: &str = "-journal";

/// The write-ahead log beside a database.
pub(super) fn wal_of(path: &Path) -> PathBuf {
    with_suffix(path, LOG)
}

/// A path with something appended to its last part.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// What was found beside a database.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) log: Option<Metadata>,
    pub(super) journal: bool,
}

/// Looks at what SQLite is going to open. It would wait for a pipe, for ever; so anything but a file is refused.
pub(super) fn look(path: &Path) -> Result<Found> {
    let at = |suffix: &str| {
        let path = with_suffix(path, suffix);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => Ok(Some(found)),
            Ok(_) => Err(FileFault::NotAFile { path }),
            Err(_) => Ok(None), // where it may not be looked at, SQLite cannot open it either, and says so
        }
    };
    let found = Found { log: at(LOG)?, journal: at(JOURNAL)?.is_some() };
    at(INDEX)?;
    Ok(found)
}

/// Whether this user may write a file that is there.
pub(super) fn is_writable(path: &Path) -> bool {
    accessat(CWD, path, Access::READ_OK | Access::WRITE_OK, AtFlags::EACCESS).is_ok()
}

/// The path by which SQLite names what is beside a database: that at the end of a link.
pub(super) fn real(path: &Path) -> io::Result<PathBuf> {
    if fs::symlink_metadata(path)?.is_symlink() { fs::canonicalize(path) } else { Ok(path.to_owned()) }
}
