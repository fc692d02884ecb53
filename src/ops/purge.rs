//! `skill purge`: erases bytes that must go, wherever they are. Their hash stays, and is refused.

use std::path::Path;

use serde::Serialize;

use super::error::{Result, require_skill};
use super::refusal::purge_of;
use super::required::{require_file, require_version};
use super::revoke::{RevokedVersion, Verdict};
use super::rules::describe;
use super::stored_folder::stored_folder;
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{
    ContentHash, EventKind, FolderFile, FolderPath, Moment, SKILL_FILE, Skill, SkillFolder, SkillId, SkillName,
    StoredJson, Version, VersionRecord,
};
use crate::store::{Durability, NewEvent, SkillChange, Store, Transaction, write_unless};

/// The bytes to erase.
#[derive(Debug, Clone)]
pub struct Purge<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// The version with these bytes.
    pub version: Version,
    /// Only this file of the version; by default SKILL.md, and the files that no other version has.
    pub file: Option<&'a FolderPath>,
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
    /// Bootstrap skills that had any of the erased bytes, which are disabled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bootstrap: Vec<String>,
    /// Whether they had been purged before, so that only traces were left to erase.
    pub again: bool,
    /// Whether this was a dry run.
    pub dry_run: bool,
    /// Other files of the version that were erased with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PurgedFile>,
    /// Other files of the version that are kept, since others have them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptFile>,
    /// The recorded paths and hashes of the files on disk, which are not touched.
    #[serde(skip)]
    pub sources: Vec<(String, String)>,
}

/// An erased file.
#[derive(Debug, Clone, Serialize)]
pub struct PurgedFile {
    /// Its path.
    pub path: FolderPath,
    /// Its hash, which is refused from now on.
    pub hash: ContentHash,
    /// The number of its bytes; `None` if they were not stored.
    pub size_bytes: Option<u64>,
}

/// A file that is kept.
#[derive(Debug, Clone, Serialize)]
pub struct KeptFile {
    /// Its path.
    pub path: FolderPath,
    /// Its hash.
    pub hash: ContentHash,
    /// The other versions that have it.
    pub also_in: Vec<RevokedVersion>,
}

/// Erases the bytes in one transaction. Their traces in files are [`Care::scrub`](crate::store::Care::scrub)'s.
pub fn purge(store: &mut dyn Store, clock: Clock, request: &Purge<'_>) -> Result<PurgeReport> {
    let now = clock.moment();
    write_unless(request.dry_run, store, Durability::Full, |tx| {
        let skill = require_skill(as_snapshot(tx), request.name)?;
        let versions = tx.versions(skill.id)?;
        let version = require_version(&skill.name, &versions, request.version)?;
        let folder = recorded_files(tx, &skill, version)?;
        let (hash, others) = match request.file {
            None => (version.content_hash.clone(), Others::of(tx, &version.content_hash, folder.as_ref())?),
            Some(path) => (Purge::hash_of(&skill, version, folder.as_ref(), path)?, Others::default()),
        };
        let sources = sources(tx, &skill, &hash, &others)?;
        let mut report = request.erase(tx, hash, now)?;
        for file in others.erased {
            let erased = request.erase(tx, file.hash.to_string(), now)?;
            report.again &= erased.again;
            report.bootstrap.extend(erased.bootstrap);
            report.files.push(PurgedFile { path: file.path, hash: file.hash, size_bytes: erased.size_bytes });
        }
        Ok(PurgeReport { kept: others.kept, sources, ..report })
    })
}

/// The files of a version that has more than SKILL.md; `None` also if their record is damaged.
fn recorded_files(tx: &dyn Transaction, skill: &Skill, version: &VersionRecord) -> Result<Option<SkillFolder>> {
    let Some(folder_hash) = &version.folder_hash else { return Ok(None) };
    Ok(stored_folder(as_snapshot(tx), skill.id, &version.version, folder_hash)?.ok())
}

