//! Reads, hashes and parses one file for the writer.

use std::ops::Range;

use super::report::Kind;
use crate::model::{ContentHash, Remark, SkillName, is_conformant_name};
use crate::ops::content_file::{FileError, Files, Folder};
use crate::ops::project::Project;
use crate::ops::rules::{Described, describe};
use crate::ops::tree::{TreeFile, folder_name};

/// The inputs for reading files.
pub(super) struct Reader<'a> {
    pub(super) files: &'a Files,
    pub(super) folder: &'a Folder,
    pub(super) project: &'a Project,
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
    /// The hash of its bytes at that time.
    pub(super) hash: ContentHash,
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
    pub(super) warnings: Vec<Remark<String, Kind>>,
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
        let (real, _mode) = self.files.read_below(self.folder, &found.path, bytes).map_err(unusable)?;
        let range = start..bytes.len();
        let mut described = describe(&bytes[range.clone()], self.files.most_bytes)
            .map_err(|error| Remark::from(error.to_string()).at(error.line()))?;
        let stored_path = self.project.stored_path(&real).map_err(|error| Remark::from(error.to_string()))?;
        let own = name(found, &mut described)?;
        let settled = chosen.is_some();
        let name = match chosen {
            Some(chosen) if chosen.hash != described.hash => {
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
        Ok(Item { name, settled, stored_path, bytes: range, described, warnings })
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
