//! `skill show --file`: the bytes of one file of a version.

use serde::Serialize;

use super::error::{Error, Result, require_skill};
use super::required::{require_file, require_version};
use super::stored_folder::{current, files_of, require_bytes};
use crate::model::{FolderFile, FolderPath, SkillName, Version};
use crate::store::Store;

/// A file of a version.
#[derive(Debug, Clone)]
pub struct ShowFile<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// The version; by default the current one.
    pub version: Option<Version>,
    /// The file.
    pub path: &'a FolderPath,
}

/// A file with its bytes.
#[derive(Debug, Clone, Serialize)]
pub struct ShowFileReport {
    /// The skill.
    pub name: String,
    /// The version.
    pub version: String,
    /// The file.
    #[serde(flatten)]
    pub file: FolderFile,
    /// Its text; `None` if it is not UTF-8.
    pub content: Option<String>,
    /// Its bytes.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// Reads a file, and verifies its hash.
pub fn show_file(store: &mut dyn Store, request: &ShowFile<'_>) -> Result<ShowFileReport> {
    let snapshot = store.read()?;
    let snapshot = snapshot.as_ref();
    let skill = require_skill(snapshot, request.name)?;
    let versions = snapshot.versions(skill.id)?;
    let shown = match request.version {
        Some(version) => Some(require_version(&skill.name, &versions, version)?),
        None => current(&skill, &versions),
    };
    let version = shown.map_or(&skill.version, |it| &it.version);
    let content_hash = shown.map_or(&skill.content_hash, |it| &it.content_hash);
    let folder_hash = shown.and_then(|it| it.folder_hash.as_deref());
    let folder = files_of(snapshot, skill.id, version, content_hash, folder_hash)?
        .map_err(|problem| Error::Integrity { name: skill.name.clone(), version: version.clone(), problem })?;
    let file = require_file(&skill.name, version, &[&folder], request.path)?;
    let bytes = require_bytes(snapshot, &skill, version, file)?;
    let content = String::from_utf8(bytes.clone()).ok();
    Ok(ShowFileReport { version: version.clone(), file: file.clone(), content, bytes, name: skill.name })
}
