//! What can go wrong with a database, in terms that a user can act on.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{Location, Visible};

/// The result of a database operation.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why a database operation failed. Unless it is [`OutcomeUnknown`](StoreError::OutcomeUnknown), nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none.
    #[error("there is no database at {location}")]
    Missing {
        /// Where it was expected.
        location: Location,
    },
    /// Something else is there: a folder, a pipe, a dangling link, another kind of file.
    #[error("{location} is not a skills database: {why}")]
    NotADatabase {
        /// Where it is.
        location: Location,
        /// What it is instead.
        why: String,
    },
    /// The engine found damage.
    #[error("the database {location} is damaged: {detail}")]
    Damaged {
        /// Where it is.
        location: Location,
        /// What the engine said.
        detail: String,
    },
    /// A later cfn made it.
    #[error("the database {location} has schema {found}, and this cfn knows up to {known}")]
    Newer {
        /// Where it is.
        location: Location,
        /// Its schema.
        found: String,
        /// Ours.
        known: String,
    },
    /// An older schema, which has to be migrated first.
    #[error("the database {location} has an older schema")]
    Older {
        /// Where it is.
        location: Location,
    },
    /// No space, or a limit on file size.
    #[error("the disk is full, or a file-size limit was reached, at {location} ({detail})")]
    Full {
        /// The database, or a file beside it.
        location: Location,
        /// What is known of the space left.
        detail: String,
    },
    /// No right to read or write.
    #[error("user {user} may not {action} {location}: {detail}")]
    Denied {
        /// Where it is.
        location: Location,
        /// Read or write.
        action: &'static str,
        /// The effective user id, or the server's name for the user.
        user: String,
        /// What was said.
        detail: String,
    },
    /// Another process held the lock for the whole wait.
    #[error("another process kept {location} locked for {} ms", waited.as_millis())]
    Busy {
        /// Where it is.
        location: Location,
        /// How long was waited.
        waited: Duration,
    },
    /// Other processes changed what was read, in every attempt.
    #[error("other processes changed {location} in each of {attempts} attempts")]
    Conflict {
        /// Where it is.
        location: Location,
        /// How often it was tried.
        attempts: u32,
    },
    /// The server does not answer, or the connection broke before anything was changed.
    #[error("the database {location} cannot be reached: {detail}")]
    Unreachable {
        /// Where it is.
        location: Location,
        /// What was tried, and what came of it.
        detail: String,
    },
    /// The server answers, and lets this user in nowhere: another password, no such database, too many connections.
    #[error("the database {location} refused the connection: {detail}")]
    Refused {
        /// Where it is.
        location: Location,
        /// What the server said.
        detail: String,
    },
    /// The commit itself failed, or its answer was lost: the change may be there or not.
    #[error("the outcome is unknown: {location} failed during the commit ({detail})")]
    OutcomeUnknown {
        /// Where it is.
        location: Location,
        /// What was said.
        detail: String,
    },
    /// A row holds what it must not.
    #[error("row {row} of table {table} is damaged: {detail}")]
    DamagedRow {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A statement of the user's own that is not run.
    #[error("the statement was not measured: {}", Visible(why))]
    Statement {
        /// What is wrong with it.
        why: String,
    },
    /// The database refused a change, or failed in another way.
    #[error("the database {location} failed: {detail}")]
    Failed {
        /// Where it is.
        location: Location,
        /// What it said.
        detail: String,
    },
    /// What was asked can be done with a file only, and the database is on a server.
    #[error("the database is on a server, and this can be done with a file only")]
    NoFile,
    /// What only a database that is a file can have.
    #[error(transparent)]
    File(#[from] FileFault),
    /// Something that cannot happen, said instead of a panic.
    #[error("{0}")]
    Defect(&'static str),
}

/// What can be wrong with the file of a database, or a file that is made of it.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// It was read without locks, where no file can be written beside it, and somebody wrote meanwhile.
    #[error("the database {} was changed while it was read without locks", Visible(path.to_string_lossy()))]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Another file has its name since it was opened. Nothing was changed.
    #[error("the database {} was replaced by another file while it was in use", Visible(path.to_string_lossy()))]
    Replaced {
        /// The name.
        path: PathBuf,
    },
    /// A log of another database lies beside it, and would be taken for its own.
    #[error("the database {} replaced another one, whose log still lies beside it", Visible(path.to_string_lossy()))]
    ForeignLog {
        /// The file.
        path: PathBuf,
    },
    /// Something lies where the engine keeps a file beside the database.
    #[error("{} is not a regular file", Visible(path.to_string_lossy()))]
    NotAFile {
        /// What lies there.
        path: PathBuf,
    },
    /// A file beside the database could not be read or written.
    #[error("{what} {}: {source}", Visible(path.to_string_lossy()))]
    Unusable {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An archive that is missing, damaged, or of another database.
    #[error("the archive {} was not taken: {why}", Visible(path.to_string_lossy()))]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}
