//! The location of a database: a file or a server.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::Visible;

/// The location of a database, without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file, as an absolute path.
    File(PathBuf),
    /// A server and a database on it: `postgresql://host:port/name`.
    Server(String),
}

impl Location {
    /// The path, if it is a file.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Server(_) => None,
        }
    }

    /// Its form on a command line.
    #[must_use]
    pub fn as_argument(&self) -> &OsStr {
        match self {
            Self::File(path) => path.as_os_str(),
            Self::Server(name) => name.as_ref(),
        }
    }

    /// The path of a file beside the database, for notes between its processes; `None` on a server.
    #[must_use]
    pub fn beside(&self, suffix: &str) -> Option<PathBuf> {
        let mut name: OsString = self.file()?.as_os_str().to_owned();
        name.push(suffix);
        Some(name.into())
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => Visible(path.to_string_lossy()).fmt(formatter),
            Self::Server(name) => Visible(name).fmt(formatter),
        }
    }
}

impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::File(path) => serializer.serialize_str(&path.to_string_lossy()),
            Self::Server(name) => serializer.serialize_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Location;

    #[test]
    fn only_a_file_has_files_beside_it() {
        let file = Location::from(Path::new("/p/skills.db"));
        assert_eq!(file.beside("-redis").as_deref(), Some(Path::new("/p/skills.db-redis")));
        let server = Location::Server("postgresql://host:5432/skills".to_owned());
        assert!(server.beside("-redis").is_none() && server.file().is_none());
    }

    #[test]
    fn it_is_shown_without_what_moves_the_cursor() {
        assert_eq!(
            Location::from(Path::new("/p/\u{1b}[2J")).to_string(),
            Location::Server("/p/\u{1b}[2J".into()).to_string()
        );
        assert!(!Location::from(Path::new("/p/\u{1b}[2J")).to_string().contains('\u{1b}'));
    }
}
