//! `skill purge`: erases bytes that must go, wherever they are. Their hash stays, and is refused.

use serde::Serialize;

use super::error::{Result, require_skill};
use super::required::require_version;
use super::revoke::{RevokedVersion, Verdict};
use super::rules::describe;
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{EventKind, Moment, Skill, SkillId, SkillName, StoredJson, Version};
use crate::store::{Durability, NewEvent, SkillChange, Store, Transaction, write_unless};

/// The bytes to erase.
#[derive(Debug, Clone)]
pub struct Purge<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// The version with these bytes.
    pub version: Version,
    /// Who erases them.
    pub approver: &'a str,
    /// The reason, which stays with the hash.
    pub reason: &'a str,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// The erased bytes.
#[derive(Debug, Clone, Serialize)]
pub struct PurgeReport {
    /// Their hash, which is refused from now on.
    pub content_hash: String,
    /// Their number; `None` if they were not stored.
    pub size_bytes: Option<u64>,
    /// Every version of any skill that had them.
    pub purged: Vec<RevokedVersion>,
    /// Whether they had been purged before, so that only traces were left to erase.
    pub again: bool,
    /// Whether this was a dry run.
    pub dry_run: bool,
    /// The recorded paths of the files, which are not touched.
    #[serde(skip)]
    pub paths: Vec<String>,
}

/// Erases the bytes in one transaction. Their traces in files are [`FileCare::scrub`](crate::store::FileCare::scrub)'s.
pub fn purge(store: &mut dyn Store, clock: Clock, request: &Purge<'_>) -> Result<PurgeReport> {
    let now = clock.moment();
    write_unless(request.dry_run, store, Durability::Full, |tx| {
        let skill = require_skill(as_snapshot(tx), request.name)?;
        let versions = tx.versions(skill.id)?;
        let hash = require_version(&skill.name, &versions, request.version)?.content_hash.clone();
        let before = tx.refusal(&hash, None)?.filter(|it| it.is(EventKind::Purged));
        let bytes = tx.content(&hash)?;
        let paths = paths(tx, &hash)?;
        forget_fields(tx, &hash, bytes.as_deref().unwrap_or_default(), now)?;
        let size_bytes = tx.erase_content(&hash)?.size_bytes;
        let again = before.is_some() && size_bytes.is_none();
        let purged = if again {
            let holders = tx.holders(&hash)?.into_iter();
            holders.map(|it| RevokedVersion { name: it.name, version: it.version }).collect()
        } else {
            request.record(tx, &hash, size_bytes, now)?
        };
        Ok(PurgeReport { content_hash: hash, size_bytes, purged, again, dry_run: request.dry_run, paths })
    })
}

impl Purge<'_> {
    /// Rejects the bytes for every skill that has them, and records who erased what.
    fn record(
        &self,
        tx: &mut dyn Transaction,
        hash: &str,
        size_bytes: Option<u64>,
        now: Moment,
    ) -> Result<Vec<RevokedVersion>> {
        let verdict = Verdict { hash, approver: self.approver, reason: self.reason, now };
        let purged = verdict.reject_everywhere(tx)?;
        let detail = StoredJson::of(&serde_json::json!({ "size_bytes": size_bytes, "versions": purged }));
        let mut told: Vec<SkillId> = Vec::new();
        for holder in tx.holders(hash)? {
            if told.contains(&holder.skill) {
                continue;
            }
            tx.record_event(&NewEvent {
                version: Some(&holder.version),
                content_hash: Some(hash),
                detail: detail.as_ref(),
                actor: Some(self.approver),
                reason: Some(self.reason),
                ..NewEvent::of(holder.skill, &holder.name, EventKind::Purged, now)
            })?;
            told.push(holder.skill);
        }
        Ok(purged)
    }
}

/// The skills that have these bytes, each once.
fn skills(tx: &dyn Transaction, hash: &str) -> Result<Vec<Skill>> {
    let mut skills: Vec<Skill> = Vec::new();
    for holder in tx.holders(hash)? {
        let found = holder.name.parse::<SkillName>().ok().map(|it| tx.skill(&it)).transpose()?.flatten();
        skills.extend(found.filter(|it| skills.iter().all(|other| other.id != it.id)));
    }
    Ok(skills)
}

/// The paths that the bytes were read from.
fn paths(tx: &dyn Transaction, hash: &str) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for skill in skills(tx, hash)? {
        let versions = tx.versions(skill.id)?.into_iter();
        paths.extend(versions.filter(|it| it.content_hash == hash).map(|it| it.content_path));
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Clears the fields that skills took over from the file.
fn forget_fields(tx: &mut dyn Transaction, hash: &str, bytes: &[u8], now: Moment) -> Result<()> {
    let Ok(file) = describe(bytes, bytes.len()) else { return Ok(()) };
    let tags = file.tags.unwrap_or_default();
    for skill in skills(tx, hash)? {
        let kept: Vec<String> = skill.tags.as_ref().map(crate::model::StoredTags::words).unwrap_or_default();
        let taken_over = kept.iter().any(|it| tags.contains(it));
        let change = SkillChange {
            tags: taken_over.then_some(&[]),
            owner: Some("").filter(|_| skill.owner.is_some() && skill.owner == file.owner),
            ..SkillChange::at(now)
        };
        if change.changes_something() {
            tx.update_skill(skill.id, &change)?;
        }
    }
    Ok(())
}
