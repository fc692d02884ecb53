//! Why skills cannot be materialized.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::Visible;

/// Why a skill's folder was not handed out.
#[derive(Debug, thiserror::Error)]
pub enum MaterializeError {
    /// Others could change what is in the folder.
    #[error("{} {why}, so what agents read from it could be changed by others", Visible(path.to_string_lossy()))]
    Exposed {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A folder cannot have this name.
    #[error("a folder cannot have the name \"{}\"", Visible(name))]
    Name {
        /// The skill's name.
        name: String,
    },
    /// What was written is not what is there.
    #[error("{} cannot be kept as it must be: its file system has no permissions", Visible(path.to_string_lossy()))]
    NotKept {
        /// The skill's folder.
        path: PathBuf,
    },
    /// The system refused something.
    #[error("{}: {source}", Visible(path.to_string_lossy()))]
    Failed {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl MaterializeError {
    pub(super) fn failed(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Failed { path: path.to_owned(), source: source.into() }
    }
}
