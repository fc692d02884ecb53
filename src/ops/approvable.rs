//! Whether bytes may be approved.

use super::error::{Error, Result};
use super::refusal::{Acceptance, refusals};
use super::stored_folder::require_folder;
use super::update::as_snapshot;
use crate::model::{ContentHash, Moment, Skill, SkillEvent};
use crate::store::Transaction;

/// An approval to record.
pub(super) struct Approvable<'a> {
    pub(super) skill: &'a Skill,
    pub(super) version: &'a str,
    pub(super) content_hash: &'a str,
    pub(super) folder_hash: Option<&'a str>,
    pub(super) approver: &'a str,
    pub(super) reason: &'a str,
    /// Accept bytes that were revoked.
    pub(super) override_rejection: bool,
}

impl Approvable<'_> {
    /// Refuses bytes that nobody can have reviewed, and those that are refused for every skill, unless overridden.
    pub(super) fn require(&self, tx: &mut dyn Transaction, now: Moment) -> Result<()> {
        self.require_stored(tx)?;
        let refusals = self.refusals(tx)?;
        let Some(event) = refusals.first() else { return Ok(()) };
        if !self.override_rejection {
            return Err(Error::revoked(self.skill.name.clone(), event));
        }
        if self.reason.trim().is_empty() {
            return Err(Error::NoReason);
        }
        let Skill { id, name, .. } = self.skill;
        let acceptance =
            Acceptance { skill: *id, name, version: self.version, actor: self.approver, reason: self.reason, now };
        acceptance.record(tx, &refusals)
    }

    /// The events by which the folder or one of its files is refused for every skill.
    fn refusals(&self, tx: &dyn Transaction) -> Result<Vec<SkillEvent>> {
        let files = match self.folder_hash {
            Some(_) => tx.files(self.skill.id, self.version)?,
            None => Vec::new(),
        };
        let files = files.iter().map(|it| it.hash.as_str());
        let hashes = [self.content_hash].into_iter().chain(self.folder_hash).chain(files);
        Ok(refusals(tx, hashes, Some(self.skill.id))?)
    }

    fn require_stored(&self, tx: &dyn Transaction) -> Result<()> {
        let problem = match tx.content(self.content_hash)? {
            None => "its bytes are not in the database, so they cannot have been reviewed",
            Some(bytes) if !self.content_hash.parse::<ContentHash>().is_ok_and(|it| it.matches(&bytes)) => {
                "its stored bytes do not match its hash"
            }
            Some(_) => {
                return match self.folder_hash {
                    Some(hash) => require_folder(as_snapshot(tx), self.skill, self.version, hash).map(drop),
                    None => Ok(()),
                };
            }
        };
        let (name, version) = (self.skill.name.clone(), self.version.to_owned());
        Err(Error::Integrity { name, version, problem: problem.to_owned() })
    }
}
