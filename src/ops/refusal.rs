//! Bytes that are refused for every skill: revoked ones, and purged ones, which are never stored again.

use super::error::Result;
use crate::model::{EventKind, Moment, SkillEvent, SkillId};
use crate::store::{self, Lifecycle, NewEvent, Transaction};

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
