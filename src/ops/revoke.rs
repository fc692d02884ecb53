//! `skill revoke`: revokes the approvals of bytes, in all skills.

use serde::Serialize;

use super::error::{NoSuchFile, Result, require_skill};
use super::refusal::purge_of;
use super::required::require_version;
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{ContentHash, Decision, EventKind, Moment, SkillId, SkillName, StoredJson, Version};
use crate::store::{Durability, Holder, NewApproval, NewEvent, Store, Transaction, write_unless};

/// The bytes to revoke.
#[derive(Debug, Clone)]
pub struct Revoke<'a> {
    /// Which ones.
    pub what: RevokedBytes<'a>,
    /// The approver.
    pub approver: &'a str,
    /// The reason for the decision.
    pub reason: &'a str,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// Which bytes to revoke.
#[derive(Debug, Clone, Copy)]
pub enum RevokedBytes<'a> {
    /// The skill file of a version, with whatever files; by default of the current one.
    Version(&'a SkillName, Option<Version>),
    /// Those with this hash: of a file, or of a folder as a whole.
    Hash(&'a ContentHash),
}

/// The revoked bytes.
#[derive(Debug, Clone, Serialize)]
pub struct RevokeReport {
    /// The bytes.
    pub content_hash: String,
    /// Every version of any skill with these bytes.
    pub revoked: Vec<RevokedVersion>,
    /// Bootstrap skills with these bytes, which are disabled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bootstrap: Vec<String>,
    /// The approver.
    pub approver: String,
    /// Whether this was a dry run.
    pub dry_run: bool,
}

/// A version whose bytes were revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevokedVersion {
    /// The skill.
    pub name: String,
    /// The version.
    pub version: String,
}

/// Revokes every approval of these bytes. Only `--override-rejection` accepts them again, also for another skill.
pub fn revoke(store: &mut dyn Store, clock: Clock, request: &Revoke<'_>) -> Result<RevokeReport> {
    let now = clock.moment();
    write_unless(request.dry_run, store, Durability::Full, |tx| {
        let (hash, told) = match request.what {
            RevokedBytes::Version(name, version) => of_version(tx, name, version)?,
            RevokedBytes::Hash(hash) => of_hash(tx, hash)?,
        };
        let verdict = Verdict { hash: &hash, approver: request.approver, reason: request.reason, now };
        let bootstrap = verdict.disable_bootstrap(tx, EventKind::Revoked)?;
        if told.is_empty() && bootstrap.is_empty() {
            return Err(NoSuchFile::Hash(hash).into());
        }
        let revoked = verdict.reject_everywhere(tx)?;
        // Of purged bytes, the purge stays the event by which they are refused, so that they are not stored again.
        let is_purged = purge_of(tx, [&hash], None)?.is_some() && tx.content(&hash)?.is_none();
        for Told { skill, name, version } in &told {
            tx.record_event(&NewEvent {
                version: version.as_deref(),
                content_hash: Some(hash.as_str()).filter(|_| !is_purged),
                actor: Some(request.approver),
                reason: Some(request.reason),
                ..NewEvent::of(*skill, name, EventKind::Revoked, now)
            })?;
        }
        let approver = request.approver.to_owned();
        Ok(RevokeReport { content_hash: hash, revoked, bootstrap, approver, dry_run: request.dry_run })
    })
}

/// A skill whose history tells of a revocation.
struct Told {
    skill: SkillId,
    name: String,
    version: Option<String>,
}

fn of_version(tx: &dyn Transaction, name: &SkillName, version: Option<Version>) -> Result<(String, Vec<Told>)> {
    let skill = require_skill(as_snapshot(tx), name)?;
    let versions = tx.versions(skill.id)?;
    let hash = match version {
        None => skill.content_hash,
        Some(version) => require_version(&skill.name, &versions, version)?.content_hash.clone(),
    };
    let version = versions.into_iter().find(|it| it.content_hash == hash).map(|it| it.version);
    Ok((hash, vec![Told { skill: skill.id, name: skill.name, version }]))
}

/// Every skill that has a file or a folder with this hash.
fn of_hash(tx: &dyn Transaction, hash: &ContentHash) -> Result<(String, Vec<Told>)> {
    let hash = hash.to_string();
    let mut told: Vec<Told> = Vec::new();
    for Holder { skill, name, version, .. } in tx.holders(&hash)? {
        if told.iter().all(|it| it.skill != skill) {
            told.push(Told { skill, name, version: Some(version) });
        }
    }
    Ok((hash, told))
}

/// In events of bootstrap skills, which are rows of their own.
const NO_SKILL: SkillId = SkillId(0);

/// A revocation of bytes.
pub(super) struct Verdict<'a> {
    pub(super) hash: &'a str,
    pub(super) approver: &'a str,
    pub(super) reason: &'a str,
    pub(super) now: Moment,
}

impl Verdict<'_> {
    /// Disables the bootstrap skills that have the bytes, of which no decision is recorded, and tells so in the history of
    /// their names; returns them.
    pub(super) fn disable_bootstrap(&self, tx: &mut dyn Transaction, event: EventKind) -> Result<Vec<String>> {
        let names = tx.disable_bootstrap(self.hash, self.now)?;
        for name in &names {
            tx.record_event(&NewEvent {
                content_hash: Some(self.hash),
                actor: Some(self.approver),
                reason: Some(self.reason),
                ..NewEvent::of(NO_SKILL, name, event, self.now)
            })?;
        }
        Ok(names)
    }

    /// Records the rejection for each skill that has the bytes; returns every version with them.
    pub(super) fn reject_everywhere(&self, tx: &mut dyn Transaction) -> Result<Vec<RevokedVersion>> {
        let holders = tx.holders(self.hash)?;
        let mut decided = Vec::new();
        let criteria = StoredJson::of(&serde_json::json!({ "revoked": true }));
        for Holder { skill, version, approval_level, content_hash, folder_hash, .. } in &holders {
            let folder = (skill, content_hash, folder_hash);
            if decided.contains(&folder) {
                continue;
            }
            let approval = NewApproval {
                version,
                content_hash,
                folder_hash: folder_hash.as_deref(),
                approval_level: *approval_level,
                approver: self.approver,
                decision: Decision::Rejected,
                reasoning: self.reason,
                criteria_check: criteria.as_ref(),
                escalated_to: None,
                now: self.now,
            };
            tx.record_approval(*skill, &approval)?;
            decided.push(folder);
        }
        Ok(holders.into_iter().map(|it| RevokedVersion { name: it.name, version: it.version }).collect())
    }
}
