//! Which staged skills are meant, and what is told about them.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::model::{ApprovalLevel, Remark, Review, path_as_text};

/// Which staged skills are meant.
#[derive(Debug, Clone)]
pub struct Staged<'a> {
    /// Names, folders, or folders of folders; all that are staged if empty.
    pub staged: &'a [PathBuf],
    /// The folder that relative paths start from.
    pub current_folder: &'a Path,
    /// Ignore how long ago a skill changed.
    pub force: bool,
}

/// A staged skill.
#[derive(Debug, Clone, Default, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct StagedSkill {
    /// Its folder, relative to the project.
    #[serde(serialize_with = "path_as_text")]
    pub path: PathBuf,
    /// Its name; `None` if it is not valid.
    pub name: Option<String>,
    /// Hours since its newest file was written.
    pub hours: f64,
    /// Whether it is a valid skill.
    pub valid: bool,
    /// Whether it only has to wait.
    pub early: bool,
    /// Whether it can be promoted.
    pub ready: bool,
    /// Whether it should have been promoted.
    pub stale: bool,
    /// Why it cannot be promoted.
    pub problem: Option<String>,
    /// The promotion, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promoted: Option<Promotion>,
}

/// What a staged skill became.
#[derive(Debug, Clone, Serialize)]
pub struct Promotion {
    /// Its version.
    pub version: String,
    /// The review that it needs.
    pub approval_level: ApprovalLevel,
    /// Whether agents may get it now.
    pub approved: bool,
    /// Its review: a skill that is not active does not wait.
    #[serde(skip)]
    pub review: Review,
    /// Remarks about the file.
    pub warnings: Vec<Remark>,
}

/// Staged skills, by path.
#[derive(Debug, Clone, Serialize)]
pub struct PromoteReport {
    /// The skills.
    pub skills: Vec<StagedSkill>,
    /// Whether this was a dry run.
    pub dry_run: bool,
}
