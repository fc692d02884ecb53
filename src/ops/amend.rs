//! `update --skill`: what the old tool's `update` did to a skill's row. A recorded version never changes its bytes here, so
//! other bytes become a new version, which waits for review like any other.

use serde::Serialize;

use super::capture::read_stored;
use super::content_file::{FileError, Files};
use super::error::{Error, Result, require_skill};
use super::folder::ReadSkill;
use super::project::Project;
use super::publish::{Fields, MappingFlags, Numbering, Publication, Trust, bytes_of, foreign_name, publish};
use super::rules::{Content, FolderContent, describe};
use super::stored_folder::{current, folder_to_publish, stored_folder};
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{
    ApprovalLevel, Category, ContentHash, Moment, Remark, Skill, SkillName, StoredTags, Version, VersionSource,
};
use crate::store::{Durability, NewVersion, SkillChange, Store, Transaction, write_unless};

/// Changes to make; `None` keeps a field.
#[derive(Debug, Clone)]
pub struct Amend<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// The new version.
    pub version: Option<Version>,
    /// All tags.
    pub tags: Option<&'a [String]>,
    /// The review that the skill needs; it may only rise.
    pub level: Option<ApprovalLevel>,
    /// Read the skill's file again.
    pub reread: bool,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// The changes.
#[derive(Debug, Clone, Serialize)]
pub struct AmendReport {
    /// The skill.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its previous version.
    pub previous_version: String,
    /// SHA-256 of its bytes, in hex.
    pub content_hash: String,
    /// The changed fields.
    pub changed: Vec<&'static str>,
    /// Whether this was a dry run.
    pub dry_run: bool,
    /// Remarks about the file.
    pub warnings: Vec<Remark>,
}

/// Changes the skill in one transaction.
pub fn amend(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    clock: Clock,
    request: &Amend<'_>,
) -> Result<AmendReport> {
    let now = clock.moment();
    let skill = require_skill(store.read()?.as_ref(), request.name)?;
    // Read before the transaction, so that it is short.
    let file = if request.reread { Some(file_of(&skill, files, project)?) } else { None };
    write_unless(request.dry_run, store, Durability::Full, |tx| request.apply(tx, file.as_ref(), now))
}

fn file_of(skill: &Skill, files: &Files, project: &Project) -> Result<ReadSkill> {
    let path = project.absolute(&skill.content_path);
    let file = read_stored(files, project, &path)?;
    let described = describe(&file.bytes, files.most_bytes).map_err(|error| FileError::Content {
        path,
        problem: error.to_string(),
        hint: "Nothing was stored; correct the file.",
    })?;
    Ok(ReadSkill::replacement(file, described))
}

impl Amend<'_> {
    fn apply(&self, tx: &mut dyn Transaction, file: Option<&ReadSkill>, now: Moment) -> Result<AmendReport> {
        let skill = require_skill(as_snapshot(tx), self.name)?;
        if let Some(to) = self.level.filter(|it| *it < skill.approval_level) {
            let cause = "--approval-level".to_owned();
            return Err(Error::LowersLevel { name: skill.name, from: skill.approval_level, to, cause });
        }
        let other = file.filter(|it| it.described.hash.to_string() != skill.content_hash);
        let warnings = if let Some(read) = other {
            self.publish(tx, &skill, read, now)?
        } else {
            self.renumber(tx, &skill, now)?;
            Vec::new()
        };
        let after = require_skill(as_snapshot(tx), self.name)?;
        let change = SkillChange {
            tags: self.tags.filter(|it| Some(StoredTags::of(it)) != after.tags),
            approval_level: self.level.filter(|it| *it > after.approval_level),
            ..SkillChange::at(now)
        };
        if change.changes_something() {
            tx.update_skill(skill.id, &change)?;
        }
        let after = require_skill(as_snapshot(tx), self.name)?;
        let fields = [
            ("version", after.version != skill.version),
            ("content_hash", after.content_hash != skill.content_hash),
            ("tags", after.tags != skill.tags),
            ("approval_level", after.approval_level != skill.approval_level),
        ];
        Ok(AmendReport {
            name: after.name,
            version: after.version,
            previous_version: skill.version,
            content_hash: after.content_hash,
            changed: fields.into_iter().filter_map(|(field, changed)| changed.then_some(field)).collect(),
            dry_run: self.dry_run,
            warnings,
        })
    }

    /// Records another skill file as a new version, with the other files of the current one, which waits for review unless its level is `auto`.
    fn publish(&self, tx: &mut dyn Transaction, skill: &Skill, read: &ReadSkill, now: Moment) -> Result<Vec<Remark>> {
        let (described, folder) = (&read.described, folder_to_publish(as_snapshot(tx), Some(skill), read)?);
        let content = described.content(&read.file.bytes, &skill.content_path);
        let publication = Publication {
            name: self.name,
            content: Content { folder: Some(FolderContent::of(&folder, &[])), ..content },
            file: Some(described),
            command: Fields { tags: self.tags, ..Fields::default() },
            default: Category::Domain.into(),
            trust: Trust::Refuse,
            least_level: self.level,
            numbering: self.version.map_or(Numbering::Declared, Numbering::Exactly),
            source: VersionSource::Update,
            judgement: None,
            overrule: None,
            mappings: MappingFlags::default(),
            now,
        };
        let foreign_name = foreign_name(tx, described, Some(skill.id), &skill.name)?;
        let published = publish(tx, Some(skill), &publication)?;
        tx.announce_updated(skill.id, now)?;
        let warnings = described.warnings.iter().cloned().chain(foreign_name);
        Ok(warnings.chain(published.warnings).collect())
    }

    /// Records the same bytes under a new number. What was decided about them stands.
    fn renumber(&self, tx: &mut dyn Transaction, skill: &Skill, now: Moment) -> Result<()> {
        let Some(wanted) = self.version.filter(|it| Version::lenient(&skill.version) != Some(*it)) else {
            return Ok(());
        };
        let versions = tx.versions(skill.id)?;
        let version = Numbering::Exactly(wanted).next(skill, &bytes_of(&versions), None, true)?.version;
        let current = current(skill, &versions).or(versions.iter().find(|it| it.content_hash == skill.content_hash));
        let folder = match current.and_then(|it| it.folder_hash.as_deref().zip(Some(it))) {
            Some((hash, it)) => stored_folder(as_snapshot(tx), skill.id, &it.version, hash)?.ok(),
            None => None,
        };
        let hash: ContentHash = skill.content_hash.parse().map_err(|_| Error::Integrity {
            name: skill.name.clone(),
            version: skill.version.clone(),
            problem: "its recorded hash is invalid".to_owned(),
        })?;
        let new = NewVersion {
            version: &version,
            content_hash: &hash,
            folder: folder.as_ref(),
            content_path: &skill.content_path,
            front_matter: current.and_then(|it| it.front_matter.as_ref()),
            approval_level: skill.approval_level,
            source: VersionSource::Update,
            now,
        };
        Ok(tx.record_version(skill.id, &new)?)
    }
}
