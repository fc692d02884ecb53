//! One file from the folder, read, hashed and understood, on the way to the writer.

use std::ops::Range;

use super::Refusal;
use crate::model::{SkillName, is_conformant_name};
use crate::ops::content_file::{FileError, Files, Folder};
use crate::ops::project::Project;
use crate::ops::rules::{Described, Remark, describe};
use crate::ops::tree::{Found, folder_name};

/// What reading needs.
pub(super) struct Reader<'a> {
    pub(super) files: &'a Files,
    pub(super) folder: &'a Folder,
    pub(super) project: &'a Project,
}

/// A file that was read, or why not.
pub(super) struct Prepared {
    /// From the folder that is imported, as it is shown.
    pub(super) path: String,
    pub(super) outcome: Result<Item, Unusable>,
}

/// Why a file cannot be imported.
pub(super) struct Unusable {
    pub(super) line: Option<usize>,
    pub(super) reason: String,
}

/// A file on its way into the database.
pub(super) struct Item {
    pub(super) name: SkillName,
    pub(super) stored_path: String,
    /// Where its bytes are among those of its piece.
    pub(super) bytes: Range<usize>,
    pub(super) described: Described,
    pub(super) warnings: Vec<Refusal>,
}

impl Reader<'_> {
    /// Reads a file; its bytes are put behind those that are there.
    pub(super) fn prepare(&self, found: &Found, bytes: &mut Vec<u8>) -> Prepared {
        let path = found.relative().to_string_lossy().into_owned();
        let outcome = self.item(found, &path, bytes);
        Prepared { path, outcome }
    }

    fn item(&self, found: &Found, shown: &str, bytes: &mut Vec<u8>) -> Result<Item, Unusable> {
        let start = bytes.len();
        let real = self.files.read_below(self.folder, &found.path, bytes).map_err(unusable)?;
        let range = start..bytes.len();
        let mut described = describe(&bytes[range.clone()], self.files.most_bytes)
            .map_err(|error| Unusable { line: Some(error.line()), reason: error.to_string() })?;
        let stored_path = self.project.stored_path(&real).map_err(|error| Unusable::because(error.to_string()))?;
        let name = name(found, &mut described)?;
        let refusal = |it: Remark| Refusal { path: shown.to_owned(), line: it.line, reason: it.message };
        let warnings = std::mem::take(&mut described.warnings).into_iter().map(refusal).collect();
        Ok(Item { name, stored_path, bytes: range, described, warnings })
    }
}

/// Finds the name: that of the front matter, where `deploy` would take it, else the folder's.
fn name(found: &Found, described: &mut Described) -> Result<SkillName, Unusable> {
    // The folder where it was found, which is not where a link leads.
    let folder = folder_name(&found.path).unwrap_or_default();
    let own = described.name.as_deref().map(str::parse::<SkillName>);
    let name = match own {
        Some(Ok(name)) => name,
        other => {
            let name = folder.parse().map_err(|error| match &other {
                Some(Err(own)) => Unusable::because(format!("{own}; and its folder does not name it either: {error}")),
                _ => Unusable::because(format!("it has no name, and its folder does not name it either: {error}")),
            })?;
            if let Some(Err(error)) = other {
                let message = format!("{error}; it is imported under its folder's name \"{name}\"");
                described.warnings.push(Remark::about(message));
            }
            name
        }
    };
    if !is_conformant_name(name.as_str()) {
        let message = format!("the name \"{name}\" is not one that the Agent Skills format takes");
        described.warnings.push(Remark::about(message));
    }
    Ok(name)
}

impl Unusable {
    fn because(reason: String) -> Self {
        Self { line: None, reason }
    }
}

fn unusable(error: FileError) -> Unusable {
    Unusable::because(match error {
        FileError::Content { problem, .. } => problem,
        FileError::Unreadable { source, .. } => source.to_string(),
        other => other.to_string(),
    })
}
