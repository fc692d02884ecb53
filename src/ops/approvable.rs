//! Whether bytes may be approved.

use super::error::{Error, Result};
use crate::model::{ContentHash, EventKind, Moment, Skill};
use crate::store::{NewEvent, Transaction};

/// An approval to record.
pub(super) struct Approvable<'a> {
    pub(super) skill: &'a Skill,
    pub(super) version: &'a str,
    pub(super) content_hash: &'a str,
    pub(super) approver: &'a str,
    pub(super) reason: &'a str,
    /// Accept bytes that were revoked.
    pub(super) override_rejection: bool,
}

impl Approvable<'_> {
    /// Refuses bytes that nobody can have reviewed, and those that are refused for every skill, unless overridden.
    pub(super) fn require(&self, tx: &mut dyn Transaction, now: Moment) -> Result<()> {
        self.require_stored(tx)?;
        let Some(event) = tx.refusal(self.content_hash, Some(self.skill.id))? else { return Ok(()) };
        if !self.override_rejection {
            return Err(Error::revoked(self.skill.name.clone(), &event));
        }
        if self.reason.trim().is_empty() {
            return Err(Error::NoReason);
        }
        tx.record_event(&NewEvent {
            version: Some(self.version),
            content_hash: Some(self.content_hash),
            actor: Some(self.approver),
            reason: Some(self.reason),
            ..NewEvent::of(self.skill.id, &self.skill.name, EventKind::Accepted, now)
        })?;
        Ok(())
    }

    fn require_stored(&self, tx: &dyn Transaction) -> Result<()> {
        let problem = match tx.content(self.content_hash)? {
            None => "its bytes are not in the database, so they cannot have been reviewed",
            Some(bytes) if !self.content_hash.parse::<ContentHash>().is_ok_and(|it| it.matches(&bytes)) => {
                "its stored bytes do not match its hash"
            }
            Some(_) => return Ok(()),
        };
        let (name, version) = (self.skill.name.clone(), self.version.to_owned());
        Err(Error::Integrity { name, version, problem: problem.to_owned() })
    }
}
