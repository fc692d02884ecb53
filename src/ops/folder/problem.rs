//! Why a folder cannot be taken.

use std::fmt;
use std::io;

use crate::model::Visible;

/// Why the files of a folder cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::ops) enum FolderProblem {
    /// It has too many files.
    #[error("the folder has more than {0} files")]
    Files(usize),
    /// Its files are too large.
    #[error("the files of the folder have more than {0} bytes together")]
    Bytes(u64),
    /// It has too many entries, even if most of them do not belong to it.
    #[error("the folder has more than {0} entries")]
    Entries(usize),
    /// One of its entries.
    #[error("{}: {reason}", Visible(path))]
    Entry {
        /// The path below the folder.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Its files as a whole.
    #[error("{0}")]
    Whole(String),
}

impl FolderProblem {
    pub(super) fn entry(path: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::Entry { path: path.into(), reason: format!("{reason}") }
    }

    /// An error of the system about an entry.
    pub(super) fn io(path: &str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::entry(path, error)
    }

    /// Whether the folder is only too large.
    pub(in crate::ops) fn is_size(&self) -> bool {
        matches!(self, Self::Files(_) | Self::Bytes(_) | Self::Entries(_))
    }
}
