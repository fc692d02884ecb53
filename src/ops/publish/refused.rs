//! Bytes that were refused before: by a decision about the skill, or for every skill.

use super::{Overrule, Publication};
use crate::model::{EventKind, Skill, SkillEvent, SkillId};
use crate::ops::error::{Error, Result};
use crate::ops::refusal::{Acceptance, refusals, rejection_of};
use crate::store::{LatestDecision, Transaction};

/// What was decided about the bytes before.
pub(super) struct Refused {
    /// The latest decision about them for this skill.
    pub(super) latest: Option<LatestDecision>,
    /// The rejection of them that still holds for this skill.
    pub(super) rejection: Option<LatestDecision>,
    /// The events by which they are refused for every skill.
    pub(super) events: Vec<SkillEvent>,
}

impl Refused {
    /// Whether accepting them needs an override.
    pub(super) fn is(&self) -> bool {
        !self.events.is_empty() || self.rejection.is_some()
    }
}

impl Publication<'_> {
    /// Refuses to add bytes that were refused before.
    pub(in crate::ops) fn require_unrefused(&self, tx: &dyn Transaction, skill: Option<&Skill>) -> Result<()> {
        self.require_accepted(tx, skill, true).map(drop)
    }

    /// Refuses such bytes, unless overridden. If nothing new is `decided`, only erased ones are refused, which must not
    /// be stored again.
    pub(super) fn require_accepted(
        &self,
        tx: &dyn Transaction,
        skill: Option<&Skill>,
        decided: bool,
    ) -> Result<Refused> {
        let (id, hash) = (skill.map(|it| it.id), self.content.hash.to_string());
        let (latest, rejection) = id.map(|it| self.decided(tx, it, &hash)).transpose()?.unwrap_or_default();
        let refused = Refused { latest, rejection, events: refusals(tx, self.hashes(), id)? };
        if self.overrule.is_some() {
            return Ok(refused);
        }
        let name = skill.map_or_else(|| self.name.to_string(), |it| it.name.clone());
        match refused.events.first() {
            Some(event) if decided || event.is(EventKind::Purged) => Err(Error::revoked(name, event)),
            None if decided && refused.rejection.is_some() => Err(Error::Rejected { name }),
            _ => Ok(refused),
        }
    }

    /// The latest decision about the folder, and the rejection that holds; without a decision, a rejection of the skill
    /// file alone.
    fn decided(
        &self,
        tx: &dyn Transaction,
        skill: SkillId,
        hash: &str,
    ) -> Result<(Option<LatestDecision>, Option<LatestDecision>)> {
        let folder_hash = self.content.folder_hash();
        let latest = tx.latest_decision(skill, hash, folder_hash.as_deref())?;
        if latest.is_some() || folder_hash.is_none() {
            return Ok((latest, rejection_of(tx, skill, (hash, folder_hash.as_deref()), latest)?));
        }
        let rejection = rejection_of(tx, skill, (hash, None), tx.latest_decision(skill, hash, None)?)?;
        Ok((rejection, rejection))
    }

    /// The hashes of the skill file, the other files and the folder.
    fn hashes(&self) -> impl Iterator<Item = String> {
        let skill_file = *self.content.hash;
        let files = self.content.files().into_iter().flat_map(|it| it.files().iter().map(|it| it.hash));
        let others = files.filter(move |it| *it != skill_file).map(|it| it.to_string());
        [skill_file.to_string()].into_iter().chain(others).chain(self.content.folder_hash())
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
        let Some(Overrule { reason, approver: actor }) = self.overrule else { return Ok(()) };
        Acceptance { skill: id, name, version, actor, reason, now: self.now }.record(tx, &refused.events)
    }
}
