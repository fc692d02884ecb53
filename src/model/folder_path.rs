//! Paths of files below a skill's folder.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of the file that makes a folder a skill.
pub const SKILL_FILE: &str = "SKILL.md";

/// A path of a file below a skill's folder: relative, with `/`, in UTF-8, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct FolderPath(String);

/// Why a text is no path of a file below a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// It starts at the root, is empty, or has a part that is empty, `.` or `..`.
    #[error("its path leaves the skill's folder")]
    Leaves,
    /// It has control characters.
    #[error("its path has control characters")]
    Control,
    /// It is longer than [`FolderPath::MOST_BYTES`].
    #[error("its path is longer than {} bytes", FolderPath::MOST_BYTES)]
    Long,
}

impl FolderPath {
    /// The maximum length in bytes; paths in the file system also hold the folder's own path.
    pub const MOST_BYTES: usize = 1024;

    /// The path of the skill file.
    #[must_use]
    pub fn skill_file() -> Self {
        Self(SKILL_FILE.to_owned())
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FolderPath {
    type Error = InvalidPath;

    fn try_from(text: String) -> Result<Self, InvalidPath> {
        if text.len() > Self::MOST_BYTES {
            return Err(InvalidPath::Long);
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(InvalidPath::Leaves);
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidPath::Control);
        }
        Ok(Self(text))
    }
}

impl FromStr for FolderPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        text.to_owned().try_into()
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{FolderPath, InvalidPath};

    #[test]
    fn a_path_stays_below_its_folder() {
        for good in ["SKILL.md", "scripts/run.sh", "a b/.c", "ä/ß", "..a", "a\\b"] {
            assert!(good.parse::<FolderPath>().is_ok(), "{good}");
        }
        for bad in ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", "a/."] {
            assert_eq!(bad.parse::<FolderPath>(), Err(InvalidPath::Leaves), "{bad}");
        }
        assert_eq!("a\nb".parse::<FolderPath>(), Err(InvalidPath::Control));
        assert_eq!("a/".repeat(600).parse::<FolderPath>(), Err(InvalidPath::Long));
    }
}
