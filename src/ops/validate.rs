//! `skill validate`: checks files against the Agent Skills format.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::content_file::{ContentFile, FileError, Files};
use super::error::Result;
use super::folder::{ReadSkill, Wanted};
use super::rules::describe;
use super::tree::{folder_name, skill_files};
use crate::model::{Remark, path_as_text};
use crate::skill_file::{self, Limits, Mode, Severity, SkillFile};

/// The findings.
#[derive(Debug, Clone, Serialize)]
pub struct ValidateReport {
    /// The files, in path order.
    pub files: Vec<ValidatedFile>,
    /// Number of files with errors.
    pub invalid: usize,
}

/// A validated file.
#[derive(Debug, Clone, Serialize)]
pub struct ValidatedFile {
    /// Its path.
    #[serde(serialize_with = "path_as_text")]
    pub path: PathBuf,
    /// Whether it has no errors.
    pub valid: bool,
    /// Errors and warnings, by line.
    pub findings: Vec<Remark<(), Severity>>,
    /// Why it could not be read, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// Validates a file, or every skill file below a folder.
pub fn validate(files: &Files, path: &Path, strict: bool) -> Result<ValidateReport> {
    let mode = if strict { Mode::Strict } else { Mode::Lenient };
    let mut found = Vec::new();
    if path.is_dir() {
        let (skills, walked) = skill_files(path)?;
        found.extend(skills.iter().map(|it| one(files, &path.join(it.relative()), mode)));
        for Remark { subject: relative, reason: why, .. } in walked.refused {
            // A link directly in the named folder may lead anywhere.
            let (named, whole) = (relative.parent() == Some(Path::new("")), path.join(relative));
            found.push(if named && whole.is_file() { one(files, &whole, mode) } else { unreadable(whole, why) });
        }
    } else {
        files.read(path)?; // a path that names nothing readable is the user's mistake, not a finding
        found.push(one(files, path, mode));
    }
    let invalid = found.iter().filter(|it| !it.valid).count();
    Ok(ValidateReport { files: found, invalid })
}

fn one(files: &Files, path: &Path, mode: Mode) -> ValidatedFile {
    let content = match files.read(path) {
        Ok(content) => content,
        Err(FileError::Content { problem, .. }) => return unreadable(path.to_owned(), problem),
        Err(error) => return unreadable(path.to_owned(), error.to_string()),
    };
    let limits = Limits { file_bytes: files.most_bytes, ..Limits::default() };
    let file = match SkillFile::read(&content.bytes, &limits) {
        Ok(file) => file,
        Err(error) => return unreadable(path.to_owned(), format!("line {}: {error}", error.line())),
    };
    let found = as_found(path);
    let mut findings = skill_file::validate(&file, folder_name(&found), mode);
    findings.extend(beside(files, path, content));
    let valid = findings.iter().all(|it| it.kind != Severity::Error);
    ValidatedFile { path: path.to_owned(), valid, findings, unreadable: None }
}

/// What is wrong with the files beside a skill file: those for which its folder is refused, and those for which the skill
/// file is taken alone.
fn beside(files: &Files, path: &Path, content: ContentFile) -> Vec<Remark<(), Severity>> {
    let Ok(described) = describe(&content.bytes, files.most_bytes) else { return Vec::new() };
    match ReadSkill::of_file(files, Wanted { path, only_skill_file: false }, false, content, described) {
        Ok(read) => read.warnings.into_iter().map(|it| it.about((), Severity::Warning)).collect(),
        Err(FileError::Content { path: entry, problem, .. }) => {
            let folder = path.parent().and_then(|it| it.canonicalize().ok()).unwrap_or_default();
            let entry = entry.strip_prefix(folder).unwrap_or(&entry);
            let name = if entry.as_os_str().is_empty() { Path::new("its folder") } else { entry };
            vec![Remark::new((), Severity::Error, format!("{}: {problem}", name.display()))]
        }
        Err(error) => vec![Remark::new((), Severity::Error, error.to_string())],
    }
}

/// The path of a file without following a final link, since the folder of the link names the skill.
fn as_found(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (absolute.parent(), absolute.file_name()) {
        // After `..`, only the system knows the folder's name.
        (Some(folder), Some(file)) if folder.file_name().is_none() => {
            folder.canonicalize().map_or_else(|_| absolute.clone(), |it| it.join(file))
        }
        _ => absolute,
    }
}

fn unreadable(path: PathBuf, why: String) -> ValidatedFile {
    ValidatedFile { path, valid: false, findings: Vec::new(), unreadable: Some(why) }
}
