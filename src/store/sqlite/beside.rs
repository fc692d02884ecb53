//! The files beside a database: their names, and what it is when one of them fails.

use std::io;
use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// A failed operation on a file beside the database.
pub(super) fn file_error(what: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::File { what, path: path.to_owned(), source }
}

/// The write-ahead log beside a database.
pub(super) fn wal_of(path: &Path) -> PathBuf {
    with_suffix(path, "-wal")
}

/// A path with something appended to its last part.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
