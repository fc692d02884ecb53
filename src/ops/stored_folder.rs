//! The recorded folder of a version, and whether all of it is stored.

use super::error::{Error, Result};
use crate::model::{FolderFault, Skill, SkillFolder, SkillId, VersionRecord, Visible};
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

/// The files of a version, all of them stored and verified.
pub(super) fn require_folder(
    snapshot: &dyn Snapshot,
    skill: &Skill,
    version: &str,
    folder_hash: &str,
) -> Result<SkillFolder> {
    let broken = |problem| Error::Integrity { name: skill.name.clone(), version: version.to_owned(), problem };
    let folder = stored_folder(snapshot, skill.id, version, folder_hash)?.map_err(|fault| broken(fault.to_string()))?;
    for file in folder.files() {
        let path = Visible(file.path.as_str());
        match snapshot.content(&file.hash.to_string())? {
            Some(bytes) if file.hash.matches(&bytes) => {}
            Some(_) => return Err(broken(format!("the stored bytes of {path} do not match their hash"))),
            None => return Err(broken(format!("the bytes of {path} are not in the database"))),
        }
    }
    Ok(folder)
}

/// The folder hash of the current version; `None` for a plain one, and for bytes that are no version yet.
pub(super) fn current_folder_hash(snapshot: &dyn Snapshot, skill: &Skill) -> Result<Option<String>> {
    Ok(current(skill, &snapshot.versions(skill.id)?).and_then(|it| it.folder_hash.clone()))
}

/// The record of the current version, if the skill's row has its bytes.
pub(super) fn current<'a>(skill: &Skill, versions: &'a [VersionRecord]) -> Option<&'a VersionRecord> {
    versions.iter().find(|it| it.version == skill.version && it.content_hash == skill.content_hash)
}
