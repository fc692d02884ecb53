//! Reads, hashes and parses one file for the writer.

use std::ops::Range;

use super::report::Kind;
use crate::model::{
    ContentHash, FolderFile, FolderPath, Remark, SKILL_FILE, SkillFolder, SkillName, is_conformant_name,
};
use crate::ops::content_file::{FileError, Files, Folder};
use crate::ops::folder::Others;
use crate::ops::project::Project;
use crate::ops::rules::{Described, describe};
use crate::ops::tree::{TreeFile, folder_name};

/// The inputs for reading files.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) files: &'a Files,
    pub(super) folder: &'a Folder,
    pub(super) project: &'a Project,
    /// Maximum size of the other files of a folder that are kept.
    pub(super) most_kept: usize,
}

/// A file to read.
pub(super) struct Task {
    pub(super) found: TreeFile,
    /// The decision after an earlier read.
    pub(super) chosen: Option<Chosen>,
}

/// A file that won its name.
pub(super) struct Chosen {
    pub(super) name: SkillName,
    /// What it was at that time.
    pub(super) sum: Sum,
}

/// What a skill consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) skill_file: ContentHash,
    /// The folder hash; `None` for a plain folder.
    pub(super) folder: Option<ContentHash>,
}

impl Sum {
    /// Whether one is a copy of the other. Files beside the skill file count only if both have some.
    pub(super) fn is_copy_of(self, other: Self) -> bool {
        let differ = self.folder.zip(other.folder).is_some_and(|(own, other)| own != other);
        self.skill_file == other.skill_file && !differ
    }
}

/// A file that was read, or the reason why not.
pub(super) struct Prepared {
    pub(super) found: TreeFile,
    /// The path for display, relative to the imported folder.
    pub(super) path: String,
    pub(super) outcome: Result<Item, Remark>,
}

/// A file to import.
pub(super) struct Item {
    pub(super) name: SkillName,
    /// Whether it won its name.
    pub(super) settled: bool,
    pub(super) stored_path: String,
    /// The range of its bytes in its piece.
    pub(super) bytes: Range<usize>,
    pub(super) described: Described,
    /// Its folder, unless that is plain.
    pub(super) folder: Option<Box<ItemFolder>>,
    pub(super) warnings: Vec<Remark<String, Kind>>,
}

/// The folder of a skill.
pub(super) struct ItemFolder {
    pub(super) folder: SkillFolder,
    pub(super) hash: ContentHash,
    pub(super) others: Others,
}

impl Item {
    /// What it consists of.
    pub(super) fn sum(&self) -> Sum {
        Sum { skill_file: self.described.hash, folder: self.folder.as_ref().map(|it| it.hash) }
    }

    /// The number of files beside the skill file.
    pub(super) fn others(&self) -> usize {
        self.folder.as_ref().map_or(0, |it| it.others.files.len())
    }

    /// The folder hash in hex; `None` for a plain folder.
    pub(super) fn folder_hash(&self) -> Option<String> {
        self.folder.as_ref().map(|it| it.hash.to_string())
    }

    /// Whether its folder is too large to be kept, so that it is to be read again.
    pub(super) fn is_large(&self) -> bool {
        self.folder.as_ref().is_some_and(|it| !it.others.is_kept)
    }
}

impl Reader<'_> {
    /// Reads a file, and appends its bytes to `bytes`.
    pub(super) fn prepare(&self, task: Task, bytes: &mut Vec<u8>) -> Prepared {
        let Task { found, chosen } = task;
        let path = found.relative().to_string_lossy().into_owned();
        let outcome = self.item(&found, chosen, &path, bytes);
        Prepared { found, path, outcome }
    }

    fn item(&self, found: &TreeFile, chosen: Option<Chosen>, shown: &str, bytes: &mut Vec<u8>) -> Result<Item, Remark> {
        let start = bytes.len();
        let place = self.files.read_below(self.folder, &found.path, bytes).map_err(unusable)?;
        let range = start..bytes.len();
        let mut described = describe(&bytes[range.clone()], self.files.most_bytes)
            .map_err(|error| Remark::from(error.to_string()).at(error.line()))?;
        let stored_path = self.project.stored_path(&place.path).map_err(|error| Remark::from(error.to_string()))?;
        let own = name(found, &mut described)?;
        let skill = FolderFile {
            path: FolderPath::skill_file(),
            mode: place.mode,
            hash: described.hash,
            size: range.len() as u64,
        };
        let folder = self.item_folder(found, skill, place.identity, bytes).unwrap_or_else(|(alone, why)| {
            described.warnings.push(Remark::from(format!("only {SKILL_FILE} is taken: {why}")));
            alone
        });
        described.warnings.extend(folder.as_ref().and_then(|it| it.others.warning()));
        let settled = chosen.is_some();
        let sum = Sum { skill_file: described.hash, folder: folder.as_ref().map(|it| it.hash) };
        let name = match chosen {
            Some(chosen) if chosen.sum != sum => {
                return Err(Remark::from("it changed during the import".to_owned()));
            }
            Some(chosen) => chosen.name,
            None => own.clone(),
        };
        if name != own {
            described
                .warnings
                .push(Remark::from(format!("it declares the name \"{own}\" and is imported as \"{name}\"")));
        }
        let warnings = std::mem::take(&mut described.warnings).into_iter();
        let warnings = warnings.map(|it| it.about(shown.to_owned(), Kind::Warning)).collect();
        Ok(Item { name, settled, stored_path, bytes: range, described, folder, warnings })
    }
}

/// Finds the name: the one in the front matter, if valid, or else the folder's.
fn name(found: &TreeFile, described: &mut Described) -> Result<SkillName, Remark> {
    // The folder where it was found, not that of a link's target.
    let folder = folder_name(&found.path).unwrap_or_default();
    let own = described.name.as_deref().map(str::parse::<SkillName>);
    let name = match own {
        Some(Ok(name)) => name,
        other => {
            // Errors about refused files do not quote them.
            let own = if other.is_some() { "its name is not valid" } else { "it has no name" };
            let name = folder
                .parse()
                .map_err(|error| Remark::from(format!("{own}, and its folder does not name it either: {error}")))?;
            if let Some(Err(error)) = other {
                let message = format!("{error}; it is imported under its folder's name \"{name}\"");
                described.warnings.push(Remark::from(message));
            }
            name
        }
    };
    if !is_conformant_name(name.as_str()) {
        let message = format!("the name \"{name}\" does not conform to the Agent Skills format");
        described.warnings.push(Remark::from(message));
    }
    Ok(name)
}

fn unusable(error: FileError) -> Remark {
    Remark::from(match error {
        FileError::Content { problem, .. } => problem,
        FileError::Unreadable { source, .. } => source.to_string(),
        other => other.to_string(),
    })
}
