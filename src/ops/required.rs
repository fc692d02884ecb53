//! What a command names and must exist: a version of a skill, a file of a version.

use super::error::{Error, NoSuchFile, Result, nearest};
use crate::model::{FolderFile, FolderPath, SkillFolder, Version, VersionRecord};

/// The version with this number, or an error that names those that exist. A text of another program that means the number
/// counts where none is written exactly so.
pub(super) fn require_version<'v>(name: &str, all: &'v [VersionRecord], wanted: Version) -> Result<&'v VersionRecord> {
    let exact = wanted.to_string();
    let found = all.iter().find(|it| it.version == exact);
    let found = found.or_else(|| all.iter().find(|it| Version::lenient(&it.version) == Some(wanted)));
    found.ok_or_else(|| Error::VersionNotFound {
        name: name.to_owned(),
        version: wanted,
        known: all.iter().map(|it| it.version.clone()).collect(),
    })
}

/// The file with this path, or an error that suggests similar ones.
pub(super) fn require_file<'f>(
    name: &str,
    version: &str,
    folders: &[&'f SkillFolder],
    path: &FolderPath,
) -> Result<&'f FolderFile> {
    let files = || folders.iter().flat_map(|it| it.files());
    let missing = || NoSuchFile::Path {
        name: name.to_owned(),
        version: version.to_owned(),
        path: path.to_string(),
        near: nearest(path.as_str(), files().map(|it| it.path.to_string()).collect()),
    };
    Ok(files().find(|it| it.path == *path).ok_or_else(missing)?)
}
