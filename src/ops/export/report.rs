//! What an export did or would do, and what a check found.

use std::path::PathBuf;

use serde::Serialize;

use super::error::ExportError;
use super::request::Layout;
use super::survey::{FolderState, Item};
use crate::model::{AgentType, ContentHash, Remark, SkillFolder, path_as_text};

/// What an export did, or would do.
#[derive(Debug, Clone, Serialize)]
pub struct ExportReport {
    /// The folder.
    #[serde(serialize_with = "path_as_text")]
    pub folder: PathBuf,
    /// The layout.
    pub layout: Layout,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// Written folders, by path.
    pub written: Vec<WrittenSkill>,
    /// Removed folders, by path.
    pub removed: Vec<RemovedSkill>,
    /// Number of folders that were as they should be.
    pub unchanged: usize,
    /// Skills without an approved version.
    pub left_out: Vec<Remark<String>>,
    /// What could not be exported or removed, by path.
    pub problems: Vec<Remark<String>>,
    /// What cfn did not write, and has the place of a skill. If there is any, no skill was written.
    pub in_the_way: Vec<String>,
    /// Other entries among the skills that cfn did not write.
    pub foreign: Vec<String>,
    /// What else the user should know.
    pub notes: Vec<String>,
    /// Agent types without mappings, each with similar ones.
    #[serde(skip)]
    pub unmapped: Vec<(AgentType, Vec<String>)>,
}

/// A written folder.
#[derive(Debug, Clone, Serialize)]
pub struct WrittenSkill {
    /// Its path below the folder.
    pub path: String,
    /// The skill.
    pub skill: String,
    /// The version.
    pub version: String,
    /// The hash of the folder.
    pub folder_hash: ContentHash,
    /// Number of files.
    pub files: usize,
    /// What was there before: `missing`, `older` or `changed`.
    pub was: FolderState,
    /// Where the changed folder went to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<String>,
}

/// A removed folder.
#[derive(Debug, Clone, Serialize)]
pub struct RemovedSkill {
    /// Its path below the folder.
    pub path: String,
    /// The skill.
    pub skill: String,
    /// The reason for the removal.
    pub reason: String,
    /// Where the folder went to, if somebody had changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<String>,
}

/// What a check found.
#[derive(Debug, Clone, Serialize)]
pub struct ExportCheck {
    /// The folder.
    #[serde(serialize_with = "path_as_text")]
    pub folder: PathBuf,
    /// The layout.
    pub layout: Layout,
    /// Number of folders that were compared.
    pub checked: usize,
    /// What differs, by path.
    pub differences: Vec<FolderDifference>,
    /// Skills without an approved version.
    pub left_out: Vec<Remark<String>>,
    /// What else the user should know.
    pub notes: Vec<String>,
    /// Agent types without mappings, each with similar ones.
    #[serde(skip)]
    pub unmapped: Vec<(AgentType, Vec<String>)>,
}

/// A folder that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FolderDifference {
    /// Its path below the folder.
    pub path: String,
    /// Its state.
    pub state: FolderState,
    /// More about it; empty if the state says all.
    pub reason: String,
}

impl ExportReport {
    /// Whether everything is as it should be now.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty() && self.in_the_way.is_empty()
    }

    /// Whether anything was changed.
    #[must_use]
    pub fn changes(&self) -> bool {
        !self.written.is_empty() || !self.removed.is_empty()
    }

    /// Why no skill was written, if something was in the way.
    #[must_use]
    pub fn refusal(&self) -> Option<ExportError> {
        let paths = self.in_the_way.clone();
        (!paths.is_empty()).then_some(ExportError::InTheWay { paths })
    }
}

impl FolderDifference {
    pub(super) fn of(item: &Item) -> Self {
        Self { path: item.path(), state: item.state, reason: item.reason() }
    }
}

impl WrittenSkill {
    pub(super) fn of(item: &Item, version: &str, folder: &SkillFolder, quarantined: Option<String>) -> Self {
        Self {
            path: item.path(),
            skill: item.name.clone(),
            version: version.to_owned(),
            folder_hash: folder.hash(),
            files: folder.files().len(),
            was: item.state,
            quarantined,
        }
    }
}
