//! Errors of a database, in terms that a user can act on.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{Location, Visible};
use crate::postgres::Refusal;

/// The result of a database operation.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why a database operation failed. Unless it is [`OutcomeUnknown`](StoreError::OutcomeUnknown), nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no database.
    #[error("there is no database at {location}")]
    Missing {
        /// The expected location.
        location: Location,
    },
    /// There is something else: a folder, FIFO, dangling link, or another kind of file.
    #[error("{location} is not a skills database: {why}")]
    NotADatabase {
        /// Its location.
        location: Location,
        /// What it is instead.
        why: String,
    },
    /// The engine found damage.
    #[error("the database {location} is damaged: {detail}")]
    Damaged {
        /// Its location.
        location: Location,
        /// The engine's message.
        detail: String,
    },
    /// It was created by a newer cfn.
    #[error("the database {location} has schema {found}, but this cfn supports schemas up to {known}")]
    Newer {
        /// Its location.
        location: Location,
        /// Its schema.
        found: String,
        /// The newest supported schema.
        known: String,
    },
    /// It has an older schema, and must be migrated first.
    #[error("the database {location} has an older schema")]
    Older {
        /// Its location.
        location: Location,
    },
    /// The disk is full, or a file size limit was reached.
    #[error("the disk is full, or a file size limit was reached, at {location} ({detail})")]
    Full {
        /// The database, or a file beside it.
        location: Location,
        /// Details about the free space.
        detail: String,
    },
    /// Permission to read or write is missing.
    #[error("user {user} may not {action} {location}: {detail}")]
    Denied {
        /// Its location.
        location: Location,
        /// Read or write.
        action: &'static str,
        /// The effective user id, or the server's name for the user.
        user: String,
        /// The message.
        detail: String,
    },
    /// Another process held the lock for the whole wait.
    #[error("another process kept {location} locked for {} ms", waited.as_millis())]
    Busy {
        /// Its location.
        location: Location,
        /// The time waited.
        waited: Duration,
    },
    /// Other processes changed the data that was read, in every attempt.
    #[error("other processes changed {location} in each of {attempts} attempts")]
    Conflict {
        /// Its location.
        location: Location,
        /// Number of attempts.
        attempts: u32,
    },
    /// The server does not answer, or the connection was lost before anything was changed.
    #[error("the database {location} cannot be reached: {detail}")]
    Unreachable {
        /// Its location.
        location: Location,
        /// What was tried, and how it failed.
        detail: String,
    },
    /// A server with archives does not answer, or refuses the connection.
    #[error("the server {} with archived usage cannot be reached: {detail}", Visible(server))]
    ArchiveUnreachable {
        /// Its URL.
        server: String,
        /// What was tried, and how it failed.
        detail: String,
    },
    /// The server refused the connection: for example for a wrong password, a missing database, or too many
    /// connections.
    #[error("the database {location} refused the connection: {detail}")]
    Refused {
        /// Its location.
        location: Location,
        /// The server's message.
        detail: String,
        /// The kind of refusal.
        refusal: Refusal,
    },
    /// The commit itself failed, or its answer was lost: the change may or may not be committed.
    #[error("the outcome is unknown: {location} failed during the commit ({detail})")]
    OutcomeUnknown {
        /// Its location.
        location: Location,
        /// The message.
        detail: String,
    },
    /// A row has an invalid value.
    #[error("row {row} of table {table} is damaged: {detail}")]
    DamagedRow {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
        /// The problem.
        detail: String,
    },
    /// A statement of the user is refused.
    #[error("the statement was not measured: {}", Visible(why))]
    Statement {
        /// What is wrong with it.
        why: String,
    },
    /// The database refused a change, or failed in another way.
    #[error("the database {location} failed: {detail}")]
    Failed {
        /// Its location.
        location: Location,
        /// The message.
        detail: String,
    },
    /// There is a database where a new one was to be made.
    #[error("there is a database at {location} already: {holds}")]
    Occupied {
        /// Its location.
        location: Location,
        /// What it holds.
        holds: String,
    },
    /// The operation needs a file, but the database is on a server.
    #[error("this operation needs a database file, but the database is on a server")]
    NoFile,
    /// An error that only a database file can have.
    #[error(transparent)]
    File(#[from] FileFault),
    /// A state that should be impossible, reported instead of a panic.
    #[error("{0}")]
    Defect(&'static str),
}

/// Errors of a database file, and of files made from it.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// It was read without locks, since no file can be created beside it, and changed meanwhile.
    #[error("the database {} was changed while it was read without locks", Visible(path.to_string_lossy()))]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The path names another file since it was opened. Nothing was changed.
    #[error("the database {} was replaced by another file while it was in use", Visible(path.to_string_lossy()))]
    Replaced {
        /// The path.
        path: PathBuf,
    },
    /// The log of another database is beside it, and would be applied to it.
    #[error("the database {} replaced another one, whose log still lies beside it", Visible(path.to_string_lossy()))]
    ForeignLog {
        /// The file.
        path: PathBuf,
    },
    /// There is something in place of one of the engine's files beside the database.
    #[error("{} is not a regular file", Visible(path.to_string_lossy()))]
    NotAFile {
        /// Its path.
        path: PathBuf,
    },
    /// It follows another one that lacks uses which were to be archived. Nothing was changed.
    #[error("uses of {} that are to be archived are not on its primary yet", Visible(path.to_string_lossy()))]
    NotPushed {
        /// The file.
        path: PathBuf,
    },
    /// A file beside the database could not be read or written.
    #[error("{what} {}: {source}", Visible(path.to_string_lossy()))]
    Unusable {
        /// The operation.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A copy would take the place of the database itself.
    #[error("{} is the database itself", Visible(path.to_string_lossy()))]
    OwnDatabase {
        /// The path that was given.
        path: PathBuf,
    },
    /// What was named to be written is there, and is no file, or no folder.
    #[error("{} is not a {wanted}", Visible(path.to_string_lossy()))]
    OtherKind {
        /// The path that was given.
        path: PathBuf,
        /// What it should be.
        wanted: &'static str,
    },
    /// An archive is missing, damaged, or of another database.
    #[error("the archive {} was refused: {why}", Visible(path.to_string_lossy()))]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}
