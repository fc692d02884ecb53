//! Writes one skill. A new one is taken row by row if the document's approvals are trusted; otherwise its current bytes are
//! published, and wait for review. For an existing one, other bytes are published as its next version.

use super::check::Checked;
use super::entry::{ApprovalEntry, SkillEntry};
use super::folder::folder_of;
use super::incoming::{Incoming, changed, contents_of};
use super::request::{ImportYaml, ImportYamlReport};
use crate::model::{
    ApprovalLevel, Category, ContentHash, Decision, Moment, Remark, Review, Skill, SkillFolder, SkillId, SkillName,
    Status, Version, VersionSource,
};
use crate::ops::capture::read_stored;
use crate::ops::content_file::Files;
use crate::ops::error::{Error, Result};
use crate::ops::project::Project;
use crate::ops::publish::{Fields, Judgement, MappingFlags, Numbering, Publication, Trust, find, publish};
use crate::ops::refusal::refusals;
use crate::ops::rules::{Content, FolderContent, describe};
use crate::ops::stored_folder::current_folder_hash;
use crate::ops::update::as_snapshot;
use crate::store::{SkillChange, Transaction};

/// Default name recorded with escalations.
const IMPORTER: &str = "cfn-import";

/// Writes skills.
pub(super) struct Taker<'a> {
    pub(super) request: &'a ImportYaml<'a>,
    pub(super) files: &'a Files,
    pub(super) project: &'a Project,
    pub(super) checked: &'a Checked,
    /// Whether the database had no skills: then rows keep their keys.
    pub(super) fresh: bool,
    pub(super) now: Moment,
    pub(super) report: ImportYamlReport,
}

