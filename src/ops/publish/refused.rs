//! Bytes that were refused before: by a decision about the skill, or for every skill.

use super::Publication;
use crate::model::{EventKind, Skill, SkillEvent, SkillId};
use crate::ops::error::{Error, Result};
use crate::store::{LatestDecision, NewEvent, Transaction};

/// What was decided about the bytes before.
pub(super) struct Refused {
    /// The latest decision about them for this skill.
    pub(super) latest: Option<LatestDecision>,
    /// The event by which they are refused for every skill.
    pub(super) event: Option<SkillEvent>,
}

impl Refused {
    /// Whether accepting them needs an override.
    pub(super) fn is(&self) -> bool {
        self.event.is_some() || self.rejection().is_some()
    }

    pub(super) fn rejection(&self) -> Option<LatestDecision> {
        self.latest.filter(|it| it.decision.refuses())
    }
}

impl Publication<'_> {
    /// Refuses such bytes, unless overridden. If nothing new is `decided`, only erased ones are refused, which must not
    /// be stored again.
    pub(super) fn require_accepted(
        &self,
        tx: &dyn Transaction,
        skill: Option<&Skill>,
        decided: bool,
    ) -> Result<Refused> {
        let (id, hash) = (skill.map(|it| it.id), self.content.hash.to_string());
        let latest = id.map(|it| self.latest(tx, it, &hash)).transpose()?.flatten();
        let refused = Refused { latest, event: self.refusal(tx, id, &hash)? };
        if self.overrule.is_some() {
            return Ok(refused);
        }
        let name = skill.map_or_else(|| self.name.to_string(), |it| it.name.clone());
        match &refused.event {
            Some(event) if decided || event.is(EventKind::Purged) => Err(Error::revoked(name, event)),
            None if decided && refused.rejection().is_some() => Err(Error::Rejected { name }),
            _ => Ok(refused),
        }
    }

    /// The latest decision about the folder; without one, a refusal of the skill file alone.
    fn latest(&self, tx: &dyn Transaction, skill: SkillId, hash: &str) -> Result<Option<LatestDecision>> {
        let folder_hash = self.content.folder_hash();
        let latest = tx.latest_decision(skill, hash, folder_hash.as_deref())?;
        if latest.is_some() || folder_hash.is_none() {
            return Ok(latest);
        }
        Ok(tx.latest_decision(skill, hash, None)?.filter(|it| it.decision.refuses()))
    }

    /// The event by which the folder or one of its files is refused for every skill.
    fn refusal(&self, tx: &dyn Transaction, skill: Option<SkillId>, hash: &str) -> Result<Option<SkillEvent>> {
        let mut found = tx.refusal(hash, skill)?;
        if let Some(folder) = self.content.files().filter(|_| found.is_none()) {
            let others = folder.files().iter().map(|it| it.hash).chain([folder.hash()]);
            for other in others.filter(|it| it != self.content.hash) {
                found = found.or(tx.refusal(&other.to_string(), skill)?);
            }
        }
        Ok(found)
    }

    /// Records that this skill has the bytes in spite of a refusal for every skill.
    pub(super) fn accept(
        &self,
        tx: &mut dyn Transaction,
        id: SkillId,
        name: &str,
        version: &str,
        refused: &Refused,
    ) -> Result<()> {
        let (Some(overrule), Some(event)) = (self.overrule, &refused.event) else { return Ok(()) };
        tx.record_event(&NewEvent {
            version: Some(version),
            content_hash: event.content_hash.as_deref(),
            actor: Some(overrule.approver),
            reason: Some(overrule.reason),
            ..NewEvent::of(id, name, EventKind::Accepted, self.now)
        })?;
        Ok(())
    }
}
