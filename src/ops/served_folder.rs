//! The folders that agents get: recorded, stored and verified completely.

use super::error::Result;
use super::stored_folder::stored_folder;
use crate::model::{ApprovedVersion, FolderFault, SkillFolder, SkillId, Visible};
use crate::store::Snapshot;

/// Why a folder cannot be served.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnusableFolder {
    #[error(transparent)]
    Fault(#[from] FolderFault),
    #[error("the bytes of {} are not in the database", Visible(.0))]
    Missing(String),
    #[error("the stored bytes of {} do not match their hash", Visible(.0))]
    Altered(String),
}

/// The files of an approved version, all of them stored and verified; `None` if it is a plain skill
/// file, or only that is approved.
pub(super) fn served_folder(
    snapshot: &dyn Snapshot,
    skill: SkillId,
    version: &ApprovedVersion,
) -> Result<std::result::Result<Option<SkillFolder>, UnusableFolder>> {
    let Some(hash) = version.folder_hash.as_ref().filter(|_| !version.partial) else { return Ok(Ok(None)) };
    let folder = match stored_folder(snapshot, skill, &version.version, hash)? {
        Ok(folder) => folder,
        Err(fault) => return Ok(Err(fault.into())),
    };
    // Other programs write both.
    if folder.skill_file().is_none_or(|it| it.hash.to_string() != version.content_hash) {
        return Ok(Err(FolderFault::Altered.into()));
    }
    let unusable = first_unusable(snapshot, &folder)?;
    Ok(unusable.map_or_else(|| Ok(Some(folder).filter(|it| !it.is_plain())), Err))
}

/// The first file of a folder whose bytes are not stored as they were approved.
pub(super) fn first_unusable(snapshot: &dyn Snapshot, folder: &SkillFolder) -> Result<Option<UnusableFolder>> {
    for file in folder.files() {
        match snapshot.content(&file.hash.to_string())? {
            Some(bytes) if bytes.len() as u64 == file.size && file.hash.matches(&bytes) => {}
            Some(_) => return Ok(Some(UnusableFolder::Altered(file.path.to_string()))),
            None => return Ok(Some(UnusableFolder::Missing(file.path.to_string()))),
        }
    }
    Ok(None)
}
