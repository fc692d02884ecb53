//! The recorded folder of a version, and whether all of it is stored.

use super::error::{Error, Result};
use super::folder::ReadSkill;
use super::publish::Hashes;
use crate::model::{FolderFault, FolderFile, Skill, SkillFolder, SkillId, VersionRecord, Visible};
use crate::store::Snapshot;

/// The files of a version that has a folder hash. `Err` if they are not the ones with this hash.
pub(super) fn stored_folder(
    snapshot: &dyn Snapshot,
    skill: SkillId,
    version: &str,
    folder_hash: &str,
) -> Result<std::result::Result<SkillFolder, FolderFault>> {
    Ok(SkillFolder::recorded(&snapshot.files(skill, version)?, folder_hash))
}

/// The same, required.
pub(super) fn require_recorded(
    snapshot: &dyn Snapshot,
    skill: &Skill,
    version: &str,
    folder_hash: &str,
) -> Result<SkillFolder> {
    stored_folder(snapshot, skill.id, version, folder_hash)?.map_err(|it| broken(skill, version, it.to_string()))
}

/// The bytes of a file, verified.
pub(super) fn require_bytes(
    snapshot: &dyn Snapshot,
    skill: &Skill,
    version: &str,
    file: &FolderFile,
) -> Result<Vec<u8>> {
    let path = Visible(file.path.as_str());
    match snapshot.content(&file.hash.to_string())? {
        Some(bytes) if file.hash.matches(&bytes) => Ok(bytes),
        Some(_) => Err(broken(skill, version, format!("the stored bytes of {path} do not match their hash"))),
        None => Err(broken(skill, version, format!("the bytes of {path} are not in the database"))),
    }
}

/// The files of a version, all of them stored and verified.
pub(super) fn require_folder(
    snapshot: &dyn Snapshot,
    skill: &Skill,
    version: &str,
    folder_hash: &str,
) -> Result<SkillFolder> {
    let folder = require_recorded(snapshot, skill, version, folder_hash)?;
    for file in folder.files() {
        require_bytes(snapshot, skill, version, file)?;
    }
    Ok(folder)
}

fn broken(skill: &Skill, version: &str, problem: String) -> Error {
    Error::Integrity { name: skill.name.clone(), version: version.to_owned(), problem }
}

/// The files of a version, also of a plain one; `Err` says why they are unknown.
pub(super) fn files_of(
    snapshot: &dyn Snapshot,
    skill: SkillId,
    version: &str,
    content_hash: &str,
    folder_hash: Option<&str>,
) -> Result<std::result::Result<SkillFolder, String>> {
    if let Some(folder_hash) = folder_hash {
        return Ok(stored_folder(snapshot, skill, version, folder_hash)?.map_err(|it| it.to_string()));
    }
    let Ok(hash) = content_hash.parse() else { return Ok(Err("its recorded hash is invalid".to_owned())) };
    let bytes = snapshot.content(content_hash)?;
    let size = bytes.map(|it| it.len() as u64).ok_or_else(|| "its bytes are not in the database".to_owned());
    Ok(size.map(|it| SkillFolder::alone(hash, it)))
}

/// The folder hash of the current version; `None` for a plain one, and for bytes that are no version yet.
pub(super) fn current_folder_hash(snapshot: &dyn Snapshot, skill: &Skill) -> Result<Option<String>> {
    let versions = snapshot.version_bytes(skill.id)?;
    let current = versions.into_iter().find(|it| it.version == skill.version && it.content_hash == skill.content_hash);
    Ok(current.and_then(|it| it.folder_hash))
}

/// The folder to publish for a skill that was read, before publishing reads more about it; a file of another name than SKILL.md keeps the files of the current
/// version.
pub(super) fn folder_to_publish(
    snapshot: &dyn Snapshot,
    known: Option<&Skill>,
    read: &ReadSkill,
) -> Result<SkillFolder> {
    let Some(skill) = known.filter(|_| read.keeps_files()) else { return Ok(read.folder(None)) };
    let versions = snapshot.version_bytes(skill.id)?;
    let recorded = versions.iter().find(|it| it.version == skill.version);
    let Some(hash) = recorded.and_then(|it| it.folder_hash.as_deref()) else { return Ok(read.folder(None)) };
    let folder = read.folder(Some(&require_recorded(snapshot, skill, &skill.version, hash)?));
    if let Ok(name) = skill.name.parse() {
        snapshot.skill_and(&name, &Hashes::in_folder(read.described.hash, &folder).about())?;
    }
    Ok(folder)
}

/// The record of the current version, if the skill's row has its bytes.
pub(super) fn current<'a>(skill: &Skill, versions: &'a [VersionRecord]) -> Option<&'a VersionRecord> {
    versions.iter().find(|it| it.version == skill.version && it.content_hash == skill.content_hash)
}
