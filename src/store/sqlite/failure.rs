//! Translates SQLite's errors.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use super::beside::{INDEX, JOURNAL, free_bytes, obstacle, with_suffix};
use super::schema;
use super::unchanging::Unchanging;
use super::waiting::Waits;
use crate::model::Location;
use crate::regular_file;
use crate::store::{FileFault, Result, StoreError};

/// The database that an error is about.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) busy_timeout: Duration,
    pub(super) waits: Arc<Waits>,
    /// Set if it is read without locks.
    pub(super) unchanging: Option<Arc<Unchanging>>,
}

/// An invalid stored value; it travels inside a `rusqlite::Error`.
#[derive(Debug, thiserror::Error)]
#[error("row {row} of table {table}: {detail}")]
pub(super) struct Damaged {
    pub(super) table: &'static str,
    pub(super) row: String,
    pub(super) detail: String,
}

/// SQLite's errors about our own statements if something else is in place of a table; readers may not use views.
const OTHER_SCHEMA: [&str; 4] = ["no such table", "no such column", "no such module", "access to view"];

impl Place {
    pub(super) fn new(path: &Path, busy_timeout: Duration) -> Self {
        Self { path: path.to_owned(), busy_timeout, waits: Arc::default(), unchanging: None }
    }

    pub(super) fn location(&self) -> Location {
        self.path.as_path().into()
    }

    /// Refuses what was read without locks if another process wrote meanwhile.
    pub(super) fn require_unchanged(&self) -> Result<()> {
        match &self.unchanging {
            Some(unchanging) if !unchanging.is_unchanged() => {
                Err(FileFault::Changed { path: self.path.clone() }.into())
            }
            _ => Ok(()),
        }
    }