/// The other files of the erased versions.
#[derive(Default)]
struct Others {
    erased: Vec<FolderFile>,
    kept: Vec<KeptFile>,
}

impl Others {
    /// A file goes with the skill file if no version without that skill file has it: a purge must not break others.
    fn of(tx: &dyn Transaction, content_hash: &str, folder: Option<&SkillFolder>) -> Result<Self> {
        let mut others = Self::default();
        let files = folder.into_iter().flat_map(SkillFolder::files);
        for file in files.filter(|it| it.hash.to_string() != content_hash) {
            let holders = tx.holders(&file.hash.to_string())?.into_iter().filter(|it| it.content_hash != content_hash);
            let also_in: Vec<_> = holders.map(|it| RevokedVersion { name: it.name, version: it.version }).collect();
            if !also_in.is_empty() {
                others.kept.push(KeptFile { path: file.path.clone(), hash: file.hash, also_in });
            } else if others.erased.iter().all(|it| it.hash != file.hash) {
                others.erased.push(file.clone());
            }
        }
        Ok(others)
    }
}

impl Purge<'_> {
    /// The hash of a file of the version.
    fn hash_of(
        skill: &Skill,
        version: &VersionRecord,
        folder: Option<&SkillFolder>,
        path: &FolderPath,
    ) -> Result<String> {
        if path.as_str() == SKILL_FILE {
            return Ok(version.content_hash.clone());
        }
        let folders: Vec<_> = folder.into_iter().collect();
        Ok(require_file(&skill.name, &version.version, &folders, path)?.hash.to_string())
    }

    /// Erases the bytes with this hash.
    fn erase(&self, tx: &mut dyn Transaction, hash: String, now: Moment) -> Result<PurgeReport> {
        let before = purge_of(tx, [&hash], None)?;
        let bytes = tx.content(&hash)?;
        forget_fields(tx, &hash, bytes.as_deref().unwrap_or_default(), now)?;
        let size_bytes = tx.erase_content(&hash)?.size_bytes;
        let again = before.is_some() && size_bytes.is_none();
        let verdict = Verdict { hash: &hash, approver: self.approver, reason: self.reason, now };
        let bootstrap = verdict.disable_bootstrap(tx, EventKind::Purged)?;
        let purged = if again {
            let holders = tx.holders(&hash)?.into_iter();
            holders.map(|it| RevokedVersion { name: it.name, version: it.version }).collect()
        } else {
            self.record(tx, &verdict, size_bytes)?
        };
        let (files, kept, sources) = (Vec::new(), Vec::new(), Vec::new());
        let dry_run = self.dry_run;
        Ok(PurgeReport { content_hash: hash, size_bytes, purged, bootstrap, again, dry_run, files, kept, sources })
    }

    /// Rejects the bytes for every skill that has them, and records who erased what.
    fn record(
        &self,
        tx: &mut dyn Transaction,
        verdict: &Verdict<'_>,
        size_bytes: Option<u64>,
    ) -> Result<Vec<RevokedVersion>> {
        let Verdict { hash, now, .. } = *verdict;
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

/// The paths that the bytes were read from, with their hashes.
fn sources(tx: &dyn Transaction, of: &Skill, hash: &str, others: &Others) -> Result<Vec<(String, String)>> {
    let mut paths = Vec::new();
    for skill in skills(tx, hash)? {
        let is_it = |it: &VersionRecord| it.content_hash == hash;
        let versions = tx.versions(skill.id)?.into_iter().filter(is_it);
        paths.extend(versions.map(|it| (it.content_path, hash.to_owned())));
    }
    let folders: Vec<String> = tx.versions(of.id)?.into_iter().map(|it| it.content_path).collect();
    for folder in folders.iter().filter_map(|it| Path::new(it).parent()) {
        let path = |it: &FolderFile| folder.join(it.path.as_str()).to_string_lossy().into_owned();
        paths.extend(others.erased.iter().map(|it| (path(it), it.hash.to_string())));
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
