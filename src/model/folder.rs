//! The folder of a version: its files, and the hash that an approval binds to.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{ContentHash, FolderPath, SKILL_FILE, Visible, folded};

/// The mode of a file, as git has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FileMode {
    /// It may be read.
    #[serde(rename = "100644")]
    Plain,
    /// It may be run.
    #[serde(rename = "100755")]
    Executable,
}

impl FileMode {
    /// The mode of a file with these permissions: executable if its owner may run it.
    #[must_use]
    pub fn of(permissions: u32) -> Self {
        if permissions & 0o100 == 0 { Self::Plain } else { Self::Executable }
    }

    /// As git writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "100644",
            Self::Executable => "100755",
        }
    }

    /// The permissions of a file with this mode.
    #[must_use]
    pub const fn permissions(self) -> u32 {
        match self {
            Self::Plain => 0o644,
            Self::Executable => 0o755,
        }
    }

    fn read(text: &str) -> Option<Self> {
        [Self::Plain, Self::Executable].into_iter().find(|it| it.as_str() == text)
    }
}

/// A file of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderFile {
    /// Its path below the folder.
    pub path: FolderPath,
    /// Its mode.
    pub mode: FileMode,
    /// SHA-256 of its bytes.
    pub hash: ContentHash,
    /// The number of its bytes.
    pub size: u64,
}

/// A row of `skill_files`, as stored; other programs write it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// The path.
    pub path: String,
    /// The mode.
    pub mode: String,
    /// The hash in hex.
    pub hash: String,
    /// The number of bytes.
    pub size: i64,
}

/// The files of a version, in the order of the bytes of their paths. The skill file is one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillFolder(Vec<FolderFile>);

/// Why some files are no folder of a skill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderFault {
    /// There is no skill file.
    #[error("it has no {SKILL_FILE}")]
    NoSkillFile,
    /// Two paths are equal, but for letter case or Unicode form; or one is a folder in the other.
    #[error("\"{}\" and \"{}\" cannot both exist on every file system", Visible(.0), Visible(.1))]
    Twins(String, String),
    /// The recorded files are not the ones that were approved.
    #[error("its recorded files do not match its folder hash")]
    Altered,
}

impl SkillFolder {
    /// A folder of these files, in any order.
    pub fn of(mut files: Vec<FolderFile>) -> Result<Self, FolderFault> {
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        if !files.iter().any(|it| it.path.as_str() == SKILL_FILE) {
            return Err(FolderFault::NoSkillFile);
        }
        no_twins(&files)?;
        Ok(Self(files))
    }

    /// The recorded files of a version, if they have this hash.
    pub fn recorded(rows: &[StoredFile], folder_hash: &str) -> Result<Self, FolderFault> {
        let read = |row: &StoredFile| {
            Some(FolderFile {
                path: row.path.parse().ok()?,
                mode: FileMode::read(&row.mode)?,
                hash: row.hash.parse().ok()?,
                size: row.size.try_into().ok()?,
            })
        };
        let files = rows.iter().map(read).collect::<Option<Vec<_>>>().ok_or(FolderFault::Altered)?;
        let folder = Self::of(files)?;
        if folder.hash().to_string() == folder_hash { Ok(folder) } else { Err(FolderFault::Altered) }
    }

    /// The folder of a skill file alone.
    #[must_use]
    pub fn alone(hash: ContentHash, size: u64) -> Self {
        Self(vec![FolderFile { path: FolderPath::skill_file(), mode: FileMode::Plain, hash, size }])
    }

    /// The files, in order.
    #[must_use]
    pub fn files(&self) -> &[FolderFile] {
        &self.0
    }

    /// The skill file.
    #[must_use]
    pub fn skill_file(&self) -> Option<&FolderFile> {
        self.0.iter().find(|it| it.path.as_str() == SKILL_FILE)
    }

