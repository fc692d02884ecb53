//! Where a skill comes from: the file that may bring new bytes for it.
//!
//! The source is the file of the newest imported version. If there is none, or a later version was deployed by hand, it
//! is the file of the current version. Versions that were rejected, or wait because somebody escalated them, do not
//! count: asking to take a skill from elsewhere does not make that its source until the answer is yes.

use super::error::Result;
use super::project::Project;
use crate::model::{Approval, Skill, VersionRecord, VersionSource, Visible, folded};
use crate::store::Catalogue;

/// The source of a skill.
pub(super) struct Source {
    path: String,
    /// The file of the current version, if that counts.
    current: Option<String>,
}

impl Source {
    pub(super) fn of(catalogue: &(impl Catalogue + ?Sized), skill: &Skill) -> Result<Self> {
        let versions = catalogue.versions(skill.id)?;
        let all_approved = versions.iter().all(|it| it.approved);
        let decisions = if all_approved { Vec::new() } else { catalogue.approvals(skill.id)? };
        let (mut newest, mut imported, mut current) = (None, None, Some(&skill.content_path));
        for version in &versions {
            if !counts(version, &decisions) {
                current = current.filter(|_| version.version != skill.version);
                continue;
            }
            let is_import = version.source == VersionSource::Import.as_str();
            newest = newest.or(Some(&version.content_path));
            imported = imported.or(is_import.then_some(&version.content_path));
        }
        let first = versions.last().map(|it| &it.content_path);
        let path = imported.or(current).or(newest).or(first).unwrap_or(&skill.content_path);
        Ok(Self { path: path.clone(), current: current.cloned() })
    }

    /// The path as it is recorded.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Every recorded path that counts.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        [Some(&self.path), self.current.as_ref()].into_iter().flatten().map(String::as_str).filter(|it| !it.is_empty())
    }
}

/// Whether a version is approved, or nobody decided about it.
fn counts(version: &VersionRecord, decisions: &[Approval]) -> bool {
    let is_about = |it: &Approval| {
        it.content_hash.as_ref() == Some(&version.content_hash) && it.folder_hash == version.folder_hash
    };
    version.approved || !decisions.iter().any(is_about)
}

/// Whether two recorded paths are one file, without regard to case and to Unicode's form.
pub(super) fn is_same_path(project: &Project, one: &str, other: &str) -> bool {
    let absolute = |path: &str| folded(&project.absolute(path).to_string_lossy());
    absolute(one) == absolute(other)
}

/// Why a file brings no new bytes for a skill.
pub(super) fn another_source(name: &str, source: &str, new: &str) -> String {
    let source = if source.is_empty() { "an unknown file" } else { source };
    format!("\"{}\" comes from {}, and {} is another source", Visible(name), Visible(source), Visible(new))
}
