//! Starting, bounding and ending other programs: the only place that does. None of them gets more of this process than it needs.

mod background;
mod program;

use std::io;

use crate::model::Visible;

pub use background::start_in_background;
pub use program::{Program, Ran};

/// Why a program did not do what it was started for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It failed.
    #[error("{}: {status}{}", Visible(line), said_after(said))]
    Failed {
        /// The command line.
        line: String,
        /// How it ended.
        status: String,
        /// Its exit code, where it has one.
        code: Option<i32>,
        /// What it said on stderr.
        said: String,
    },
    /// It could not be started or waited for.
    #[error("{} could not be started: {source}", Visible(line))]
    NotStarted {
        /// The command line.
        line: String,
        /// Why.
        source: io::Error,
    },
}

/// The outcome of a program.
pub type Result<T> = std::result::Result<T, Error>;

fn said_after(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {}", Visible(said)) }
}
