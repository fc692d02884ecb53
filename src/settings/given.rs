//! Unvalidated values, with their sources.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use crate::model::Visible;

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A command-line option.
    Flag(&'static str),
    /// A positional argument, as messages name it.
    Argument(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// A settings file.
    File {
        /// The setting.
        key: &'static str,
        /// Who controls the file.
        scope: Scope,
        /// Path of the file.
        path: PathBuf,
        /// Line of the setting.
        line: usize,
    },
    /// A database that keeps the URL: it follows that one, or has months of its usage log there.
    Follower,
    /// The search for the database.
    Found,
    /// It was not given.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Argument(name) | Self::Variable(name) => formatter.write_str(name),
            Self::File { key, path, line, .. } => {
                write!(formatter, "{key} in {}, line {line}", Visible(path.to_string_lossy()))
            }
            Self::Follower => formatter.write_str("the URL that the database keeps"),
            Self::Found => formatter.write_str("the search"),
            Self::Default => formatter.write_str("the default"),
        }
    }
}

/// Who controls a settings file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The authors of the project.
    Project,
    /// This user.
    User,
}

/// A value and its source. It may be a secret, so only the source is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Given {
    pub(super) source: Source,
    pub(super) value: OsString,
}

impl Given {
    /// The source.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Given({:?})", self.source)
    }
}

/// The variables of settings, as of the start of the process. An empty one counts as unset.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Environment(Vec<(&'static str, OsString)>);

impl Environment {
    /// Reads these variables.
    pub(super) fn of(names: &[&'static str], look_up: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let value = |name: &&'static str| Some((*name, look_up(name).filter(|it| !it.is_empty())?));
        Self(names.iter().filter_map(value).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.iter().find(|it| it.0 == name).map(|it| it.1.as_os_str())
    }

    /// These variables without some of them.
    pub(super) fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|it| !names.contains(&it.0)).cloned().collect())
    }

    pub(super) fn given(&self, name: &'static str) -> Option<Given> {
        Some(Given { source: Source::Variable(name), value: self.get(name)?.to_owned() })
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.iter().map(|it| it.0)).finish()
    }
}
