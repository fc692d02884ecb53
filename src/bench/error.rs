//! Errors of measuring. After an error there are no figures.

use std::io;
use std::path::PathBuf;

use crate::model::{InvalidName, Visible};
use crate::process;
use crate::store::StoreError;

/// Why a measurement failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A measured program failed or could not be started.
    #[error(transparent)]
    Process(#[from] process::Error),
    /// A measured program gave a wrong answer.
    #[error("{}: {what}", Visible(line))]
    WrongAnswer {
        /// The command line.
        line: String,
        /// What is wrong with its answer.
        what: String,
    },
    /// A file operation failed.
    #[error("{what} {}: {source}", Visible(path.to_string_lossy()))]
    File {
        /// The operation.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file of a run could not be read.
    #[error("could not read the run in {}: {source}", Visible(path.to_string_lossy()))]
    Run {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file does not contain a run.
    #[error("{} is not a run of 'cfn bench': {why}", Visible(path.to_string_lossy()))]
    NoRun {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The generated database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A generated name is invalid.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// It was interrupted before there was a figure.
    #[error("interrupted before anything was measured")]
    Interrupted,
    /// A state that should be impossible.
    #[error("{0}")]
    Defect(&'static str),
}

/// The result of measuring.
pub type Result<T> = std::result::Result<T, Error>;

/// Builds an error, for `map_err` on a file operation.
pub(super) fn file(what: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { what, path, source }
}
