//! `skill edit`: changes the fields of skills, but not their bytes.

use serde::Serialize;

use super::error::{Error, Result, require_skill};
use super::stored_folder::current_folder_hash;
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{ApprovalLevel, Category, Decision, EventKind, Moment, Skill, SkillName, StoredJson, StoredTags};
use crate::store::{Durability, NewApproval, NewEvent, SkillChange, Store, Transaction, write_unless};

/// Fields to change; `None` keeps a field.
#[derive(Debug, Clone)]
pub struct Edit<'a> {
    /// The skills.
    pub names: &'a [SkillName],
    /// The category. It raises the level to its own, and never lowers it.
    pub category: Option<Category>,
    /// All tags.
    pub tags: Option<&'a [String]>,
    /// The owner; an empty text removes it.
    pub owner: Option<&'a str>,
    /// The team; an empty text removes it.
    pub team: Option<&'a str>,
    /// The review that the skill needs.
    pub level: Option<ApprovalLevel>,
    /// Who edits them.
    pub actor: &'a str,
    /// Allows a lower level.
    pub lower: Option<Lower<'a>>,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// The permission to lower a level.
#[derive(Debug, Clone, Copy)]
pub struct Lower<'a> {
    /// The approver.
    pub approver: &'a str,
    /// The reason for the decision.
    pub reason: &'a str,
}

/// The changes.
#[derive(Debug, Clone, Serialize)]
pub struct EditReport {
    /// The skills, in the order of the request.
    pub skills: Vec<EditedSkill>,
    /// Whether this was a dry run.
    pub dry_run: bool,
}

/// The change of a skill.
#[derive(Debug, Clone, Serialize)]
pub struct EditedSkill {
    /// The skill.
    pub name: String,
    /// The changed fields.
    pub changed: Vec<&'static str>,
    /// The review that it needs.
    pub approval_level: ApprovalLevel,
}

/// Changes the fields of all these skills, or of none, in one transaction.
pub fn edit(store: &mut dyn Store, clock: Clock, request: &Edit<'_>) -> Result<EditReport> {
    let now = clock.moment();
    write_unless(request.dry_run, store, Durability::Full, |tx| {
        let mut skills = Vec::new();
        for name in request.names {
            let skill = require_skill(as_snapshot(tx), name)?;
            skills.push(request.apply(tx, &skill, now)?);
        }
        Ok(EditReport { skills, dry_run: request.dry_run })
    })
}

impl Edit<'_> {
    fn apply(&self, tx: &mut dyn Transaction, skill: &Skill, now: Moment) -> Result<EditedSkill> {
        let level = self.level_of(skill)?;
        let change = SkillChange {
            category: self.category.map(Category::as_str).filter(|it| *it != skill.category),
            approval_level: Some(level).filter(|it| *it != skill.approval_level),
            team: self.team.filter(|it| *it != skill.team.as_deref().unwrap_or_default()),
            tags: self.tags.filter(|it| Some(StoredTags::of(it)) != skill.tags),
            owner: self.owner.filter(|it| *it != skill.owner.as_deref().unwrap_or_default()),
            ..SkillChange::at(now)
        };
        if change.changes_something() {
            tx.update_skill(skill.id, &change)?;
            self.record(tx, skill, &change)?;
        }
        if let Some(lower) = self.lower.filter(|_| level < skill.approval_level) {
            record_lowering(tx, skill, level, lower, now)?;
        }
        let fields = [
            ("category", change.category.is_some()),
            ("approval_level", change.approval_level.is_some()),
            ("team", change.team.is_some()),
            ("tags", change.tags.is_some()),
            ("owner", change.owner.is_some()),
        ];
        let changed = fields.into_iter().filter_map(|(field, changed)| changed.then_some(field)).collect();
        Ok(EditedSkill { name: skill.name.clone(), changed, approval_level: level })
    }

    /// Keeps the previous values of the changed fields.
    fn record(&self, tx: &mut dyn Transaction, skill: &Skill, change: &SkillChange<'_>) -> Result<()> {
        let fields = [
            ("category", change.category.map(|_| skill.category.clone().into())),
            ("approval_level", change.approval_level.map(|_| skill.approval_level.as_str().into())),
            ("team", change.team.map(|_| skill.team.clone().into())),
            ("tags", change.tags.map(|_| skill.tags.as_ref().map(StoredTags::words).into())),
            ("owner", change.owner.map(|_| skill.owner.clone().into())),
        ];
        let changed = fields.into_iter().filter_map(|(field, before)| Some((field.to_owned(), before?)));
        let before: serde_json::Map<String, serde_json::Value> = changed.collect();
        tx.record_event(&NewEvent {
            detail: StoredJson::of(&serde_json::json!({ "before": before })).as_ref(),
            actor: Some(self.actor),
            reason: self.lower.map(|it| it.reason),
            ..NewEvent::of(skill.id, &skill.name, EventKind::Edited, change.now)
        })?;
        Ok(())
    }

    fn level_of(&self, skill: &Skill) -> Result<ApprovalLevel> {
        let now = skill.approval_level;
        let of_category = self.category.filter(|it| it.as_str() != skill.category).map(Category::approval_level);
        let wanted = self.level.unwrap_or(now.max(of_category.unwrap_or(now)));
        if wanted < now && self.lower.is_none() {
            let cause = "--level without --lower-level".to_owned();
            return Err(Error::LowersLevel { name: skill.name.clone(), from: now, to: wanted, cause });
        }
        Ok(wanted)
    }
}

/// A lower level is a decision: it is recorded for the current bytes, but approves nothing. Pending versions remain
/// pending, unless the new level needs no review.
fn record_lowering(
    tx: &mut dyn Transaction,
    skill: &Skill,
    level: ApprovalLevel,
    lower: Lower<'_>,
    now: Moment,
) -> Result<()> {
    let folder_hash = current_folder_hash(as_snapshot(tx), skill)?;
    let latest = tx.latest_decision(skill.id, &skill.content_hash, folder_hash.as_deref())?.map(|it| it.decision);
    let without = if level == ApprovalLevel::Auto { Decision::Approved } else { Decision::Escalated };
    let lowers = serde_json::json!({ "lowers_level": { "from": skill.approval_level, "to": level } });
    let criteria = StoredJson::of(&lowers);
    let approval = NewApproval {
        version: &skill.version,
        content_hash: &skill.content_hash,
        folder_hash: folder_hash.as_deref(),
        approval_level: level,
        approver: lower.approver,
        decision: latest.unwrap_or(without),
        reasoning: lower.reason,
        criteria_check: criteria.as_ref(),
        escalated_to: None,
        now,
    };
    tx.record_approval(skill.id, &approval)?;
    Ok(())
}
