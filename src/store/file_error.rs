//! Errors of files that are made beside a database, or from one.

use std::io;
use std::path::Path;

use super::{FileFault, StoreError};
use crate::staged_file::NamingError;

/// An error in changing a file or folder.
pub(super) fn file_error(what: &'static str, path: &Path, source: io::Error) -> StoreError {
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::Denied {
            location: path.into(),
            action: "write",
            user: rustix::process::geteuid().as_raw().to_string(),
            detail: source.to_string(),
        },
        _ => FileFault::Unusable { what, path: path.to_owned(), source }.into(),
    }
}

/// An error in naming a finished file.
pub(super) fn naming_error(what: &'static str, path: &Path, error: NamingError) -> StoreError {
    match error {
        NamingError::NotNamed(source) => file_error(what, path, source),
        NamingError::NotSynced(_) => StoreError::OutcomeUnknown { location: path.into(), detail: error.to_string() },
    }
}
