//! `skill approve` and `skill reject`: a decision about the bytes of a version.

use serde::Serialize;

use super::error::{Error, Result, require_skill};
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{ContentHash, Decision, SkillName, Version};
use crate::store::{Durability, NewApproval, Store};

/// What is decided.
#[derive(Debug, Clone)]
pub struct Review<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// The current version, where not given.
    pub version: Option<Version>,
    /// The bytes that were looked at; if the version has others, nothing is decided.
    pub expected: Option<ContentHash>,
    /// Approved or rejected.
    pub decision: Decision,
    /// Who decides.
    pub approver: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// What was decided.
#[derive(Debug, Clone, Serialize)]
pub struct ReviewReport {
    /// The skill.
    pub name: String,
    /// The version.
    pub version: String,
    /// Its bytes.
    pub content_hash: String,
    /// What was decided.
    pub decision: Decision,
    /// Who decided.
    pub approver: String,
}

/// Records a decision about the bytes that a version has.
pub fn review(store: &mut dyn Store, clock: Clock, request: &Review<'_>) -> Result<ReviewReport> {
    let mut transaction = store.write(Durability::Full)?;
    let tx = transaction.as_mut();
    let skill = require_skill(as_snapshot(tx), request.name)?;
    let versions = tx.versions(skill.id)?;
    let wanted = request.version.map_or_else(|| skill.version.clone(), |it| it.to_string());
    let found = versions.iter().find(|it| it.version == wanted).ok_or_else(|| match request.version {
        Some(version) => Error::VersionNotFound {
            name: skill.name.clone(),
            version,
            known: versions.iter().map(|it| it.version.clone()).collect(),
        },
        None => Error::UnreadableVersion { name: skill.name.clone(), current: skill.version.clone() },
    })?;
    if request.expected.is_some_and(|it| it.to_string() != found.content_hash) {
        return Err(Error::ChangedSinceReview { name: skill.name, actual: found.content_hash.clone() });
    }
    if request.decision == Decision::Approved {
        let problem = match tx.content(&found.content_hash)? {
            None => Some("its bytes are not in the database, so nobody can have looked at them"),
            Some(bytes) if !found.content_hash.parse::<ContentHash>().is_ok_and(|it| it.matches(&bytes)) => {
                Some("its stored bytes are not those of its hash")
            }
            Some(_) => None,
        };
        if let Some(problem) = problem.map(str::to_owned) {
            return Err(Error::Integrity { name: skill.name, version: found.version.clone(), problem });
        }
    }
    let approval = NewApproval {
        version: &found.version,
        content_hash: &found.content_hash,
        approval_level: skill.approval_level,
        approver: request.approver,
        decision: request.decision,
        reasoning: request.reason,
        criteria_check: None,
        now: &clock.database_time(),
    };
    tx.record_approval(skill.id, &approval)?;
    let report = ReviewReport {
        name: skill.name,
        version: found.version.clone(),
        content_hash: found.content_hash.clone(),
        decision: request.decision,
        approver: request.approver.to_owned(),
    };
    transaction.commit()?;
    Ok(report)
}
