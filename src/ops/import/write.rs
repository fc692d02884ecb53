//! One file into the database, inside the transaction of its batch.

use std::collections::HashMap;
use std::path::Path;

use super::prepare::{Prepared, Unusable};
use super::{Import, ImportReport, Refusal};
use crate::model::{ApprovalLevel, Decision, SkillId, SkillName, Version, VersionSource, is_conformant_name};
use crate::ops::content_file::ContentFile;
use crate::ops::error::{Error, Result};
use crate::ops::numbering;
use crate::ops::project::Project;
use crate::ops::rules::{Described, LevelRule, Remark};
use crate::ops::tree::{Found, folder_name};
use crate::store::{NewApproval, NewMapping, NewSkill, NewVersion, Transaction};

/// Writes files and keeps the report.
pub(super) struct Writer<'a> {
    pub(super) report: ImportReport,
    request: &'a Import<'a>,
    project: &'a Project,
    now: &'a str,
    /// Names that were taken in this run, and by which file.
    taken: HashMap<SkillName, String>,
}

/// A file on its way into the database.
struct Item<'a> {
    name: SkillName,
    relative: &'a Path,
    stored_path: String,
    file: ContentFile,
    described: Described,
}

impl<'a> Writer<'a> {
    pub(super) fn new(request: &'a Import<'a>, project: &'a Project, now: &'a str, found: usize) -> Self {
        let report = ImportReport {
            folder: request.folder.to_owned(),
            found,
            imported: 0,
            unchanged: 0,
            updated: 0,
            changed: Vec::new(),
            refused: Vec::new(),
            pending: 0,
            warnings: Vec::new(),
            transactions: 0,
        };
        Self { report, request, project, now, taken: HashMap::new() }
    }

    pub(super) fn refuse(&mut self, path: &Path, line: Option<usize>, reason: String) {
        self.report.refused.push(Refusal { path: shown(path), line, reason });
    }

    /// Takes one file; `Err` only where the database fails.
    pub(super) fn take(&mut self, tx: &mut dyn Transaction, prepared: Prepared<'_>) -> Result<()> {
        let relative = prepared.found.relative.as_path();
        let found = prepared.found;
        let item = match prepared.outcome.and_then(|(file, described)| self.item(found, file, described)) {
            Ok(item) => item,
            Err(Unusable { line, reason }) => {
                self.refuse(relative, line, reason);
                return Ok(());
            }
        };
        if let Some(first) = self.taken.get(&item.name) {
            let reason = format!("it has the same name \"{}\" as {first}, which comes first", item.name);
            self.refuse(relative, None, reason);
            return Ok(());
        }
        self.taken.insert(item.name.clone(), shown(relative));
        match tx.skill(&item.name)? {
            None => self.insert(tx, &item),
            Some(skill) if skill.content_hash == item.described.hash.to_string() => {
                tx.store_content(&item.described.hash, &item.file.bytes)?; // where it was missing or damaged
                self.report.unchanged += 1;
                Ok(())
            }
            Some(skill) if self.request.update => match self.update(tx, &skill, &item) {
                Err(error @ (Error::Store(_) | Error::File(_))) => Err(error),
                Err(error) => {
                    self.refuse(relative, None, error.to_string());
                    Ok(())
                }
                Ok(()) => Ok(()),
            },
            Some(skill) => {
                let reason = format!("\"{}\" is {} in the database, with other bytes", item.name, skill.version);
                self.report.changed.push(Refusal { path: shown(relative), line: None, reason });
                Ok(())
            }
        }
    }

    /// Finds the name: that of the front matter, where `deploy` would take it, else the folder's.
    fn item<'b>(
        &mut self,
        found: &'b Found,
        file: ContentFile,
        mut described: Described,
    ) -> std::result::Result<Item<'b>, Unusable> {
        let relative = found.relative.as_path();
        let unusable = |reason: String| Unusable { line: None, reason };
        let stored_path = self.project.stored_path(&file.path).map_err(|error| unusable(error.to_string()))?;
        // The folder where it was found, which is not where a link leads.
        let folder = folder_name(&found.path).unwrap_or_default();
        let own = described.name.as_deref().map(str::parse::<SkillName>);
        let name = match own {
            Some(Ok(name)) => name,
            other => {
                let name = folder.parse().map_err(|error| match &other {
                    Some(Err(own)) => unusable(format!("{own}; and its folder does not name it either: {error}")),
                    _ => unusable(format!("it has no name, and its folder does not name it either: {error}")),
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
        let warnings = std::mem::take(&mut described.warnings);
        let refusal = |it: Remark| Refusal { path: shown(relative), line: it.line, reason: it.message };
        self.report.warnings.extend(warnings.into_iter().map(refusal));
        Ok(Item { name, relative, stored_path, file, described })
    }

    fn insert(&mut self, tx: &mut dyn Transaction, item: &Item<'_>) -> Result<()> {
        let category = item.described.category.unwrap_or(self.request.category);
        let mut level = category.approval_level();
        match item.described.approval_level {
            Some(asked) if asked < level => {
                let reason = format!("its front matter asks for the level {asked}, its category needs {level}");
                self.report.warnings.push(Refusal { path: shown(item.relative), line: None, reason });
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
        tx.store_content(&item.described.hash, &item.file.bytes)?;
        let id = tx.insert_skill(&skill, &self.version(item, &version, level))?;
        self.report.imported += 1;
        for agent_type in self.request.agents {
            let mapping = NewMapping { agent_type, priority: 5, required: false, conditions: None, now: self.now };
            tx.add_mapping(id, &mapping)?;
        }
        self.review(tx, id, item, &version, level)
    }

    fn update(&mut self, tx: &mut dyn Transaction, skill: &crate::model::Skill, item: &Item<'_>) -> Result<()> {
        let versions = tx.versions(skill.id)?;
        let rule = LevelRule {
            name: &skill.name,
            current: Some((skill.approval_level, &skill.category)),
            category: None,
            asked: item.described.approval_level,
        };
        let level = rule.level()?;
        let version = numbering::next(skill, &versions, None)?.to_string();
        tx.store_content(&item.described.hash, &item.file.bytes)?;
        tx.record_version(skill.id, &self.version(item, &version, level))?;
        self.report.updated += 1;
        self.review(tx, skill.id, item, &version, level)
    }

    /// Records the approval that was asked for; otherwise what is not `auto` waits.
    fn review(
        &mut self,
        tx: &mut dyn Transaction,
        id: SkillId,
        item: &Item<'_>,
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

    fn version<'b>(&self, item: &'b Item<'_>, version: &'b str, level: ApprovalLevel) -> NewVersion<'b>
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

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
