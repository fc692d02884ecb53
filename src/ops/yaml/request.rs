//! What to import, and what was imported.

use std::path::Path;

use serde::Serialize;

use super::check::Checked;
use crate::model::Remark;

/// What an import does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportYamlMode {
    /// Adds and updates skills.
    Merge,
    /// Also deletes the skills that are not in the document.
    Replace,
    /// Only checks the document.
    ValidateOnly,
}

impl ImportYamlMode {
    /// All modes.
    pub const ALL: &'static [Self] = &[Self::Merge, Self::Replace, Self::ValidateOnly];

    /// The word on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Replace => "replace",
            Self::ValidateOnly => "validate-only",
        }
    }
}

/// An import to make.
#[derive(Debug, Clone)]
pub struct ImportYaml<'a> {
    /// The document.
    pub document: &'a Path,
    /// What to do.
    pub mode: ImportYamlMode,
    /// Make other bytes of an existing skill its next version.
    pub force: bool,
    /// Leave out skills that exist with other bytes.
    pub skip_conflicts: bool,
    /// Who trusts the document's approvals; without, its skills wait for review.
    pub trusted_by: Option<&'a str>,
    /// Who deletes skills, to replace them all.
    pub deleted_by: Option<&'a str>,
    /// A dry run: do everything except the commits.
    pub dry_run: bool,
}

/// What was imported.
#[derive(Debug, Clone, Serialize)]
pub struct ImportYamlReport {
    /// The mode.
    pub mode: ImportYamlMode,
    /// Number of skills in the document.
    pub skills: usize,
    /// Number of new skills.
    pub added: usize,
    /// Skills with a new version.
    pub updated: Vec<String>,
    /// Number of skills with the same bytes as before; other fields may have changed.
    pub unchanged: usize,
    /// Number of those skills that wait for review now.
    pub pending: usize,
    /// Number of added mappings.
    pub mappings_added: usize,
    /// Number of changed mappings.
    pub mappings_changed: usize,
    /// Number of decisions taken from the document.
    pub approvals_taken: usize,
    /// Number of added uses.
    pub uses_added: usize,
    /// Skills that were left out because they exist with other bytes.
    pub skipped: Vec<String>,
    /// Skills that were deleted because the document does not have them.
    pub deleted: Vec<String>,
    /// Skills that were not imported.
    pub refused: Vec<Remark<String>>,
    /// What is wrong with the document.
    pub findings: Vec<Remark<String>>,
    /// Remarks about imported skills.
    pub warnings: Vec<Remark<String>>,
    /// Whether this was a dry run.
    pub dry_run: bool,
}

impl ImportYamlReport {
    pub(super) fn of(request: &ImportYaml<'_>, checked: &mut Checked) -> Self {
        Self {
            mode: request.mode,
            skills: checked.skills.len(),
            added: 0,
            updated: Vec::new(),
            unchanged: 0,
            pending: 0,
            mappings_added: 0,
            mappings_changed: 0,
            approvals_taken: 0,
            uses_added: 0,
            skipped: Vec::new(),
            deleted: Vec::new(),
            refused: Vec::new(),
            findings: std::mem::take(&mut checked.findings),
            warnings: Vec::new(),
            dry_run: request.dry_run,
        }
    }
}
