//! The writes of a publication, in order.

use super::level::LevelRule;
use super::numbering::Number;
use super::refused::Refused;
use super::{Judgement, Publication, Published};
use crate::model::{
    ApprovalLevel, Argument, Category, Decision, Remark, Skill, SkillId, Status, StoredJson, StoredTags, Visible,
};
use crate::ops::error::{Error, Result};
use crate::ops::refusal::OVERRIDES_REJECTION;
use crate::ops::rules::Described;
use crate::store::{LatestDecision, NewApproval, NewSkill, NewVersion, SkillChange, Transaction};

impl Publication<'_> {
    pub(super) fn insert(&self, tx: &mut dyn Transaction) -> Result<Published> {
        let mut warnings = Vec::new();
        let level = self.level_rule(None, true).level(&mut warnings)?;
        let Number { version, remark } = self.numbering.first(self.declared());
        warnings.extend(remark);
        let skill = NewSkill {
            name: self.name,
            category: self.category(true).unwrap_or(self.default.category),
            team: self.command.team,
            tags: self.tags(true).unwrap_or_default(),
            owner: self.owner(true),
            phase4_pattern_id: self.command.phase4_pattern_id,
        };
        let refused = self.require_accepted(tx, None, true)?;
        self.store_contents(tx)?;
        let id = tx.insert_skill(&skill, &self.version(&version, level))?;
        let decided = self.decide(tx, id, &version, level, &refused)?;
        self.accept(tx, id, self.name.as_str(), &version, &refused)?;
        let mapped = self.mappings.add(tx, id, self.now)?;
        Ok(Published {
            id,
            version,
            level,
            created: true,
            new_version: true,
            decided,
            overruled: decided && refused.is(),
            mapped,
            warnings,
        })
    }

    pub(super) fn change(&self, tx: &mut dyn Transaction, skill: &Skill) -> Result<Published> {
        let versions = tx.version_bytes(skill.id)?;
        let hash = self.content.hash.to_string();
        let folder_hash = self.content.folder_hash();
        let new_version = !self.numbering.is_current(skill, &versions, &hash, folder_hash.as_deref());
        let mut warnings = status_warning(skill);
        let Number { version, remark } = self.numbering.next(skill, &versions, self.declared(), new_version)?;
        warnings.extend(remark);
        let refused = self.require_accepted(tx, Some(skill), new_version || self.judgement.is_some())?;
        if !new_version && !self.numbering.completes(skill) {
            return Err(Error::Unchanged { name: skill.name.clone(), version: skill.version.clone() });
        }
        let level = self.level_rule(Some(skill), new_version).level(&mut warnings)?;
        let there = self.mappings.there(tx, skill.id)?; // before anything is written: see `Catalogue::skill_and`
        self.store_contents(tx)?;
        if new_version || skill.content_hash != hash || self.content.moved {
            // Also if another program changed only the hash in the row: this restores the recorded bytes.
            tx.record_version(skill.id, &self.version(&version, level))?;
        }
        self.change_fields(tx, skill, level, new_version)?;
        warnings.extend(new_version.then(|| pin_warning(skill)).flatten());
        let due = self.is_due(refused.latest, new_version);
        let decided = due && self.decide(tx, skill.id, &version, level, &refused)?;
        self.accept(tx, skill.id, &skill.name, &version, &refused)?;
        let mapped = self.mappings.apply(tx, skill.id, &there, self.now, &mut warnings)?;
        let overruled = decided && refused.is();
        let id = skill.id;
        Ok(Published { id, version, level, created: false, new_version, decided, overruled, mapped, warnings })
    }

    fn store_contents(&self, tx: &mut dyn Transaction) -> Result<()> {
        tx.store_content(self.content.hash, self.content.bytes)?;
        for (hash, bytes) in self.content.folder.map(|it| it.contents).unwrap_or_default() {
            tx.store_content(hash, bytes)?;
        }
        Ok(())
    }

    /// Whether to record the decision: not if the bytes are not new and have the same decision or an approval.
    fn is_due(&self, latest: Option<LatestDecision>, new_version: bool) -> bool {
        let again = |it: LatestDecision| Some(it.decision) == self.judgement.map(|it| it.decision);
        new_version || !latest.is_some_and(|it| it.decision == Decision::Approved || again(it))
    }

    /// Records the decision, if any.
    fn decide(
        &self,
        tx: &mut dyn Transaction,
        id: SkillId,
        version: &str,
        level: ApprovalLevel,
        refused: &Refused,
    ) -> Result<bool> {
        let overruled = self.overrule.filter(|_| refused.is());
        let judgement = match (self.judgement, overruled) {
            (None, None) => return Ok(false),
            (Some(judgement), None) => judgement,
            (Some(judgement), Some(overrule)) => Judgement { reasoning: overrule.reason, ..judgement },
            (None, Some(overrule)) => overrule.wait(),
        };
        let mut criteria = judgement.criteria.cloned().unwrap_or_default();
        if let Some(rejection) = refused.rejection.filter(|_| overruled.is_some()) {
            criteria.insert(OVERRIDES_REJECTION.to_owned(), rejection.id.into());
        }
        if let Some(event) = refused.events.first().filter(|_| overruled.is_some()) {
            criteria.insert("overrides_event".to_owned(), event.id.into());
        }
        let criteria = (!criteria.is_empty()).then(|| StoredJson::of(&criteria)).flatten();
        let folder_hash = self.content.folder_hash();
        let approval = NewApproval {
            version,
            content_hash: &self.content.hash.to_string(),
            folder_hash: folder_hash.as_deref(),
            approval_level: judgement.level.unwrap_or(level),
            approver: judgement.approver,
            decision: judgement.decision,
            reasoning: judgement.reasoning,
            criteria_check: criteria.as_ref(),
            escalated_to: None,
            now: self.now,
        };
        tx.record_approval(id, &approval)?;
        Ok(true)
    }

    /// Writes the row only if something changes, so that publishing again needs no write.
    fn change_fields(&self, tx: &mut dyn Transaction, skill: &Skill, level: ApprovalLevel, new: bool) -> Result<()> {
        let pattern = self.command.phase4_pattern_id;
        let change = SkillChange {
            category: self.category(new).map(Category::as_str).filter(|it| *it != skill.category),
            approval_level: Some(level).filter(|it| *it != skill.approval_level),
            team: self.command.team.filter(|it| Some(*it) != skill.team.as_deref()),
            tags: self.tags(new).filter(|it| Some(StoredTags::of(it)) != skill.tags),
            owner: self.owner(new).filter(|it| Some(*it) != skill.owner.as_deref()),
            phase4_pattern_id: pattern
                .filter(|it| Some(*it) != skill.phase4_pattern_id || skill.generated_by.as_deref() != Some("phase4")),
            ..SkillChange::at(self.now)
        };
        if change.changes_something() {
            tx.update_skill(skill.id, &change)?;
        }
        Ok(())
    }

    fn level_rule<'b>(&'b self, skill: Option<&'b Skill>, new_version: bool) -> LevelRule<'b> {
        LevelRule {
            name: self.name.as_str(),
            current: skill.map(|it| (it.approval_level, it.category.as_str())),
            new_version,
            command: self.command.category,
            default: self.default.level,
            file: self.file.and_then(|it| it.category),
            asked: self.file.and_then(|it| it.approval_level),
            least: self.least_level,
            trust: self.trust,
        }
    }

    fn version<'b>(&'b self, version: &'b str, level: ApprovalLevel) -> NewVersion<'b> {
        NewVersion {
            version,
            content_hash: self.content.hash,
            folder: self.content.files(),
            content_path: self.content.path,
            front_matter: self.content.front_matter,
            approval_level: level,
            source: self.source,
            now: self.now,
        }
    }

    /// The file's fields apply only to new bytes; later changes are kept.
    fn said_by_file(&self, new_version: bool) -> Option<&Described> {
        self.file.filter(|_| new_version)
    }

    fn category(&self, new: bool) -> Option<Category> {
        self.command.category.or_else(|| self.said_by_file(new)?.category)
    }

    fn tags(&self, new: bool) -> Option<&[String]> {
        self.command.tags.or_else(|| self.said_by_file(new)?.tags.as_deref())
    }

    fn owner(&self, new: bool) -> Option<&str> {
        self.command.owner.or_else(|| self.said_by_file(new)?.owner.as_deref())
    }

    fn declared(&self) -> Option<&str> {
        self.file?.version.as_deref()
    }
}

/// Warns that the skill is not active: publishing does not change that.
fn status_warning(skill: &Skill) -> Vec<Remark> {
    if skill.status == Status::Active.as_str() {
        return Vec::new();
    }
    let (name, status) = (Visible(&skill.name), Visible(&skill.status));
    vec![Remark::from(format!(
        "\"{name}\" remains {status}, so agents do not get it; 'cfn skill restore {}' makes it active again",
        Argument(&skill.name)
    ))]
}

/// Warns that agents keep getting another version: publishing does not end a pin.
fn pin_warning(skill: &Skill) -> Option<Remark> {
    let (name, pinned) = (Visible(&skill.name), Visible(skill.pinned_version.as_ref()?));
    Some(Remark::from(format!(
        "\"{name}\" is pinned, so agents keep getting version {pinned}; 'cfn skill unpin {}' ends that",
        Argument(&skill.name)
    )))
}
