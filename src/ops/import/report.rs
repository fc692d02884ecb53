//! What an import answers: what happened to each file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::model::path_as_text;
use crate::ops::tree::Walked;

/// What happened to each file: `found` is the sum of `imported`, `unchanged`, `copies` and `updated`, and of the lengths of
/// `changed`, `nested` and `refused`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportReport {
    /// The folder.
    #[serde(serialize_with = "path_as_text")]
    pub folder: PathBuf,
    /// Skill files below it.
    pub found: usize,
    /// New skills.
    pub imported: usize,
    /// Skills whose bytes are in the database already.
    pub unchanged: usize,
    /// Files with the name and the bytes of one that was taken.
    pub copies: usize,
    /// Skills that got a new version.
    pub updated: usize,
    /// Each of them.
    pub updates: Vec<UpdatedSkill>,
    /// Files that changed since, and were left alone.
    pub changed: Vec<Refusal>,
    /// Skill files that are part of another skill.
    pub nested: Vec<String>,
    /// Files that were not taken.
    pub refused: Vec<Refusal>,
    /// Of the new skills and versions: those that wait for review.
    pub pending: usize,
    /// Mappings to agent types that were added.
    pub mappings_added: usize,
    /// Approvals that were recorded.
    pub approvals_recorded: usize,
    /// What was taken although something about it is odd.
    pub warnings: Vec<Refusal>,
    /// What was not looked into.
    pub skipped: Vec<Skipped>,
    /// How many transactions it took.
    pub transactions: usize,
}

/// A file, and what is to be said of it.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    /// From the folder that was imported.
    pub path: String,
    /// What kind of thing is said.
    pub kind: Kind,
    /// The line in the file, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// One sentence.
    pub reason: String,
}

/// Why a file was not taken as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It cannot be read, or is no skill.
    Unusable,
    /// Another file has a better claim to its name.
    SameName,
    /// A skill's name differs from its name in nothing but case.
    CaseTwin,
    /// The skill of this name came from another file.
    OtherSource,
    /// Its bytes were rejected.
    Rejected,
    /// It asks for a weaker review than the skill has.
    LowersLevel,
    /// No version number can be found for it.
    Version,
    /// It has other bytes than the skill, and updates were not asked for.
    Changed,
    /// It was taken.
    Warning,
}

impl Kind {
    /// The word for it in a list of totals.
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
    /// From the folder that was imported.
    pub path: String,
    /// The version before.
    pub previous_version: String,
    /// The version now.
    pub version: String,
    /// The file that the skill came from until now, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_source: Option<String>,
}

/// What was not looked into.
#[derive(Debug, Clone, Serialize)]
pub struct Skipped {
    /// From the folder that was imported.
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

    /// Adds what the walk left out.
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

    /// In the order of paths, whatever the order in which files were decided on.
    pub(super) fn sorted(mut self) -> Self {
        self.updates.sort_by(|a, b| a.path.cmp(&b.path));
        self.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        for list in [&mut self.changed, &mut self.refused, &mut self.warnings] {
            list.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        }
        self
    }

    /// How many files were refused, by kind.
    #[must_use]
    pub fn refused_by_kind(&self) -> BTreeMap<Kind, usize> {
        let mut counts = BTreeMap::new();
        for refusal in &self.refused {
            *counts.entry(refusal.kind).or_default() += 1;
        }
        counts
    }
}
