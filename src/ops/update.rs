//! `update`: other bytes for a skill that exists, as a stated step of its version.

use std::path::Path;

use serde::Serialize;

use super::content_file::Files;
use super::error::{Error, Result, require_skill};
use super::numbering;
use super::project::Project;
use super::rules::{LevelRule, Remark, current, read_described};
use crate::clock::Clock;
use crate::model::{
    ApprovalLevel, Category, ChangeType, ContentHash, Decision, SkillId, SkillName, Version, VersionSource,
};
use crate::store::{Durability, NewApproval, NewVersion, SkillChange, Snapshot, Store, Transaction};

/// Who approves what the old script propagated.
pub(super) const APPROVER: &str = "phase4-edge-case-tracker";
const REASON: &str = "Edge-case correction, validated by an expert and propagated";

/// What to update.
#[derive(Debug, Clone)]
pub struct Update<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// Its version from now on.
    pub version: Version,
    /// The new file.
    pub path: &'a Path,
    /// What the step must be.
    pub change_type: ChangeType,
    /// Whether to name the agent types that use the skill.
    pub notify_agents: bool,
    /// Do everything but the commit.
    pub dry_run: bool,
}

/// What was updated.
#[derive(Debug, Clone, Serialize)]
pub struct UpdateReport {
    /// The skill's key.
    pub id: SkillId,
    /// The skill.
    pub name: String,
    /// Its version now.
    pub version: String,
    /// Its version before.
    pub previous_version: String,
    /// What the step was.
    pub change_type: ChangeType,
    /// SHA-256 of its bytes.
    pub content_hash: ContentHash,
    /// The review that it needs.
    pub approval_level: ApprovalLevel,
    /// The agent types that use it, where they were asked for.
    pub agents: Option<Vec<String>>,
    /// Whether nothing was written, on purpose.
    pub dry_run: bool,
    /// What a reviewer should know about the file.
    pub warnings: Vec<Remark>,
}

/// Updates in one transaction.
pub fn update(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    clock: Clock,
    request: &Update<'_>,
) -> Result<UpdateReport> {
    let (file, described) = read_described(files, request.path)?;
    let stored_path = project.stored_path(&file.path)?;
    let now = clock.database_time();
    let version = request.version.to_string();
    #[cfg(feature = "slow-update")]
    std::thread::sleep(std::time::Duration::from_millis(20));
    let mut transaction = store.write(Durability::Full)?;
    let tx = transaction.as_mut();

    let skill = require_skill(as_snapshot(tx), request.name)?;
    let versions = tx.versions(skill.id)?;
    numbering::step(&skill, &versions, request.version, request.change_type)?;
    if current(&skill, &versions).is_some_and(|it| it.content_hash == described.hash.to_string()) {
        return Err(Error::Unchanged { name: skill.name, version: skill.version });
    }
    let rule = LevelRule {
        name: &skill.name,
        current: Some((skill.approval_level, &skill.category)),
        category: described.category,
        asked: described.approval_level,
    };
    let level = rule.level()?;

    tx.store_content(&described.hash, &file.bytes)?;
    tx.record_version(
        skill.id,
        &NewVersion {
            version: &version,
            content_hash: &described.hash,
            content_path: &stored_path,
            front_matter: described.front_matter.as_deref(),
            approval_level: level,
            source: VersionSource::Update,
            now: &now,
        },
    )?;
    let change = SkillChange {
        category: described.category.map(Category::as_str),
        tags: described.tags.as_deref(),
        owner: described.owner.as_deref(),
        now: &now,
        ..SkillChange::default()
    };
    if change.changes_something() {
        tx.update_skill(skill.id, &change)?;
    }
    let propagated = Propagated { change_type: request.change_type, source: APPROVER, clock };
    propagated.approve(tx, skill.id, &version, &described.hash.to_string(), REASON)?;
    tx.announce_updated(skill.id, &now)?;
    let agents = request.notify_agents.then(|| users_of(as_snapshot(tx), skill.id)).transpose()?;
    if !request.dry_run {
        transaction.commit()?;
    }
    Ok(UpdateReport {
        id: skill.id,
        name: skill.name,
        version,
        previous_version: skill.version,
        change_type: request.change_type,
        content_hash: described.hash,
        approval_level: level,
        agents,
        dry_run: request.dry_run,
        warnings: described.warnings,
    })
}

/// How a change of bytes that an expert validated elsewhere is recorded: what old tools look for in `approval_history`.
pub(super) struct Propagated {
    pub(super) change_type: ChangeType,
    pub(super) source: &'static str,
    pub(super) clock: Clock,
}

impl Propagated {
    pub(super) fn approve(
        &self,
        tx: &mut dyn Transaction,
        skill: SkillId,
        version: &str,
        hash: &str,
        reasoning: &str,
    ) -> Result<()> {
        let check = serde_json::json!({
            "change_type": self.change_type,
            "source": self.source,
            "propagated_at": self.clock.iso_time(),
        });
        let approval = NewApproval {
            version,
            content_hash: hash,
            approval_level: ApprovalLevel::Auto,
            approver: self.source,
            decision: Decision::Approved,
            reasoning,
            criteria_check: Some(&check.to_string()),
            now: &self.clock.database_time(),
        };
        Ok(tx.record_approval(skill, &approval)?)
    }
}

/// The agent types that are mapped to a skill and enabled, by name.
pub(super) fn users_of(snapshot: &dyn Snapshot, skill: SkillId) -> Result<Vec<String>> {
    Ok(snapshot.mappings(skill)?.into_iter().filter(|it| it.enabled).map(|it| it.agent_type).collect())
}

/// A transaction reads as a snapshot does.
pub(super) fn as_snapshot(tx: &dyn Transaction) -> &dyn Snapshot {
    tx
}
