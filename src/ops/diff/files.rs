//! The differences between the files of two folders.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

use super::lines::{Hunk, hunks};
use super::side::Side;
use crate::model::{ContentHash, FileMode, FolderFile, FolderPath, SKILL_FILE, Skill};
use crate::ops::error::Result;
use crate::store::Snapshot;

/// A file that differs.
#[derive(Debug, Clone, Serialize)]
pub struct FileDiff {
    /// Its path.
    pub path: FolderPath,
    /// What it was; `None` if it is added.
    pub from: Option<FileState>,
    /// What it is; `None` if it is removed.
    pub to: Option<FileState>,
    /// Whether one of the two is no text, so that lines are not compared.
    pub binary: bool,
    /// The changes, with context lines.
    pub hunks: Vec<Hunk>,
}

/// A file of one folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileState {
    /// Its mode.
    pub mode: FileMode,
    /// SHA-256 of its bytes.
    pub hash: ContentHash,
    /// The number of its bytes.
    pub size: u64,
}

impl From<&FolderFile> for FileState {
    fn from(file: &FolderFile) -> Self {
        Self { mode: file.mode, hash: file.hash, size: file.size }
    }
}

/// What is compared.
pub(super) struct Sides<'a> {
    pub(super) snapshot: &'a dyn Snapshot,
    pub(super) skill: &'a Skill,
    pub(super) earlier: Option<&'a Side>,
    pub(super) later: &'a Side,
}

impl Sides<'_> {
    /// The files that differ, by path; of one file, if it is named. The lines of the skill file are not among them.
    pub(super) fn differences(&self, only: Option<&FolderPath>, deadline: Instant) -> Result<Vec<FileDiff>> {
        let Self { snapshot, skill, earlier, later } = *self;
        let mut pairs: BTreeMap<&FolderPath, [Option<(&Side, &FolderFile)>; 2]> = BTreeMap::new();
        for (at, side) in [earlier, Some(later)].into_iter().enumerate() {
            let Some(side) = side else { continue };
            for file in side.folder.files().iter().filter(|it| only.is_none_or(|only| it.path == *only)) {
                pairs.entry(&file.path).or_default()[at] = Some((side, file));
            }
        }
        let read = |file: Option<(&Side, &FolderFile)>| match file {
            Some((side, file)) => side.bytes(snapshot, skill, file),
            None => Ok(Vec::new()),
        };
        let mut differences = Vec::new();
        for (path, [from, to]) in pairs {
            let state = |it: Option<(&Side, &FolderFile)>| it.map(|(_, file)| FileState::from(file));
            let (was, is) = (state(from), state(to));
            let is_skill_file = path.as_str() == SKILL_FILE;
            let is_other_mode = was.as_ref().zip(is.as_ref()).is_some_and(|(was, is)| was.mode != is.mode);
            if was == is || (is_skill_file && !is_other_mode) {
                continue;
            }
            let same_bytes = was.as_ref().map(|it| it.hash) == is.as_ref().map(|it| it.hash);
            let (binary, hunks) = if is_skill_file || same_bytes {
                (false, Vec::new())
            } else {
                match (text(read(from)?), text(read(to)?)) {
                    (Some(earlier), Some(later)) => (false, hunks(&earlier, &later, deadline)),
                    _ => (true, Vec::new()),
                }
            };
            differences.push(FileDiff { path: path.clone(), from: was, to: is, binary, hunks });
        }
        Ok(differences)
    }
}

/// The bytes, if they are text as git takes it: UTF-8 without NUL.
fn text(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok().filter(|it| !it.contains('\0'))
}
