//! `skill diff`: the differences between two versions of a skill, by file and line.

mod files;
mod lines;
mod side;

use serde::Serialize;

use super::content_file::Files;
use super::error::{Result, require_skill};
use super::project::Project;
use super::required::{require_file, require_version};
use crate::model::{FolderPath, SKILL_FILE, Skill, SkillName, Version, VersionRecord};
use crate::store::{Snapshot, Store};

pub use files::{FileDiff, FileState};
pub use lines::{DiffLine, Hunk, LineChange};
use side::{Place, Side};

/// The versions to compare.
#[derive(Debug, Clone)]
pub struct Diff<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// The earlier one; by default the version that agents get, else the previous one.
    pub from: Option<Version>,
    /// The later one; by default the current bytes.
    pub to: Option<Version>,
    /// Compare with the folder on disk, in place of a later version.
    pub disk: Option<(&'a Files, &'a Project)>,
    /// Only this file.
    pub file: Option<&'a FolderPath>,
}

/// Two versions, and their differences.
#[derive(Debug, Clone, Serialize)]
pub struct DiffReport {
    /// The skill.
    pub name: String,
    /// The earlier version; `None` if there is none.
    pub from: Option<String>,
    /// The later version.
    pub to: String,
    /// The changes of the skill file, with context lines.
    pub hunks: Vec<Hunk>,
    /// The other files that differ, and the skill file if its mode does.
    pub files: Vec<FileDiff>,
    /// Number of added lines, in all files.
    pub added: usize,
    /// Number of removed lines, in all files.
    pub removed: usize,
}

/// Compares two versions, from one snapshot. Bytes are hashed before they are compared.
pub fn diff(store: &mut dyn Store, request: &Diff<'_>) -> Result<DiffReport> {
    let snapshot = store.read()?;
    let snapshot = snapshot.as_ref();
    let skill = require_skill(snapshot, request.name)?;
    let versions = snapshot.versions(skill.id)?;
    let current = Place::current(&skill, &versions);
    let later = match request.to {
        Some(version) => Place::recorded(require_version(&skill.name, &versions, version)?),
        None => current.clone(),
    };
    let earlier = match request.from {
        Some(version) => Some(Place::recorded(require_version(&skill.name, &versions, version)?)),
        None if request.disk.is_some() => Some(current),
        None => before(&skill, &versions, &later),
    };
    let earlier = earlier.map(|it| Side::read(snapshot, &skill, &it)).transpose()?;
    let later = match request.disk {
        Some((files, project)) => Side::on_disk(files, project, &skill, earlier.as_ref())?,
        None => Side::read(snapshot, &skill, &later)?,
    };
    if let Some(path) = request.file {
        let folders: Vec<_> = earlier.iter().chain([&later]).map(|it| &it.folder).collect();
        require_file(&skill.name, &later.version, &folders, path)?;
    }
    between(snapshot, &skill, earlier.as_ref(), &later, request.file)
}

/// The changes since the newest approved version with other bytes, and the current text.
pub(super) fn since_approved(snapshot: &dyn Snapshot, skill: &Skill) -> Result<(DiffReport, String)> {
    let versions = snapshot.versions(skill.id)?;
    let current = Place::current(skill, &versions);
    let approved = versions.iter().filter(|it| it.approved).map(Place::approved).find(|it| it.differs(&current));
    let earlier = approved.map(|it| Side::read(snapshot, skill, &it)).transpose()?;
    let later = Side::read(snapshot, skill, &current)?;
    let report = between(snapshot, skill, earlier.as_ref(), &later, None)?;
    Ok((report, later.text))
}

/// The changes from one version, if any, to another; of one file, if it is named.
fn between(
    snapshot: &dyn Snapshot,
    skill: &Skill,
    earlier: Option<&Side>,
    later: &Side,
    only: Option<&FolderPath>,
) -> Result<DiffReport> {
    let deadline = lines::deadline();
    let hunks = if only.is_none_or(|it| it.as_str() == SKILL_FILE) {
        lines::hunks(earlier.map_or("", |it| &it.text), &later.text, deadline)
    } else {
        Vec::new()
    };
    let sides = files::Sides { snapshot, skill, earlier, later };
    let files = sides.differences(only, deadline)?;
    let mut report = DiffReport {
        name: skill.name.clone(),
        from: earlier.map(|it| it.version.clone()),
        to: later.version.clone(),
        hunks,
        files,
        added: 0,
        removed: 0,
    };
    report.count();
    Ok(report)
}

impl DiffReport {
    fn count(&mut self) {
        let all = || self.hunks.iter().chain(self.files.iter().flat_map(|it| &it.hunks));
        let (added, removed) = (lines::count(all(), LineChange::Added), lines::count(all(), LineChange::Removed));
        (self.added, self.removed) = (added, removed);
    }
}

/// The approved pinned version with other bytes, else the newest approved one, else the newest one.
fn before(skill: &Skill, versions: &[VersionRecord], later: &Place) -> Option<Place> {
    let approved = || versions.iter().filter(|it| it.approved);
    let pinned = approved().filter(|it| Some(&it.version) == skill.pinned_version.as_ref());
    let all = pinned.map(Place::approved).chain(approved().map(Place::approved));
    all.chain(versions.iter().map(Place::recorded)).find(|it| it.differs(later))
}
