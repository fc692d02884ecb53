//! The files beside a database: names and states.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use crate::store::{FileFault, Result};

/// Suffix of the write-ahead log.
pub(super) const LOG: &str = "-wal";
/// Suffix of the log's index, shared by all processes that have the database open.
pub(super) const INDEX: &str = "-shm";
/// Suffix of the rollback journal.
pub(super) const JOURNAL: &str = "-journal";

/// The path of the write-ahead log.
pub(super) fn wal_of(path: &Path) -> PathBuf {
    with_suffix(path, LOG)
}

/// Appends a suffix to a path.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The files found beside a database.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) log: Option<Metadata>,
    pub(super) journal: bool,
    pub(super) index: bool,
}

/// Checks the files that SQLite will open. Anything but a regular file is refused, since SQLite would block on a FIFO
/// forever.
pub(super) fn look(path: &Path) -> Result<Found> {
    let at = |suffix: &str| {
        let path = with_suffix(path, suffix);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => Ok(Some(found)),
            Ok(_) => Err(FileFault::NotAFile { path }),
            Err(_) => Ok(None), // where it may not be looked at, SQLite cannot open it either, and says so
        }
    };
    Ok(Found { log: at(LOG)?, journal: at(JOURNAL)?.is_some(), index: at(INDEX)?.is_some() })
}

/// Whether this user may write an existing file.
pub(super) fn is_writable(path: &Path) -> bool {
    accessat(CWD, path, Access::READ_OK | Access::WRITE_OK, AtFlags::EACCESS).is_ok()
}

/// Whether this user may write an existing file, and anybody: root may without being allowed to.
pub(super) fn may_be_written(path: &Path) -> bool {
    is_writable(path) && fs::metadata(path).is_ok_and(|it| it.mode() & 0o222 != 0)
}

/// The file beside the database that keeps this user from writing to it, although the database itself does not.
pub(super) fn obstacle(path: &Path) -> Option<PathBuf> {
    let path = real(path).ok().filter(|it| is_writable(it))?;
    let files = [LOG, INDEX, JOURNAL].map(|it| with_suffix(&path, it));
    files.into_iter().find(|it| it.symlink_metadata().is_ok() && !is_writable(it))
}

/// The path from which SQLite derives the names of these files: the target of a link.
pub(super) fn real(path: &Path) -> io::Result<PathBuf> {
    if fs::symlink_metadata(path)?.is_symlink() { fs::canonicalize(path) } else { Ok(path.to_owned()) }
}

/// Free bytes of the file system that a folder is on, for this user.
pub(super) fn free_bytes(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}
