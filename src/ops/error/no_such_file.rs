//! Files that a command names and no version has.

use crate::model::Visible;

/// There is no such file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchFile {
    /// A version has no file with this path.
    #[error("version {} of \"{name}\" has no file {}", Visible(version), Visible(path))]
    Path {
        /// The skill.
        name: String,
        /// The version.
        version: String,
        /// The requested path.
        path: String,
        /// Similar paths that exist.
        near: Vec<String>,
    },
    /// No version has a file or a folder with this hash.
    #[error("no version of a skill has a file or a folder with the hash {0}")]
    Hash(String),
}
