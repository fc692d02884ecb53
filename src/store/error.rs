//! What can go wrong with a database, in terms that a user can act on.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::Visible;

/// The result of a database operation.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why a database operation failed. Unless it is [`OutcomeUnknown`](StoreError::OutcomeUnknown), nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no file.
    #[error("there is no database at {}", Visible(path.to_string_lossy()))]
    Missing {
        /// Where it was expected.
        path: PathBuf,
    },
    /// Something else is there: a folder, a pipe, a dangling link, another kind of file.
    #[error("{} is not a skills database: {why}", Visible(path.to_string_lossy()))]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// SQLite found damage.
    #[error("the database {} is damaged: {detail}", Visible(path.to_string_lossy()))]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// A later cfn made it.
    #[error("the database {} has schema {found}, and this cfn knows up to {known}", Visible(path.to_string_lossy()))]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: String,
        /// Ours.
        known: String,
    },
    /// An older schema, which has to be adopted first.
    #[error("the database {} has an older schema", Visible(path.to_string_lossy()))]
    NeedsMigration {
        /// The file.
        path: PathBuf,
    },
    /// No space, or a limit on file size.
    #[error("the disk is full, or a file-size limit was reached, at {} ({detail})", Visible(path.to_string_lossy()))]
    Full {
        /// The file.
        path: PathBuf,
        /// What is known of the space left.
        detail: String,
    },
    /// No right to read or write.
    #[error("user {user} may not {action} {}: {detail}", Visible(path.to_string_lossy()))]
    Denied {
        /// The file.
        path: PathBuf,
        /// Read or write.
        action: &'static str,
        /// The effective user id.
        user: u32,
        /// What the system said.
        detail: String,
    },
    /// Another process held the lock for the whole wait.
    #[error("another process kept {} locked for {} ms", Visible(path.to_string_lossy()), waited.as_millis())]
    Busy {
        /// The file.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// Other writers changed what was read, in every attempt.
    #[error("other processes changed {} in each of {attempts} attempts", Visible(path.to_string_lossy()))]
    Conflict {
        /// The file.
        path: PathBuf,
        /// How often it was tried.
        attempts: u32,
    },
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
    /// Something lies where SQLite keeps a file beside the database.
    #[error("{} is not a regular file", Visible(path.to_string_lossy()))]
    NotAFile {
        /// What lies there.
        path: PathBuf,
    },
    /// The sync of the commit itself failed: the change may be there or not.
    #[error("the outcome is unknown: the disk failed while {} was being committed ({detail})", Visible(path.to_string_lossy()))]
    OutcomeUnknown {
        /// The file.
        path: PathBuf,
        /// What the system said.
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
    /// A file beside the database could not be read or written.
    #[error("{what} {}: {source}", Visible(path.to_string_lossy()))]
    File {
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
    /// A statement of the user's own that is not run.
    #[error("the statement was not measured: {}", Visible(why))]
    Statement {
        /// What is wrong with it.
        why: String,
    },
    /// Something that cannot happen, said instead of a panic.
    #[error("{0}")]
    Defect(&'static str),
    /// The database refused a change, or failed in another way.
    #[error("the database {} failed: {detail}", Visible(path.to_string_lossy()))]
    Failed {
        /// The file.
        path: PathBuf,
        /// What it said.
        detail: String,
    },
}
