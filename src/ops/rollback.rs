//! `skill rollback`: an earlier version's bytes become the newest version again.

use super::error::{Error, Result, require_skill};
use super::numbering;
use super::rules::current;
use super::update::{Propagated, UpdateReport, as_snapshot};
use crate::clock::Clock;
use crate::model::{ChangeType, ContentHash, SkillName, Version, VersionSource};
use crate::store::{Durability, NewVersion, Store};

/// What to roll back.
#[derive(Debug, Clone)]
pub struct Rollback<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// The version whose bytes come back.
    pub to: Version,
    /// Why, for the record.
    pub reason: Option<&'a str>,
}

/// Records the earlier bytes as the next patch version. Bytes that are not approved, or not in the database, do not come back.
pub fn rollback(store: &mut dyn Store, clock: Clock, request: &Rollback<'_>) -> Result<UpdateReport> {
    let now = clock.database_time();
    let mut transaction = store.write(Durability::Full)?;
    let tx = transaction.as_mut();
    let skill = require_skill(as_snapshot(tx), request.name)?;
    let versions = tx.versions(skill.id)?;
    let known = || versions.iter().map(|it| it.version.clone()).collect();
    let earlier = versions
        .iter()
        .find(|it| Version::lenient(&it.version) == Some(request.to))
        .ok_or_else(|| Error::VersionNotFound { name: skill.name.clone(), version: request.to, known: known() })?;
    if current(&skill, &versions).is_some_and(|it| it.content_hash == earlier.content_hash) {
        return Err(Error::Unchanged { name: skill.name, version: skill.version });
    }
    if !earlier.approved {
        return Err(Error::NotApproved { name: skill.name, version: earlier.version.clone() });
    }
    let broken = |problem: &str| Error::Integrity {
        name: skill.name.clone(),
        version: earlier.version.clone(),
        problem: problem.to_owned(),
    };
    let hash: ContentHash = earlier.content_hash.parse().map_err(|_| broken("its recorded hash is none"))?;
    let bytes = tx.content(&earlier.content_hash)?.ok_or_else(|| broken("its bytes are not in the database"))?;
    if !hash.matches(&bytes) {
        return Err(broken("its stored bytes are damaged"));
    }
    let version = numbering::next(&skill, &versions, None)?.to_string();
    // The level of a skill never falls, also not with the bytes that had a lower one.
    let level = earlier.approval_level.max(skill.approval_level);
    tx.record_version(
        skill.id,
        &NewVersion {
            version: &version,
            content_hash: &hash,
            content_path: &earlier.content_path,
            front_matter: earlier.front_matter.as_deref(),
            approval_level: level,
            source: VersionSource::Rollback,
            now: &now,
        },
    )?;
    let reason = format!("Rolled back to the bytes of {}", earlier.version);
    let propagated = Propagated { change_type: ChangeType::Patch, source: "cfn-rollback", clock };
    propagated.approve(tx, skill.id, &version, &earlier.content_hash, request.reason.unwrap_or(&reason))?;
    transaction.commit()?;
    Ok(UpdateReport {
        id: skill.id,
        name: skill.name,
        version,
        previous_version: skill.version,
        change_type: ChangeType::Patch,
        content_hash: hash,
        approval_level: level,
        agents: None,
        dry_run: false,
        warnings: Vec::new(),
    })
}
