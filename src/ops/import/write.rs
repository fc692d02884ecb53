//! One file into the database, inside the transaction of its batch.

use std::collections::HashMap;

use super::ahead::Piece;
use super::prepare::{Item, Prepared};
use super::{Import, ImportReport, Refusal};
use crate::model::{ApprovalLevel, Decision, SkillId, SkillName, Version, VersionSource};
use crate::ops::error::{Error, Result};
use crate::ops::numbering;
use crate::ops::rules::LevelRule;
use crate::store::{NewApproval, NewMapping, NewSkill, NewVersion, Transaction};

/// Writes files and keeps the report.
pub(super) struct Writer<'a> {
    pub(super) report: ImportReport,
    request: &'a Import<'a>,
    now: &'a str,
    /// Names that were taken in this run, and by which file.
    taken: HashMap<SkillName, String>,
}

/// A file, and what is needed to write it.
struct File<'a> {
    path: &'a str,
    item: &'a Item,
    bytes: &'a [u8],
}

impl<'a> Writer<'a> {
    pub(super) fn new(request: &'a Import<'a>, now: &'a str) -> Self {
        let report = ImportReport {
            folder: request.folder.to_owned(),
            found: 0,
            imported: 0,
            unchanged: 0,
            updated: 0,
            changed: Vec::new(),
            refused: Vec::new(),
            pending: 0,
            warnings: Vec::new(),
            transactions: 0,
        };
        Self { report, request, now, taken: HashMap::new() }
    }

    pub(super) fn fresh(&self) -> bool {
        self.request.fresh
    }

    fn refuse(&mut self, path: &str, line: Option<usize>, reason: String) {
        self.report.refused.push(Refusal { path: path.to_owned(), line, reason });
    }

    /// Takes some files; `Err` only where the database fails.
    pub(super) fn take(&mut self, tx: &mut dyn Transaction, piece: &Piece) -> Result<()> {
        self.report.found += piece.files.len();
        for Prepared { path, outcome } in &piece.files {
            match outcome {
                Ok(item) => self.take_one(tx, &File { path, item, bytes: &piece.bytes[item.bytes.clone()] })?,
                Err(unusable) => self.refuse(path, unusable.line, unusable.reason.clone()),
            }
        }
        Ok(())
    }

    fn take_one(&mut self, tx: &mut dyn Transaction, file: &File<'_>) -> Result<()> {
        let File { path, item, bytes } = *file;
        self.report.warnings.extend_from_slice(&item.warnings);
        if let Some(first) = self.taken.get(&item.name) {
            let reason = format!("it has the same name \"{}\" as {first}, which comes first", item.name);
            self.refuse(path, None, reason);
            return Ok(());
        }
        self.taken.insert(item.name.clone(), path.to_owned());
        // In a fresh database there is nothing but what was taken.
        let known = if self.request.fresh { None } else { tx.skill(&item.name)? };
        match known {
            None => self.insert(tx, file),
            Some(skill) if skill.content_hash == item.described.hash.to_string() => {
                tx.store_content(&item.described.hash, bytes)?; // where it was missing or damaged
                self.report.unchanged += 1;
                Ok(())
            }
            Some(skill) if self.request.update => match self.update(tx, &skill, file) {
                Err(error @ (Error::Store(_) | Error::File(_))) => Err(error),
                Err(error) => {
                    self.refuse(path, None, error.to_string());
                    Ok(())
                }
                Ok(()) => Ok(()),
            },
            Some(skill) => {
                let reason = format!("\"{}\" is {} in the database, with other bytes", item.name, skill.version);
                self.report.changed.push(Refusal { path: path.to_owned(), line: None, reason });
                Ok(())
            }
        }
    }

    fn insert(&mut self, tx: &mut dyn Transaction, file: &File<'_>) -> Result<()> {
        let item = file.item;
        let category = item.described.category.unwrap_or(self.request.category);
        let mut level = category.approval_level();
        match item.described.approval_level {
            Some(asked) if asked < level => {
                let reason = format!("its front matter asks for the level {asked}, its category needs {level}");
                self.report.warnings.push(Refusal { path: file.path.to_owned(), line: None, reason });
            }
            Some(asked) => level = asked,
            None => {}
        }
        let version =
            item.described.version.as_deref().and_then(Version::lenient).unwrap_or(Version::FIRST).to_string();
        let skill = NewSkill {
            name: &item.name,
            category,
            team: None,
            tags: item.described.tags.as_deref().unwrap_or_default(),
            owner: item.described.owner.as_deref(),
            phase4_pattern_id: None,
        };
        tx.store_content(&item.described.hash, file.bytes)?;
        let id = tx.insert_skill(&skill, &self.version(item, &version, level))?;
        self.report.imported += 1;
        for agent_type in self.request.agents {
            let mapping = NewMapping { agent_type, priority: 5, required: false, conditions: None, now: self.now };
            tx.add_mapping(id, &mapping)?;
        }
        self.review(tx, id, item, &version, level)
    }

    fn update(&mut self, tx: &mut dyn Transaction, skill: &crate::model::Skill, file: &File<'_>) -> Result<()> {
        let item = file.item;
        let versions = tx.versions(skill.id)?;
        let rule = LevelRule {
            name: &skill.name,
            current: Some((skill.approval_level, &skill.category)),
            category: None,
            asked: item.described.approval_level,
        };
        let level = rule.level()?;
        let version = numbering::next(skill, &versions, None)?.to_string();
        tx.store_content(&item.described.hash, file.bytes)?;
        tx.record_version(skill.id, &self.version(item, &version, level))?;
        self.report.updated += 1;
        self.review(tx, skill.id, item, &version, level)
    }

    /// Records the approval that was asked for; otherwise what is not `auto` waits.
    fn review(
        &mut self,
        tx: &mut dyn Transaction,
        id: SkillId,
        item: &Item,
        version: &str,
        level: ApprovalLevel,
    ) -> Result<()> {
        let Some(approver) = self.request.approve_as else {
            self.report.pending += usize::from(level != ApprovalLevel::Auto);
            return Ok(());
        };
        let approval = NewApproval {
            version,
            content_hash: &item.described.hash.to_string(),
            approval_level: level,
            approver,
            decision: Decision::Approved,
            reasoning: "Approved at import",
            criteria_check: None,
            now: self.now,
        };
        Ok(tx.record_approval(id, &approval)?)
    }

    fn version<'b>(&self, item: &'b Item, version: &'b str, level: ApprovalLevel) -> NewVersion<'b>
    where
        'a: 'b,
    {
        NewVersion {
            version,
            content_hash: &item.described.hash,
            content_path: &item.stored_path,
            front_matter: item.described.front_matter.as_deref(),
            approval_level: level,
            source: VersionSource::Import,
            now: self.now,
        }
    }
}
