//! The scripts in a skill's folder, which raise its risk as its text does.

use super::error::Result;
use super::stored_folder::stored_folder;
use crate::model::{FileMode, FolderFile, SKILL_FILE, Skill};
use crate::store::Snapshot;

/// Endings of files that are run by an interpreter.
const ENDINGS: [&str; 10] = [".sh", ".bash", ".zsh", ".py", ".js", ".mjs", ".ts", ".rb", ".pl", ".ps1"];

/// Paths and texts of the scripts in the version with this folder: files that may be run, that begin with `#!`, or that
/// are named as scripts. What is missing or no text is left out.
pub(super) fn scripts(
    snapshot: &dyn Snapshot,
    skill: &Skill,
    folder_hash: Option<&str>,
) -> Result<Vec<(String, String)>> {
    let Some(folder_hash) = folder_hash else { return Ok(Vec::new()) };
    let versions = snapshot.versions(skill.id)?;
    let version = versions.iter().find(|it| it.folder_hash.as_deref() == Some(folder_hash));
    let Some(version) = version else { return Ok(Vec::new()) };
    let Ok(folder) = stored_folder(snapshot, skill.id, &version.version, folder_hash)? else { return Ok(Vec::new()) };
    let mut scripts = Vec::new();
    for file in folder.files().iter().filter(|it| it.path.as_str() != SKILL_FILE) {
        let text = snapshot.content(&file.hash.to_string())?.and_then(|it| String::from_utf8(it).ok());
        scripts.extend(text.filter(|it| is_script(file, it)).map(|it| (file.path.to_string(), it)));
    }
    Ok(scripts)
}

fn is_script(file: &FolderFile, text: &str) -> bool {
    text.starts_with("#!") || is_named_as_script(file.path.as_str(), file.mode.as_str())
}

/// Whether a file of this path and mode may be run, or is named as a script.
pub(super) fn is_named_as_script(path: &str, mode: &str) -> bool {
    let path = path.to_ascii_lowercase();
    mode == FileMode::Executable.as_str() || ENDINGS.iter().any(|it| path.ends_with(it))
}
