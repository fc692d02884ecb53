//! The report of an import.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::model::path_as_text;
use crate::ops::tree::Walked;

/// The outcome for each file. `found` is the sum of `imported`, `unchanged`, `copies` and `updated`, and of the lengths
/// of `changed`, `nested` and `refused`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportReport {
    /// The folder.
    #[serde(serialize_with = "path_as_text")]
    pub folder: PathBuf,
    /// Number of skill files below it.
    pub found: usize,
    /// Number of new skills.
    pub imported: usize,
    /// Number of skills with the same bytes as before.
    pub unchanged: usize,
    /// Number of copies: files with the name and bytes of an imported one.
    pub copies: usize,
    /// Number of skills with a new version.
    pub updated: usize,
    /// The updated skills.
    pub updates: Vec<UpdatedSkill>,
    /// Changed files that were not imported.
    pub changed: Vec<Refusal>,
    /// Skill files inside another skill's folder.
    pub nested: Vec<String>,
    /// Refused files.
    pub refused: Vec<Refusal>,
    /// Number of new skills and versions that wait for review.
    pub pending: usize,
    /// Number of added mappings.
    pub mappings_added: usize,
    /// Number of recorded approvals.
    pub approvals_recorded: usize,
    /// Remarks about imported files.
    pub warnings: Vec<Refusal>,
    /// Skipped paths.
    pub skipped: Vec<Skipped>,
    /// Number of transactions.
    pub transactions: usize,
}

/// A remark about a file.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    /// The path relative to the imported folder.
    pub path: String,
    /// The kind of remark.
    pub kind: Kind,
    /// The line in the file, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// One sentence.
    pub reason: String,
}

/// Kinds of remarks about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is unreadable, or not a skill.
    Unusable,
    /// Another file has a better claim to its name.
    SameName,
    /// Its name differs from another skill's only in case.
    CaseTwin,
    /// The skill of this name came from another file.
    OtherSource,
    /// Its bytes were rejected.
    Rejected,
    /// It declares a weaker review than the skill has.
    LowersLevel,
    /// There is no valid next version.
    Version,
    /// It has other bytes than the skill, and updates were not requested.
    Changed,
    /// It was imported.
    Warning,
}

impl Kind {
    /// Its label in the totals.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Unusable => "not usable",
            Self::SameName => "same name",
            Self::CaseTwin => "differs in case only",
            Self::OtherSource => "from another source",
            Self::Rejected => "rejected",
            Self::LowersLevel => "lowers the level",
            Self::Version => "version",
            Self::Changed => "changed",
            Self::Warning => "warning",
        }
    }
}

/// A skill that got a new version.
#[derive(Debug, Clone, Serialize)]
pub struct UpdatedSkill {
    /// The skill.
    pub name: String,
    /// The path relative to the imported folder.
    pub path: String,
    /// The previous version.
    pub previous_version: String,
    /// The new version.
    pub version: String,
    /// The previous source, if it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_source: Option<String>,
}

/// Skipped paths.
#[derive(Debug, Clone, Serialize)]
pub struct Skipped {
    /// The path relative to the imported folder.
    pub path: String,
    /// The reason why it was skipped.
    pub reason: &'static str,
}

impl Refusal {
    pub(super) fn new(path: &str, kind: Kind, reason: String) -> Self {
        Self { path: path.to_owned(), kind, line: None, reason }
    }
}

impl ImportReport {
    pub(super) fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ..Self::default() }
    }

    /// Adds the results of the walk.
    pub(super) fn add(&mut self, walked: Walked) {
        let shown = |path: PathBuf| path.to_string_lossy().into_owned();
        self.found += walked.refused.len() + walked.nested.len();
        let refusal = |(path, reason)| Refusal::new(&shown(path), Kind::Unusable, reason);
        self.refused.extend(walked.refused.into_iter().map(refusal));
        self.nested.extend(walked.nested.into_iter().map(shown));
        for (reason, paths) in walked.skipped {
            self.skipped.extend(paths.into_iter().map(|path| Skipped { path: shown(path), reason }));
        }
    }

    /// Adds what became of more files.
    pub(super) fn append(&mut self, more: Self) {
        self.found += more.found;
        self.imported += more.imported;
        self.unchanged += more.unchanged;
        self.copies += more.copies;
        self.updated += more.updated;
        self.pending += more.pending;
        self.mappings_added += more.mappings_added;
        self.approvals_recorded += more.approvals_recorded;
        self.transactions += more.transactions;
        self.updates.extend(more.updates);
        self.changed.extend(more.changed);
        self.nested.extend(more.nested);
        self.refused.extend(more.refused);
        self.warnings.extend(more.warnings);
        self.skipped.extend(more.skipped);
    }

    /// Sorts everything by path.
    pub(super) fn sorted(mut self) -> Self {
        self.updates.sort_by(|a, b| a.path.cmp(&b.path));
        self.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        for list in [&mut self.changed, &mut self.refused, &mut self.warnings] {
            list.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        }
        self
    }

    /// Number of refused files by kind.
    #[must_use]
    pub fn refused_by_kind(&self) -> BTreeMap<Kind, usize> {
        let mut counts = BTreeMap::new();
        for refusal in &self.refused {
            *counts.entry(refusal.kind).or_default() += 1;
        }
        counts
    }
}
