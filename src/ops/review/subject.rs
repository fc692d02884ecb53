//! The version and the bytes that a decision is about.

use crate::clock::Clock;
use crate::model::{ContentHash, Skill, Version, VersionRecord, VersionSource};
use crate::ops::error::{Error, Result};
use crate::ops::publish::{Numbering, bytes_of};
use crate::ops::required::require_version;
use crate::ops::rules::describe;
use crate::store::{NewVersion, Transaction};

/// The version and bytes of a decision.
pub(super) struct Subject {
    pub(super) version: String,
    pub(super) content_hash: String,
    /// The hash of the folder; `None` for a plain one.
    pub(super) folder_hash: Option<String>,
    /// Whether the bytes are recorded as this version. Bytes that another program wrote into the skill's row are not a
    /// version yet.
    pub(super) recorded: bool,
}

/// The bytes of a version, or of the skill's row.
pub(super) fn subject(skill: &Skill, versions: &[VersionRecord], version: Option<Version>) -> Result<Subject> {
    if let Some(version) = version {
        let found = require_version(&skill.name, versions, version)?;
        return Ok(Subject {
            version: found.version.clone(),
            content_hash: found.content_hash.clone(),
            folder_hash: found.folder_hash.clone(),
            recorded: true,
        });
    }
    let unreadable = || Error::UnreadableVersion { name: skill.name.clone(), current: skill.version.clone() };
    let found = versions.iter().find(|it| it.version == skill.version).ok_or_else(unreadable)?;
    let recorded = skill.content_hash == found.content_hash;
    let folder_hash = found.folder_hash.clone().filter(|_| recorded);
    Ok(Subject { version: skill.version.clone(), content_hash: skill.content_hash.clone(), folder_hash, recorded })
}

/// Records the bytes of the skill's row as a new version, since recorded versions never change.
pub(super) fn record(
    tx: &mut dyn Transaction,
    clock: Clock,
    skill: &Skill,
    versions: &[VersionRecord],
) -> Result<String> {
    let version = Numbering::Next.next(skill, &bytes_of(versions), None, true)?.version;
    let broken = || Error::Integrity {
        name: skill.name.clone(),
        version: skill.version.clone(),
        problem: "its recorded hash is invalid".to_owned(),
    };
    let hash: ContentHash = skill.content_hash.parse().map_err(|_| broken())?;
    let bytes = tx.content(&skill.content_hash)?.unwrap_or_default();
    let front_matter = describe(&bytes, bytes.len()).ok().and_then(|it| it.front_matter);
    let new = NewVersion {
        version: &version,
        content_hash: &hash,
        folder: None,
        content_path: &skill.content_path,
        front_matter: front_matter.as_ref(),
        approval_level: skill.approval_level,
        source: VersionSource::External,
        now: clock.moment(),
    };
    tx.record_version(skill.id, &new)?;
    Ok(version)
}
