//! Where a skill came from. A skill keeps its source: a file that only claims its name is another one.
//!
//! The source is the file that the newest imported version was read from, and where none was imported, or a later version was
//! named by hand, the file of the current version. Paths are compared in Unicode's form NFC and without case.
//!
//! A collection that was moved or cloned to another place as a whole stays the same source where three things hold: the recorded
//! file is gone, the imported folder has the name that it had (with that of its parent where it is just called `skills`), and the
//! file has the same path in it. While the old file is there, two folders are two sources.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::model::{Skill, VersionSource, folded};
use crate::ops::content_file::Folder;
use crate::ops::error::Result;
use crate::ops::project::Project;
use crate::ops::tree::Found;
use crate::store::Catalogue;

/// Knows the folder that is imported.
pub(super) struct Sources<'a> {
    project: &'a Project,
    /// What a path in this folder ends with, up to its own part.
    collection: String,
}

impl<'a> Sources<'a> {
    pub(super) fn new(project: &'a Project, folder: &Folder) -> Self {
        Self { project, collection: collection(folder.path()) }
    }

    /// The file that a skill came from, where it is not this one; none where it is.
    pub(super) fn other(
        &self,
        catalogue: &(impl Catalogue + ?Sized),
        skill: &Skill,
        stored_path: &str,
        found: &Found,
    ) -> Result<Option<String>> {
        if skill.content_path == stored_path {
            return Ok(None); // nearly always
        }
        let versions = catalogue.versions(skill.id)?;
        let imported = versions.iter().find(|it| it.source == VersionSource::Import.as_str());
        let source = imported.map_or(&skill.content_path, |it| &it.content_path);
        let same = [source, &skill.content_path].into_iter().any(|it| self.is_same(it, stored_path, found));
        Ok((!same).then(|| source.clone()))
    }

    fn is_same(&self, recorded: &str, stored_path: &str, found: &Found) -> bool {
        if recorded.is_empty() {
            return false;
        }
        let absolute = |path: &str| folded(&self.project.absolute(path).to_string_lossy());
        absolute(recorded) == absolute(stored_path) || self.was_moved(recorded, found)
    }

    fn was_moved(&self, recorded: &str, found: &Found) -> bool {
        let tail = folded(&format!("/{}/{}", self.collection, found.relative().to_string_lossy()));
        let recorded = self.project.absolute(recorded);
        let gone = || fs::symlink_metadata(&recorded).is_err_and(|it| it.kind() == ErrorKind::NotFound);
        !self.collection.is_empty() && folded(&recorded.to_string_lossy()).ends_with(&tail) && gone()
    }
}

/// What a folder is called: `skills` alone says nothing.
fn collection(folder: &Path) -> String {
    let name = |it: &Path| it.file_name().map(|name| name.to_string_lossy().into_owned());
    let Some(own) = name(folder) else { return String::new() };
    match folder.parent().and_then(name) {
        Some(parent) if own.eq_ignore_ascii_case("skills") => format!("{parent}/{own}"),
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::collection;

    #[test]
    fn a_collection_is_known_by_a_name_that_says_something() {
        for (folder, name) in
            [("/a/b/pack", "pack"), ("/a/pack/skills", "pack/skills"), ("/skills", "skills"), ("/", "")]
        {
            assert_eq!(collection(Path::new(folder)), name, "{folder}");
        }
    }
}