    /// Translates an error of anything but a commit.
    pub(super) fn fail(&self, error: &rusqlite::Error) -> StoreError {
        if let Err(changed) = self.require_unchanged() {
            return changed; // the error may come from half a change
        }
        let location = self.location();
        let (code, message) = match error {
            rusqlite::Error::SqliteFailure(code, message) => {
                (*code, message.clone().unwrap_or_else(|| ffi::code_to_str(code.extended_code).to_owned()))
            }
            rusqlite::Error::SqlInputError { error, msg, .. } => (*error, msg.clone()),
            rusqlite::Error::FromSqlConversionFailure(_, _, cause) => {
                return match cause.downcast_ref::<Damaged>() {
                    Some(Damaged { table, row, detail }) => {
                        StoreError::DamagedRow { table, row: row.clone(), detail: detail.clone() }
                    }
                    None => self.failed(error.to_string()),
                };
            }
            other => return self.failed(other.to_string()),
        };
        match code.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
                StoreError::Busy { location, waited: self.busy_timeout }
            }
            ErrorCode::DatabaseCorrupt => StoreError::Damaged { location, detail: message },
            ErrorCode::NotADatabase => StoreError::NotADatabase { location, why: "it is not a SQLite file".to_owned() },
            ErrorCode::DiskFull => StoreError::Full { location, detail: self.space() },
            ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::AuthorizationForStatementDenied => {
                self.obstructed(&message).unwrap_or_else(|| self.denied("write", &message))
            }
            ErrorCode::CannotOpen => self.cannot_open(&message),
            ErrorCode::SystemIoFailure => self.io_failure(code.extended_code, message),
            _ if OTHER_SCHEMA.iter().any(|it| message.contains(it)) => StoreError::Damaged {
                location,
                detail: format!("{message}; its schema is not the one that it says it has"),
            },
            _ => self.failed(message),
        }
    }

    /// Translates an error of a connection that may write: only writes look at foreign keys and triggers.
    pub(super) fn fail_write(&self, error: &rusqlite::Error) -> StoreError {
        match error {
            rusqlite::Error::SqliteFailure(_, Some(message)) | rusqlite::Error::SqlInputError { msg: message, .. }
                if names_foreign_table(message) =>
            {
                self.failed(format!("{message}, which a foreign key or a trigger of another program names"))
            }
            _ => self.fail(error),
        }
    }

    /// Translates an error of COMMIT: if only the sync failed, the next process may find the change.
    pub(super) fn fail_commit(&self, error: &rusqlite::Error) -> StoreError {
        const UNKNOWN: [i32; 3] = [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC, ffi::SQLITE_IOERR_DELETE];
        match error {
            rusqlite::Error::SqliteFailure(code, _) if UNKNOWN.contains(&code.extended_code) => {
                StoreError::OutcomeUnknown {
                    location: self.location(),
                    detail: ffi::code_to_str(code.extended_code).to_owned(),
                }
            }
            _ => self.fail(error),
        }
    }

    /// An error after a commit, or a possible one.
    pub(super) fn unknown(&self, error: &StoreError) -> StoreError {
        StoreError::OutcomeUnknown { location: self.location(), detail: error.to_string() }
    }

    pub(super) fn denied(&self, action: &'static str, detail: &str) -> StoreError {
        denied(self.location(), action, detail)
    }

    /// The error about a file beside the database that may not be written to, if there is one.
    fn obstructed(&self, detail: &str) -> Option<StoreError> {
        Some(denied(obstacle(&self.path)?.as_path().into(), "write", detail))
    }

    pub(super) fn failed(&self, detail: String) -> StoreError {
        StoreError::Failed { location: self.location(), detail }
    }

    /// SQLite cannot open the file, its log or its shared memory; it does not say which, and why.
    fn cannot_open(&self, message: &str) -> StoreError {
        if self.free_bytes() == Some(0) {
            return self.full_beside();
        }
        if let Some(obstructed) = self.obstructed(message) {
            return obstructed;
        }
        let longest = with_suffix(&self.path, JOURNAL);
        if let Err(source) = fs::symlink_metadata(&longest)
            && source.kind() == io::ErrorKind::InvalidFilename
        {
            return FileFault::Unusable { what: "could not open", path: longest, source }.into();
        }
        let action = match regular_file::open(&self.path) {
            Ok(_) => "write beside",
            Err(error) if error.kind() == io::ErrorKind::NotFound => "create",
            Err(_) => "read",
        };
        self.denied(action, message)
    }

    fn io_failure(&self, extended: i32, message: String) -> StoreError {
        let shared_memory = [ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_IOERR_SHMOPEN, ffi::SQLITE_IOERR_SHMMAP];
        if shared_memory.contains(&extended) {
            self.full_beside()
        } else {
            // SQLite reports a limit on file size (EFBIG) as a failed write.
            let write = extended == ffi::SQLITE_IOERR_WRITE || extended == ffi::SQLITE_IOERR_TRUNCATE;
            if write && at_file_size_limit() {
                StoreError::Full { location: self.location(), detail: "the limit on file size was reached".to_owned() }
            } else {
                self.failed(message)
            }
        }
    }

    /// The disk has no space for the shared memory file beside the database.
    fn full_beside(&self) -> StoreError {
        StoreError::Full { location: with_suffix(&self.path, INDEX).as_path().into(), detail: self.space() }
    }

    fn free_bytes(&self) -> Option<u64> {
        free_bytes(self.path.parent()?)
    }

    fn space(&self) -> String {
        self.free_bytes()
            .map_or_else(|| "free space unknown".to_owned(), |bytes| format!("{bytes} bytes free in its folder"))
    }
}

fn denied(location: Location, action: &'static str, detail: &str) -> StoreError {
    let user = rustix::process::geteuid().as_raw().to_string();
    StoreError::Denied { location, action, user, detail: detail.to_owned() }
}

/// Whether another process holds a lock.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether SQLite cannot create a file beside the database that reading needs.
pub(super) fn cannot_share(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// Whether a table is missing that is not one of ours. SQLite names it with its database where it is not our statement
/// that names it.
fn names_foreign_table(message: &str) -> bool {
    message.strip_prefix("no such table: main.").is_some_and(|it| !schema::makes_table(it))
}

fn at_file_size_limit() -> bool {
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current.is_some()
}
