//! Why a settings file is not used.

use std::path::PathBuf;

use crate::model::Visible;
use crate::settings::Foreign;

/// An invalid settings file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {problem}", Visible(path.to_string_lossy()), line.map(|it| format!(", line {it}")).unwrap_or_default())]
pub struct BadFile {
    /// Path of the file.
    pub path: PathBuf,
    /// Line of the error, if known.
    pub line: Option<usize>,
    /// The error.
    pub problem: FileProblem,
}

/// An error in a settings file. It quotes nothing from the file except a plausible key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    /// The file cannot be read, or is not a regular file.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Invalid TOML.
    #[error("invalid TOML: {0}")]
    Syntax(String),
    /// An unknown key.
    #[error("unknown setting{}", name.as_ref().map(|it| format!(" {it}")).unwrap_or_default())]
    Unknown {
        /// The key, if it is plausible.
        name: Option<String>,
        /// The most similar setting; all settings if none is similar.
        known: Vec<&'static str>,
    },
    /// A setting that only the user's file may contain.
    #[error("a project's file must not set {name}: a cloned repository must not decide it")]
    NotOfProjects {
        /// The setting.
        name: &'static str,
    },
    /// A flag that no file may contain.
    #[error("a file must not set {name}: it confirms a single command")]
    NotOfFiles {
        /// The flag.
        name: &'static str,
    },
    /// A value of the wrong type.
    #[error("{name} must be {expected}")]
    WrongKind {
        /// The setting.
        name: &'static str,
        /// The expected type.
        expected: &'static str,
    },
    /// A setting that occurs twice, once with `_` and once with `-`.
    #[error("{name} is set twice")]
    Twice {
        /// The setting.
        name: &'static str,
    },
}

/// Why a settings file was not read.
pub(in crate::settings) enum Unread {
    /// It belongs to another user.
    Foreign(Foreign),
    /// It is invalid.
    Bad(BadFile),
}