impl Taker<'_> {
    /// Writes a skill, or records why not. `Err` only if the database fails.
    pub(super) fn take(
        &self,
        tx: &mut dyn Transaction,
        entry: SkillEntry,
        report: &mut ImportYamlReport,
    ) -> Result<()> {
        let name = entry.name().to_owned();
        if report.skipped.contains(&name) {
            return Ok(());
        }
        match self.try_take(tx, entry, report) {
            Err(error @ Error::Store(_)) => Err(error),
            Err(error) => {
                report.refused.push(Remark::new(name, (), error.to_string()));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn try_take(&self, tx: &mut dyn Transaction, entry: SkillEntry, report: &mut ImportYamlReport) -> Result<()> {
        let incoming = self.incoming(tx, entry)?;
        let known = find(tx, &incoming.name)?;
        let skill = match &known {
            None if self.request.trusted_by.is_some() => {
                let skill = self.restore(tx, &incoming, report)?;
                report.added += 1;
                skill
            }
            None => {
                let skill = self.publish(tx, None, &incoming)?;
                report.added += 1;
                self.set_status(tx, skill, &incoming)?;
                skill
            }
            Some(skill) if incoming.is_current(tx, skill)? => {
                self.change(tx, skill, &incoming, report)?;
                report.unchanged += 1;
                skill.id
            }
            Some(skill) if self.request.force => {
                self.publish(tx, Some(skill), &incoming)?;
                report.updated.push(skill.name.clone());
                skill.id
            }
            Some(skill) => return Err(Error::SkillExists { name: skill.name.clone() }),
        };
        let served = tx.versions(skill)?.iter().any(|it| it.approved);
        report.pending += usize::from(as_snapshot(tx).review(skill)? == Review::Pending);
        let restored = known.is_none() && self.request.trusted_by.is_some();
        self.map(tx, skill, &incoming, restored || served, report)
    }

    /// Finds the bytes of the current version: in the document, in the database, or in the skill's file.
    fn incoming(&self, tx: &dyn Transaction, mut entry: SkillEntry) -> Result<Incoming> {
        let stray = entry.content.clone();
        let folder_hash = entry.current().and_then(|it| it.folder_hash.clone());
        let files = entry.current().map(|it| it.files.clone()).unwrap_or_default();
        let folder = folder_of(&files, folder_hash.as_deref()).map_err(|_| changed())?;
        let versions = entry.versions();
        let name: SkillName = entry.name().parse().map_err(|_| changed())?;
        let hash: ContentHash = entry.hash().parse().map_err(|_| changed())?;
        let listed = versions.iter().find(|it| it.content.is_some() && it.content_hash == entry.content_hash);
        let bytes = match listed.and_then(|it| it.content.clone()).or(stray) {
            Some(content) => content.into_bytes(),
            None => match tx.content(entry.hash())? {
                Some(bytes) => bytes,
                None => self.file(&entry)?,
            },
        };
        if !hash.matches(&bytes) {
            let problem = "neither the document nor its file has the bytes of its hash".to_owned();
            let version = entry.version.clone().unwrap_or_default();
            return Err(Error::Integrity { name: name.to_string(), version, problem });
        }
        let category: Category = entry.category.as_deref().unwrap_or_default().parse().map_err(|_| changed())?;
        let level = entry.approval_level.as_deref().and_then(|it| it.parse().ok()).unwrap_or(ApprovalLevel::Human);
        let contents = contents_of(&versions)?;
        let incoming = Incoming { name, entry, versions, level, category, hash, bytes, folder, contents };
        incoming.require_files(tx)?;
        Ok(incoming)
    }

    fn file(&self, entry: &SkillEntry) -> Result<Vec<u8>> {
        let path = entry.content_path.as_deref().unwrap_or_default();
        let mut last = None;
        for place in self.project.places(path) {
            match read_stored(self.files, self.project, &place) {
                Ok(file) if ContentHash::of(&file.bytes).to_string() == entry.hash() => return Ok(file.bytes),
                Ok(_) => {}
                Err(error) => last = Some(error),
            }
        }
        last.map_or_else(|| Ok(Vec::new()), |error| Err(error.into()))
    }

    pub(super) fn decisions(&self, entry: &SkillEntry) -> &[ApprovalEntry] {
        entry.id.and_then(|it| self.checked.approvals.get(&it)).map_or(&[], Vec::as_slice)
    }

    /// Publishes the current bytes. What was approved elsewhere is approved here if that is trusted.
    fn publish(&self, tx: &mut dyn Transaction, known: Option<&Skill>, incoming: &Incoming) -> Result<SkillId> {
        let described = describe(&incoming.bytes, self.files.most_bytes).ok();
        let tags = incoming.tags();
        let level = incoming.level.max(incoming.category.approval_level());
        let level = known.map_or(level, |it| it.approval_level.max(level));
        let approver = self.request.trusted_by.unwrap_or(IMPORTER);
        let decision = self.decision(incoming, level);
        let version = incoming.entry.version.as_deref().and_then(Version::lenient);
        let contents = incoming.current_contents();
        // A number that is free and higher is kept.
        let higher = known.is_none_or(|it| version > Version::lenient(&it.version));
        let publication = Publication {
            name: &incoming.name,
            content: Content {
                folder: incoming.folder.as_ref().map(|folder| FolderContent::of(folder, &contents)),
                hash: &incoming.hash,
                bytes: &incoming.bytes,
                path: incoming.entry.content_path.as_deref().unwrap_or_default(),
                front_matter: described.as_ref().and_then(|it| it.front_matter.as_ref()),
                moved: false,
            },
            file: None,
            command: Fields {
                category: Some(incoming.category).filter(|it| known.is_none() || it.approval_level() >= level),
                team: incoming.entry.team.as_deref(),
                tags: tags.as_deref(),
                owner: incoming.entry.owner.as_deref(),
                phase4_pattern_id: None,
            },
            default: incoming.category.into(),
            trust: Trust::Refuse,
            least_level: Some(level),
            numbering: version.filter(|_| higher).map_or(Numbering::Next, Numbering::Exactly),
            source: VersionSource::Import,
            judgement: decision.map(|(decision, reasoning)| Judgement {
                decision,
                approver,
                level: None,
                reasoning,
                criteria: None,
            }),
            overrule: None,
            mappings: MappingFlags::default(),
            now: self.now,
        };
        Ok(publish(tx, known, &publication)?.id)
    }

    /// What the import decides about the current bytes.
    fn decision(&self, incoming: &Incoming, level: ApprovalLevel) -> Option<(Decision, &'static str)> {
        match self.is_approved(incoming) {
            true => Some((Decision::Approved, "Approved in the imported document")),
            false if level == ApprovalLevel::Auto => Some((Decision::Escalated, "Imported from a document")),
            false => None,
        }
    }

    /// Whether the document approves the current bytes, and is trusted.
    fn is_approved(&self, incoming: &Incoming) -> bool {
        let about = |it: &&ApprovalEntry| match &it.content_hash {
            Some(hash) => {
                Some(hash) == incoming.entry.content_hash.as_ref() && it.folder_hash == incoming.folder_hash()
            }
            None => it.version == incoming.entry.version,
        };
        let latest = self.decisions(&incoming.entry).iter().rfind(about);
        let approved = Decision::Approved.as_str();
        self.request.trusted_by.is_some() && latest.is_some_and(|it| it.decision.as_deref() == Some(approved))
    }

    fn set_status(&self, tx: &mut dyn Transaction, skill: SkillId, incoming: &Incoming) -> Result<()> {
        let status = incoming.entry.status.as_deref().and_then(|it| it.parse().ok());
        match status {
            None | Some(Status::Active) => Ok(()),
            Some(_) => Ok(tx.update_skill(skill, &SkillChange { status, ..SkillChange::at(self.now) })?),
        }
    }

    /// Changes the fields of a skill with these bytes; its level only rises. Its own decisions stand, and where there is
    /// none, trusted ones are taken.
    fn change(
        &self,
        tx: &mut dyn Transaction,
        skill: &Skill,
        incoming: &Incoming,
        report: &mut ImportYamlReport,
    ) -> Result<()> {
        let files = incoming.folder.iter().flat_map(SkillFolder::files).map(|it| it.hash.to_string());
        let hashes = files.chain(incoming.folder_hash()).chain([skill.content_hash.clone()]);
        if let Some(event) = refusals(tx, hashes, Some(skill.id))?.first() {
            return Err(Error::revoked(skill.name.clone(), event));
        }
        incoming.store_missing(tx)?;
        let level = incoming.level.max(incoming.category.approval_level()).max(skill.approval_level);
        let tags = incoming.tags();
        let change = SkillChange {
            category: Some(incoming.category.as_str()).filter(|it| *it != skill.category),
            approval_level: Some(level).filter(|it| *it != skill.approval_level),
            team: incoming.entry.team.as_deref().filter(|it| Some(*it) != skill.team.as_deref()),
            tags: tags.as_deref().filter(|it| *it != skill.tags.clone().unwrap_or_default().words()),
            owner: incoming.entry.owner.as_deref().filter(|it| Some(*it) != skill.owner.as_deref()),
            ..SkillChange::at(self.now)
        };
        if change.changes_something() {
            tx.update_skill(skill.id, &change)?;
        }
        let folder_hash = current_folder_hash(as_snapshot(tx), skill)?;
        let decided = tx.latest_decision(skill.id, &skill.content_hash, folder_hash.as_deref())?.is_some();
        if self.request.trusted_by.is_none() || decided {
            return Ok(());
        }
        for approval in self.decisions(&incoming.entry) {
            if approval.content_hash == incoming.entry.content_hash && approval.folder_hash == folder_hash {
                let without_key = ApprovalEntry { id: None, ..approval.clone() };
                self.restore_decision(tx, skill.id, &without_key)?;
                report.approvals_taken += 1;
            }
        }
        Ok(())
    }
}

pub(super) fn id_of(tx: &dyn Transaction, name: &str) -> Result<Option<SkillId>> {
    let Ok(name) = name.parse::<SkillName>() else { return Ok(None) };
    Ok(tx.skill(&name)?.map(|it| it.id))
}
