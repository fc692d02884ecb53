//! What to read of a folder, and what was read.

use std::ops::Range;
use std::os::fd::OwnedFd;

use super::problem::FolderProblem;
use super::walk::Scope;
use crate::model::{ContentHash, FolderFile, Remark, SkillFolder, Visible};

/// What to read of a folder, whose skill file was read.
pub(in crate::ops) struct Reading<'a> {
    pub(in crate::ops) folder: &'a OwnedFd,
    pub(in crate::ops) scope: Scope<'a>,
    /// The skill file.
    pub(in crate::ops) skill: &'a FolderFile,
    /// Maximum number of bytes to keep.
    pub(in crate::ops) most_kept: usize,
}

/// The files of a folder besides its skill file.
#[derive(Debug, Clone)]
pub(in crate::ops) struct Others {
    pub(in crate::ops) files: Vec<OtherFile>,
    /// Whether the bytes were kept.
    pub(in crate::ops) is_kept: bool,
    /// Files of the database, which were left out.
    pub(in crate::ops) of_database: Vec<String>,
}

/// A file of a folder.
#[derive(Debug, Clone)]
pub(in crate::ops) struct OtherFile {
    pub(in crate::ops) file: FolderFile,
    /// Where its bytes are; `None` for a link to the skill file, and if they were not kept.
    pub(in crate::ops) bytes: Option<Range<usize>>,
}

/// None.
impl Default for Others {
    fn default() -> Self {
        Self { files: Vec::new(), is_kept: true, of_database: Vec::new() }
    }
}

impl Others {
    /// The kept bytes, each with its hash.
    pub(in crate::ops) fn contents<'b>(&self, bytes: &'b [u8]) -> Vec<(ContentHash, &'b [u8])> {
        self.files.iter().filter_map(|it| Some((it.file.hash, bytes.get(it.bytes.clone()?)?))).collect()
    }

    /// What to say of the files of the database that were left out.
    pub(in crate::ops) fn warning(&self) -> Option<Remark> {
        let (first, others) = self.of_database.split_first()?;
        let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
        Some(Remark::from(format!("files of cfn's database are left out: {}{more}", Visible(first))))
    }

    /// The folder with its skill file.
    pub(in crate::ops) fn with(&self, skill: FolderFile) -> Result<SkillFolder, FolderProblem> {
        let others = self.files.iter().map(|it| it.file.clone());
        SkillFolder::of(others.chain([skill]).collect()).map_err(|fault| FolderProblem::Whole(fault.to_string()))
    }
}
