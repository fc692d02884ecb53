//! `skill delete`: removes skills with everything that belongs to them. An event keeps what they were.

use std::collections::HashSet;

use serde::Serialize;

use super::error::{Result, require_skill};
use super::refusal::rejection;
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{EventKind, Moment, Skill, SkillName, StoredJson};
use crate::store::{DeletedRows, Durability, NewEvent, Store, Transaction, write_unless};

/// Skills to delete.
#[derive(Debug, Clone)]
pub struct Delete<'a> {
    /// The skills.
    pub names: &'a [SkillName],
    /// Who deletes them.
    pub actor: &'a str,
    /// The reason, for the history.
    pub reason: Option<&'a str>,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// The deleted skills.
#[derive(Debug, Clone, Serialize)]
pub struct DeleteReport {
    /// The skills, in the order of the request.
    pub skills: Vec<DeletedSkill>,
    /// Whether this was a dry run.
    pub dry_run: bool,
}

/// What went with a skill.
#[derive(Debug, Clone, Serialize)]
pub struct DeletedSkill {
    /// The skill.
    pub name: String,
    /// Number of versions.
    pub versions: usize,
    /// Number of decisions.
    pub decisions: usize,
    /// Number of mappings.
    pub mappings: usize,
    /// Number of usage rows.
    pub usage_rows: usize,
    /// Number of contents that no other skill has.
    pub contents: usize,
    /// Bytes that were rejected or revoked, and are refused for every skill from now on.
    pub refused: Vec<String>,
}

/// Deletes all these skills, or none, in one transaction.
pub fn delete(store: &mut dyn Store, clock: Clock, request: &Delete<'_>) -> Result<DeleteReport> {
    let now = clock.moment();
    write_unless(request.dry_run, store, Durability::Full, |tx| {
        let mut deleted = HashSet::new();
        let mut skills = Vec::new();
        for name in request.names {
            let skill = require_skill(as_snapshot(tx), name);
            match skill {
                Ok(skill) => {
                    deleted.extend([name.to_string(), skill.name.clone()]);
                    skills.push(request.one(tx, &skill, now)?);
                }
                Err(_) if deleted.contains(name.as_str()) => {} // it was named twice
                Err(error) => return Err(error),
            }
        }
        Ok(DeleteReport { skills, dry_run: request.dry_run })
    })
}

impl Delete<'_> {
    fn one(&self, tx: &mut dyn Transaction, skill: &Skill, now: Moment) -> Result<DeletedSkill> {
        let refused = keep_refusals(tx, skill, now)?;
        let detail = remains(tx, skill)?;
        tx.record_event(&NewEvent {
            version: Some(&skill.version),
            detail: detail.as_ref(),
            actor: Some(self.actor),
            reason: self.reason,
            ..NewEvent::of(skill.id, &skill.name, EventKind::Deleted, now)
        })?;
        let DeletedRows { versions, decisions, mappings, usage_rows, contents } = tx.delete_skill(skill.id)?;
        Ok(DeletedSkill { name: skill.name.clone(), versions, decisions, mappings, usage_rows, contents, refused })
    }
}

/// What the event keeps of a skill: its level, its versions with their hashes, its mappings and its other names.
fn remains(tx: &dyn Transaction, skill: &Skill) -> Result<Option<StoredJson>> {
    let versions = tx.versions(skill.id)?.into_iter();
    let versions = versions.map(|it| serde_json::json!({ "version": it.version, "content_hash": it.content_hash }));
    let detail = serde_json::json!({
        "approval_level": skill.approval_level,
        "versions": versions.collect::<Vec<_>>(),
        "mappings": tx.mappings(skill.id)?,
        "former_names": tx.former_names(skill.id)?,
    });
    Ok(StoredJson::of(&detail))
}

/// Records, for every skill, the rejections whose decisions go with this one: deleting and deploying must not be a way
/// around them.
fn keep_refusals(tx: &mut dyn Transaction, skill: &Skill, now: Moment) -> Result<Vec<String>> {
    let decisions = tx.approvals(skill.id)?;
    let (mut seen, mut refused) = (HashSet::new(), Vec::new());
    for hash in decisions.iter().filter_map(|it| it.content_hash.as_deref()) {
        if hash.is_empty() || !seen.insert(hash) {
            continue;
        }
        let about = decisions.iter().filter(|it| it.content_hash.as_deref() == Some(hash));
        let Some(rejection) = rejection(about) else { continue };
        if tx.refusal(hash, None)?.is_none() {
            tx.record_event(&NewEvent {
                version: Some(&rejection.version),
                content_hash: Some(hash),
                actor: rejection.approver.as_deref(),
                reason: rejection.reasoning.as_deref(),
                ..NewEvent::of(skill.id, &skill.name, EventKind::Rejected, now)
            })?;
        }
        refused.push(hash.to_owned());
    }
    Ok(refused)
}
