//! Whether a decision is about what its reviewer saw.

use super::subject::Subject;
use super::{Before, Review};
use crate::model::{Skill, VersionRecord};
use crate::ops::error::{Error, Result};
use crate::ops::refusal::rejection_of;
use crate::store::Transaction;

impl Review<'_> {
    /// Fails if the bytes or the decisions about them are not those that the reviewer saw.
    pub(super) fn require_seen(
        &self,
        tx: &dyn Transaction,
        skill: &Skill,
        versions: &[VersionRecord],
        found: &Subject,
    ) -> Result<()> {
        if let Some(expected) = &self.expected {
            if !expected.begins(&found.content_hash) {
                return Err(Error::ChangedSinceReview { name: skill.name.clone(), actual: found.content_hash.clone() });
            }
            if versions.iter().any(|it| it.content_hash != found.content_hash && expected.begins(&it.content_hash)) {
                return Err(Error::AmbiguousHash { name: skill.name.clone(), hash: expected.to_string() });
            }
        }
        if self.before == Before::Any {
            return Ok(());
        }
        let about = (found.content_hash.as_str(), found.folder_hash.as_deref());
        let latest = tx.latest_decision(skill.id, about.0, about.1)?;
        let name = skill.name.clone();
        match (self.before, latest) {
            (Before::Seen(seen), Some(latest)) if seen != Some(latest.id) => {
                Err(Error::DecidedMeanwhile { name, decision: latest.decision })
            }
            (Before::Unrejected, latest)
                if !self.also.override_rejection && rejection_of(tx, skill.id, about, latest)?.is_some() =>
            {
                Err(Error::Rejected { name })
            }
            _ => Ok(()),
        }
    }
}