    /// Whether it is a skill file alone, without permission to run it. Such a folder needs no record of its own: the
    /// hash of the skill file determines it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(self.0.as_slice(), [only] if only.mode == FileMode::Plain)
    }

    /// The folder hash: SHA-256 over a line `MODE HASH PATH` for each file.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        let mut lines = String::new();
        for FolderFile { path, mode, hash, .. } in &self.0 {
            let _ = writeln!(lines, "{} {hash} {path}", mode.as_str()); // a String takes everything
        }
        ContentHash::of(lines.as_bytes())
    }
}

/// Requires paths that every file system can hold side by side.
fn no_twins(files: &[FolderFile]) -> Result<(), FolderFault> {
    let mut taken = HashSet::new();
    let mut folders = HashSet::new();
    let twins = |path: &FolderPath, folded_path: &str| {
        let other = files.iter().map(|it| it.path.as_str()).find(|it| {
            let it_folded = folded(it);
            *it != path.as_str() && (it_folded == *folded_path || it_folded.starts_with(&format!("{folded_path}/")))
        });
        FolderFault::Twins(path.to_string(), other.unwrap_or(path.as_str()).to_owned())
    };
    for file in files {
        let path = folded(file.path.as_str());
        if !taken.insert(path.clone()) {
            return Err(twins(&file.path, &path));
        }
        folders.extend(path.match_indices('/').map(|(at, _)| path[..at].to_owned()));
    }
    match files.iter().find(|it| folders.contains(&folded(it.path.as_str()))) {
        Some(file) => Err(twins(&file.path, &folded(file.path.as_str()))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{FileMode, FolderFault, FolderFile, SkillFolder, StoredFile};
    use crate::model::{ContentHash, FolderPath};

    fn file(path: &str) -> FolderFile {
        let path = path.parse().unwrap_or_else(|_| FolderPath::skill_file());
        FolderFile { path, mode: FileMode::Plain, hash: ContentHash::of(b"x"), size: 1 }
    }

    #[test]
    fn the_hash_is_that_of_sorted_lines() -> Result<(), FolderFault> {
        let run = FolderFile { mode: FileMode::Executable, ..file("a/run") };
        let folder = SkillFolder::of(vec![file("a.txt"), run, file("SKILL.md")])?;
        let x = ContentHash::of(b"x");
        let lines = format!("100644 {x} SKILL.md\n100644 {x} a.txt\n100755 {x} a/run\n");
        assert_eq!(folder.hash(), ContentHash::of(lines.as_bytes()));
        assert!(!folder.is_plain() && SkillFolder::alone(x, 1).is_plain());
        Ok(())
    }

    #[test]
    fn files_that_some_file_systems_cannot_hold_together_are_refused() {
        for (one, two) in [("a", "A"), ("dir/é", "dir/e\u{301}"), ("a", "a/b"), ("A", "a/b"), ("SKILL.md", "skill.md")]
        {
            let files = vec![file("SKILL.md"), file(one), file(two)];
            assert!(matches!(SkillFolder::of(files), Err(FolderFault::Twins(..))), "{one} {two}");
        }
        assert_eq!(SkillFolder::of(vec![file("a")]), Err(FolderFault::NoSkillFile));
    }

    #[test]
    fn recorded_files_are_read_only_as_they_were_approved() -> Result<(), FolderFault> {
        let folder = SkillFolder::of(vec![file("SKILL.md"), file("b")])?;
        let row = |it: &FolderFile| StoredFile {
            path: it.path.to_string(),
            mode: it.mode.as_str().to_owned(),
            hash: it.hash.to_string(),
            size: 1,
        };
        let rows: Vec<_> = folder.files().iter().map(row).collect();
        let hash = folder.hash().to_string();
        assert_eq!(SkillFolder::recorded(&rows, &hash), Ok(folder));
        assert!(SkillFolder::recorded(&rows[..1], &hash).is_err());
        let mut other = rows.clone();
        "100755".clone_into(&mut other[1].mode);
        assert_eq!(SkillFolder::recorded(&other, &hash), Err(FolderFault::Altered));
        "../b".clone_into(&mut other[1].path);
        assert_eq!(SkillFolder::recorded(&other, &hash), Err(FolderFault::Altered));
        Ok(())
    }
}
