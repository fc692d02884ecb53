//! The report of an import.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::model::{Remark, path_as_text};
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
    /// Number of files beside the skill files of new skills and versions.
    pub other_files: usize,
    /// The updated skills.
    pub updates: Vec<UpdatedSkill>,
    /// Changed files that were not imported.
    pub changed: Vec<Remark<String, Kind>>,
    /// Skill files inside another skill's folder.
    pub nested: Vec<String>,
    /// Refused files.
    pub refused: Vec<Remark<String, Kind>>,
    /// Number of new skills and versions that wait for review.
    pub pending: usize,
    /// Number of added mappings.
    pub mappings_added: usize,
    /// Number of recorded approvals.
    pub approvals_recorded: usize,
    /// Remarks about imported files.
    pub warnings: Vec<Remark<String, Kind>>,
    /// Skipped paths.
    pub skipped: Vec<Remark<PathBuf>>,
    /// Number of transactions.
    pub transactions: usize,
}

/// The subject is the file's path relative to the imported folder.
impl Serialize for Remark<String, Kind> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Remark", 3 + usize::from(self.line.is_some()))?;
        fields.serialize_field("path", &self.subject)?;
        fields.serialize_field("kind", &self.kind)?;
        match self.line {
            Some(line) => fields.serialize_field("line", &line)?,
            None => fields.skip_field("line")?,
        }
        fields.serialize_field("reason", &self.reason)?;
        fields.end()
    }
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

/// The subject is the path relative to the imported folder.
impl Serialize for Remark<PathBuf> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Remark", 2)?;
        fields.serialize_field("path", &self.subject.to_string_lossy())?;
        fields.serialize_field("reason", &self.reason)?;
        fields.end()
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
        let refused = walked.refused.into_iter();
        self.refused.extend(refused.map(|it| Remark::new(shown(it.subject), Kind::Unusable, it.reason)));
        self.nested.extend(walked.nested.into_iter().map(shown));
        for (reason, paths) in walked.skipped {
            self.skipped.extend(paths.into_iter().map(|path| Remark::new(path, (), reason)));
        }
    }

    /// Adds the outcome of more files.
    pub(super) fn append(&mut self, more: Self) {
        self.found += more.found;
        self.imported += more.imported;
        self.unchanged += more.unchanged;
        self.copies += more.copies;
        self.updated += more.updated;
        self.other_files += more.other_files;
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
        self.skipped.sort_by(|a, b| a.subject.as_os_str().cmp(b.subject.as_os_str()));
        for list in [&mut self.changed, &mut self.refused, &mut self.warnings] {
            list.sort_by(|a, b| (&a.subject, a.line).cmp(&(&b.subject, b.line)));
        }
        self
    }

    /// Number of refused files by kind.
    #[must_use]
    pub fn refused_by_kind(&self) -> BTreeMap<Kind, usize> {
        let mut counts = BTreeMap::new();
        for it in &self.refused {
            *counts.entry(it.kind).or_default() += 1;
        }
        counts
    }
}
