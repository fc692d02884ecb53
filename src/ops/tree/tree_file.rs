//! What a walk finds.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::Gitignore;

use crate::model::{Remark, SKILL_FILE};

/// The results of a walk besides the skill files.
#[derive(Debug, Default)]
pub(in crate::ops) struct Walked {
    /// Unreadable entries, and entries that only look like skill files, with reasons. Paths are relative to the
    /// searched folder.
    pub(in crate::ops) refused: Vec<Remark<PathBuf>>,
    /// Skill files that are part of another skill.
    pub(in crate::ops) nested: Vec<PathBuf>,
    /// Skipped entries, by reason.
    pub(in crate::ops) skipped: BTreeMap<&'static str, Vec<PathBuf>>,
}

/// A skill file.
#[derive(Debug, Clone)]
pub(in crate::ops) struct TreeFile {
    /// Its path. No folder in it was a link when it was found, but the file itself may be one.
    pub(in crate::ops) path: PathBuf,
    /// Length of the part of the path that is the searched folder.
    pub(super) below: usize,
    /// Whether its folder has another skill file, in a different letter case.
    pub(in crate::ops) shares_folder: bool,
    /// What its folder may have besides, if anything.
    pub(in crate::ops) beside: Option<Arc<Beside>>,
}

/// What a skill's folder may have besides the skill file.
#[derive(Debug)]
pub(in crate::ops) struct Beside {
    /// The patterns of the folders above, nearest first.
    pub(in crate::ops) outer: Vec<Arc<Gitignore>>,
    /// The name that marks the searched folder as a project's root, if that is the skill's.
    pub(in crate::ops) mark: Option<&'static str>,
}

impl TreeFile {
    /// The path relative to the searched folder.
    pub(in crate::ops) fn relative(&self) -> &Path {
        let bytes = self.path.as_os_str().as_bytes();
        Path::new(OsStr::from_bytes(bytes.get(self.below..).unwrap_or(bytes)))
    }
}

/// Whether this is the name of a skill file, in any spelling.
pub(in crate::ops) fn is_skill_file(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(SKILL_FILE.as_bytes())
}

/// The name of the folder that a file is in.
pub(in crate::ops) fn folder_name(path: &Path) -> Option<&str> {
    path.parent().and_then(Path::file_name).and_then(|name| name.to_str())
}
