//! What can go wrong while measuring: then there is no figure.

use std::io;
use std::path::PathBuf;

use crate::model::{InvalidName, Visible};
use crate::process;
use crate::store::StoreError;

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A measured program failed or could not be started, so how long it took means nothing.
    #[error(transparent)]
    Process(#[from] process::Error),
    /// A measured program answered something else than was asked for.
    #[error("{}: {what}", Visible(line))]
    WrongAnswer {
        /// What was asked.
        line: String,
        /// What is wrong with the answer.
        what: String,
    },
    /// A file of the measurement.
    #[error("{what} {}: {source}", Visible(path.to_string_lossy()))]
    File {
        /// What was to be done with it.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why it could not be.
        source: io::Error,
    },
    /// A file that holds no run.
    #[error("{} is no run of 'cfn bench': {why}", Visible(path.to_string_lossy()))]
    NoRun {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The generated database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A generated name that is none.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// It was stopped from outside before there was a figure.
    #[error("interrupted before anything was measured")]
    Interrupted,
    /// Something that cannot happen.
    #[error("{0}")]
    Defect(&'static str),
}

/// What measuring ends with.
pub type Result<T> = std::result::Result<T, Error>;

/// For `map_err` on a file operation.
pub(super) fn file(what: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { what, path, source }
}
