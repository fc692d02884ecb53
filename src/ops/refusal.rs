//! Bytes that are refused: those that were rejected for a skill, and those that are refused for every skill, revoked ones
//! and purged ones, which are never stored again.

use super::error::Result;
use crate::model::{Approval, Decision, EventKind, Moment, SkillEvent, SkillId};
use crate::store::{self, Catalogue, LatestDecision, Lifecycle, NewEvent, Transaction};

/// What a decision that accepts rejected bytes names in its criteria.
pub(super) const OVERRIDES_REJECTION: &str = "overrides_rejection";

/// The rejection that still holds among decisions about the same bytes, newest first. An escalation asks somebody else,
/// and undoes no rejection, unless it was made to accept the bytes.
pub(super) fn rejection<'a>(decisions: impl IntoIterator<Item = &'a Approval>) -> Option<&'a Approval> {
    let settles = |it: &&Approval| match it.decision {
        Decision::Approved | Decision::Rejected => true,
        Decision::Escalated | Decision::NeedsCorrection => accepts(it),
    };
    decisions.into_iter().find(settles).filter(|it| it.decision.refuses())
}

fn accepts(decision: &Approval) -> bool {
    let criteria = decision.approval_criteria_check.as_ref().and_then(|it| it.read::<serde_json::Value>().ok());
    criteria.is_some_and(|it| it.get(OVERRIDES_REJECTION).is_some())
}

/// The rejection of a folder, or of a skill file alone, that still holds for a skill. `latest` is the latest decision.
pub(super) fn rejection_of(
    past: &(impl Catalogue + ?Sized),
    skill: SkillId,
    (content_hash, folder_hash): (&str, Option<&str>),
    latest: Option<LatestDecision>,
) -> store::Result<Option<LatestDecision>> {
    if latest.is_none_or(|it| matches!(it.decision, Decision::Approved | Decision::Rejected)) {
        return Ok(latest.filter(|it| it.decision.refuses()));
    }
    let decisions = past.approvals(skill)?;
    let is_about =
        |it: &&Approval| it.content_hash.as_deref() == Some(content_hash) && it.folder_hash.as_deref() == folder_hash;
    let found = rejection(decisions.iter().filter(is_about));
    Ok(found.map(|it| LatestDecision { id: it.id, decision: it.decision }))
}

/// The events by which any of these hashes is refused, each hash once, purges first: only they forbid to store bytes.
/// What `skill` accepted since is left out.
pub(super) fn refusals<H: AsRef<str>>(
    past: &(impl Lifecycle + ?Sized),
    hashes: impl IntoIterator<Item = H>,
    skill: Option<SkillId>,
) -> store::Result<Vec<SkillEvent>> {
    let mut found: Vec<SkillEvent> = Vec::new();
    for hash in hashes {
        let event = past.refusal(hash.as_ref(), skill)?;
        found.extend(event.filter(|it| found.iter().all(|other| other.content_hash != it.content_hash)));
    }
    found.sort_by_key(|it| !it.is(EventKind::Purged));
    Ok(found)
}

/// The event by which any of these hashes was purged, unless `skill` accepted it since.
pub(super) fn purge_of<H: AsRef<str>>(
    past: &(impl Lifecycle + ?Sized),
    hashes: impl IntoIterator<Item = H>,
    skill: Option<SkillId>,
) -> store::Result<Option<SkillEvent>> {
    let first = refusals(past, hashes, skill)?.into_iter().next();
    Ok(first.filter(|it| it.is(EventKind::Purged)))
}

/// A skill's acceptance of what is refused for every skill.
pub(super) struct Acceptance<'a> {
    pub(super) skill: SkillId,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) actor: &'a str,
    pub(super) reason: &'a str,
    pub(super) now: Moment,
}

impl Acceptance<'_> {
    /// Records that the skill has the bytes in spite of each of these events.
    pub(super) fn record(&self, tx: &mut dyn Transaction, refusals: &[SkillEvent]) -> Result<()> {
        for event in refusals {
            tx.record_event(&NewEvent {
                version: Some(self.version),
                content_hash: event.content_hash.as_deref(),
                actor: Some(self.actor),
                reason: Some(self.reason),
                ..NewEvent::of(self.skill, self.name, EventKind::Accepted, self.now)
            })?;
        }
        Ok(())
    }
}
