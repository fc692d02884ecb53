//! Why an export failed.

use std::io;

use crate::model::Visible;

/// Why an export failed as a whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The folder cannot be read or written.
    #[error("{} could not be {done}: {source}", Visible(path))]
    Folder {
        /// The path.
        path: String,
        /// What was tried: `read` or `written`.
        done: &'static str,
        /// The error of the system.
        source: io::Error,
    },
    /// A folder on the way to the skills is none.
    #[error("{} is a link or no folder, and no link below the export's folder is followed", Visible(path))]
    NoFolder {
        /// The path.
        path: String,
    },
    /// Folders that cfn did not write have the names of skills.
    #[error("{} in the way: {}", if paths.len() == 1 { "something that cfn did not write is" } else { "folders that cfn did not write are" }, Visible(paths.join(", ")))]
    InTheWay {
        /// The paths below the folder, each with the reason where there is one.
        paths: Vec<String>,
    },
    /// The record of earlier exports cannot be trusted.
    #[error("{} is not a record of cfn's exports: {why}", Visible(path))]
    Lock {
        /// The path.
        path: String,
        /// The rule that it breaks.
        why: String,
    },
    /// The record of earlier exports is of another database.
    #[error("{} records exports of another database", Visible(path))]
    OtherDatabase {
        /// The path.
        path: String,
    },
    /// Another process exports to the folder.
    #[error("another process is exporting to {}", Visible(path))]
    Busy {
        /// The path.
        path: String,
    },
}
