//! Whether a file is the source of a skill (see [`Source`]); another file with the same name is a different source.
//!
//! A moved or cloned collection is the same source under three conditions: the recorded file is gone, the imported
//! folder has the same name (including its parent's, if it is just called `skills`), and the file has the same path in
//! it. As long as the old file exists, the folders are two sources.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::model::{Skill, folded};
use crate::ops::content_file::Folder;
use crate::ops::error::Result;
use crate::ops::project::Project;
use crate::ops::source::{Source, is_same_path};
use crate::ops::tree::TreeFile;
use crate::store::Catalogue;

/// The sources in the imported folder.
pub(super) struct Sources<'a> {
    project: &'a Project,
    /// The name of the collection.
    collection: String,
}

impl<'a> Sources<'a> {
    pub(super) fn new(project: &'a Project, folder: &Folder) -> Self {
        Self { project, collection: collection(folder.path()) }
    }

    /// The skill's source, if it is not this file.
    pub(super) fn other(
        &self,
        catalogue: &(impl Catalogue + ?Sized),
        skill: &Skill,
        stored_path: &str,
        found: &TreeFile,
    ) -> Result<Option<String>> {
        let source = Source::of(catalogue, skill)?;
        let same = source.paths().any(|it| is_same_path(self.project, it, stored_path) || self.was_moved(it, found));
        Ok((!same).then(|| source.path().to_owned()))
    }

    fn was_moved(&self, recorded: &str, found: &TreeFile) -> bool {
        let tail = folded(&format!("/{}/{}", self.collection, found.relative().to_string_lossy()));
        let recorded = self.project.absolute(recorded);
        let gone = || fs::symlink_metadata(&recorded).is_err_and(|it| it.kind() == ErrorKind::NotFound);
        !self.collection.is_empty() && folded(&recorded.to_string_lossy()).ends_with(&tail) && gone()
    }
}

/// The name of a collection: `skills` alone is not specific, so it includes the parent's name.
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
    fn a_collection_has_a_specific_name() {
        for (folder, name) in
            [("/a/b/pack", "pack"), ("/a/pack/skills", "pack/skills"), ("/skills", "skills"), ("/", "")]
        {
            assert_eq!(collection(Path::new(folder)), name, "{folder}");
        }
    }
}
