//! One deploy inside its transaction: a new skill, or what changes of one that exists.

use std::path::PathBuf;

use super::{Deploy, DeployReport};
use crate::model::{
    ApprovalLevel, Category, Decision, Skill, SkillId, Status, Version, VersionSource, is_conformant_name,
};
use crate::ops::content_file::{ContentFile, Files};
use crate::ops::error::{Error, Result};
use crate::ops::numbering;
use crate::ops::project::Project;
use crate::ops::rules::{Described, LevelRule, Remark};
use crate::store::{NewApproval, NewMapping, NewSkill, NewVersion, SkillChange, Transaction};

/// Who approves what the old script deployed.
const APPROVER: &str = "phase4-system";
const REASON: &str = "Approved by expert review and deployed by the workflow codification";

/// What the steps of one deploy share.
pub(super) struct Job<'a> {
    pub(super) request: &'a Deploy<'a>,
    pub(super) file: &'a ContentFile,
    pub(super) described: &'a Described,
    pub(super) files: &'a Files,
    pub(super) project: &'a Project,
    pub(super) stored_path: &'a str,
    pub(super) now: &'a str,
}

impl Job<'_> {
    pub(super) fn insert(&self, tx: &mut dyn Transaction) -> Result<DeployReport> {
        let level = self.level(None)?;
        let version = self.request.version.unwrap_or(Version::FIRST).to_string();
        let skill = NewSkill {
            name: self.request.name,
            category: self.request.category.unwrap_or(Category::Domain),
            team: self.request.team,
            tags: self.tags().unwrap_or_default(),
            owner: self.owner(),
            phase4_pattern_id: Some(self.request.pattern_id),
        };
        tx.store_content(&self.described.hash, &self.file.bytes)?;
        let id = tx.insert_skill(&skill, &self.version(&version, level))?;
        self.approve(tx, id, &version, level)?;
        let agents_added = self.map(tx, id)?;
        Ok(self.report(id, version, level, Done { created: true, new_version: true, approved: true, agents_added }))
    }

    pub(super) fn change(&self, tx: &mut dyn Transaction, skill: &Skill) -> Result<DeployReport> {
        let level = self.level(Some(skill))?;
        let versions = tx.versions(skill.id)?;
        let hash = self.described.hash.to_string();
        let recorded = versions.iter().find(|it| it.version == skill.version);
        let new_version = recorded.is_none_or(|it| it.content_hash != hash);
        let version = match (new_version, self.request.version) {
            (true, asked) => numbering::next(skill, &versions, asked)?.to_string(),
            (false, Some(asked)) if Version::lenient(&skill.version) != Some(asked) => {
                return Err(Error::Unchanged { name: skill.name.clone(), version: skill.version.clone() });
            }
            (false, _) => skill.version.clone(),
        };
        tx.store_content(&self.described.hash, &self.file.bytes)?;
        if new_version || skill.content_hash != hash || self.moved(skill) {
            // Also where another program changed only the hash in the row: the recorded bytes are put back.
            tx.record_version(skill.id, &self.version(&version, level))?;
        }
        self.change_fields(tx, skill, level, new_version)?;
        let approved = new_version || !explicitly_approved(tx, skill.id, &hash)?;
        if approved {
            self.approve(tx, skill.id, &version, level)?;
        }
        let agents_added = self.map(tx, skill.id)?;
        Ok(self.report(skill.id, version, level, Done { created: false, new_version, approved, agents_added }))
    }

    /// Whether the recorded file no longer has these bytes, so that the one that is deployed takes its place.
    fn moved(&self, skill: &Skill) -> bool {
        let has_them = |place: &PathBuf| self.files.read(place).is_ok_and(|it| it.bytes == self.file.bytes);
        skill.content_path != self.stored_path && !self.project.places(&skill.content_path).iter().any(has_them)
    }

    /// Writes the row only where something in it changes, so that deploying again costs no write.
    fn change_fields(&self, tx: &mut dyn Transaction, skill: &Skill, level: ApprovalLevel, new: bool) -> Result<()> {
        let (request, tags) = (self.request, if new { self.tags() } else { self.request.tags });
        let owner = if new { self.owner() } else { request.owner };
        let json = |tags: &[String]| serde_json::Value::from(tags).to_string();
        let change = SkillChange {
            category: request.category.map(Category::as_str).filter(|it| *it != skill.category),
            approval_level: Some(level).filter(|it| *it != skill.approval_level),
            status: Some(Status::Active).filter(|it| it.as_str() != skill.status),
            team: request.team.filter(|it| Some(*it) != skill.team.as_deref()),
            tags: tags.filter(|it| Some(json(it)) != skill.tags),
            owner: owner.filter(|it| Some(*it) != skill.owner.as_deref()),
            phase4_pattern_id: Some(request.pattern_id)
                .filter(|it| Some(*it) != skill.phase4_pattern_id || skill.generated_by.as_deref() != Some("phase4")),
            now: self.now,
        };
        if change.changes_something() {
            tx.update_skill(skill.id, &change)?;
        }
        Ok(())
    }

    fn level(&self, skill: Option<&Skill>) -> Result<ApprovalLevel> {
        let rule = LevelRule {
            name: self.request.name.as_str(),
            current: skill.map(|it| (it.approval_level, it.category.as_str())),
            category: self.request.category,
            asked: self.described.approval_level,
        };
        rule.level()
    }

    fn version<'b>(&'b self, version: &'b str, level: ApprovalLevel) -> NewVersion<'b> {
        NewVersion {
            version,
            content_hash: &self.described.hash,
            content_path: self.stored_path,
            front_matter: self.described.front_matter.as_deref(),
            approval_level: level,
            source: VersionSource::Deploy,
            now: self.now,
        }
    }

    fn approve(&self, tx: &mut dyn Transaction, id: SkillId, version: &str, level: ApprovalLevel) -> Result<()> {
        let approval = NewApproval {
            version,
            content_hash: &self.described.hash.to_string(),
            approval_level: level,
            approver: self.request.approver.unwrap_or(APPROVER),
            decision: Decision::Approved,
            reasoning: self.request.reason.unwrap_or(REASON),
            criteria_check: None,
            now: self.now,
        };
        Ok(tx.record_approval(id, &approval)?)
    }

    fn map(&self, tx: &mut dyn Transaction, id: SkillId) -> Result<Vec<String>> {
        let mut added = Vec::new();
        for agent_type in self.request.agents {
            let mapping = NewMapping {
                agent_type,
                priority: self.request.priority,
                required: self.request.required,
                conditions: self.request.conditions.as_deref(),
                now: self.now,
            };
            if tx.add_mapping(id, &mapping)? {
                added.push(agent_type.to_string());
            }
        }
        Ok(added)
    }

    fn tags(&self) -> Option<&[String]> {
        self.request.tags.or(self.described.tags.as_deref())
    }

    fn owner(&self) -> Option<&str> {
        self.request.owner.or(self.described.owner.as_deref())
    }

    pub(super) fn warnings(&self, created: bool) -> Vec<Remark> {
        let name = self.request.name.as_str();
        let mut warnings = Vec::new();
        if created && !is_conformant_name(name) {
            warnings.push(Remark::about(format!(
                "the name \"{name}\" is not one that the Agent Skills format takes (lower-case letters, digits, single hyphens)"
            )));
        }
        warnings.extend(self.described.warnings.iter().cloned());
        warnings
    }

    fn report(&self, id: SkillId, version: String, level: ApprovalLevel, done: Done) -> DeployReport {
        DeployReport {
            id: Some(id),
            name: self.request.name.to_string(),
            version,
            content_hash: self.described.hash,
            approval_level: level,
            created: done.created,
            new_version: done.new_version,
            approval_recorded: done.approved,
            agents_added: done.agents_added,
            dry_run: false,
            warnings: Vec::new(),
        }
    }
}

/// What the transaction wrote.
struct Done {
    created: bool,
    new_version: bool,
    approved: bool,
    agents_added: Vec<String>,
}

/// Whether the latest decision on these bytes is an approval; a level of `auto` alone is none.
fn explicitly_approved(tx: &dyn Transaction, skill: SkillId, hash: &str) -> Result<bool> {
    let approvals = tx.approvals(skill)?;
    let latest = approvals.iter().find(|it| it.content_hash.as_deref() == Some(hash));
    Ok(latest.is_some_and(|it| it.decision == Decision::Approved))
}
