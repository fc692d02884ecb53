//! The table of all errors, each as a kind, a sentence and a hint. The kind determines the exit code.

mod agents;
mod bench;
mod coordination;
mod copy;
mod database;
mod export;
mod follow;
mod kind;
mod materialized;
mod required;
mod service;
mod settings;
mod space;

use std::io;
use std::path::Path;

use serde::Serialize;

pub use self::kind::FailureKind;
use self::space::or_full;
use super::message::one_line;
use crate::model::{Argument, Exit, InvalidName, InvalidVersion, OptionWith, UnknownWord, Visible};
use crate::ops::{DocumentError, Error, FileError, NoSuchFile};

/// The reason a command failed, and what the user can do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Failure {
    /// The exit code.
    pub(super) code: Exit,
    /// A stable word for programs.
    pub(super) kind: FailureKind,
    /// One sentence: what is wrong.
    pub(super) message: String,
    /// One sentence: what to do.
    pub(super) hint: String,
}

impl Failure {
    /// Each text is one line, whatever input it quotes.
    pub(super) fn new(kind: FailureKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let (message, hint) = (one_line(&message.into()), one_line(&hint.into()));
        Self { code: kind.exit(), kind, message, hint }
    }

    /// Invalid arguments or input.
    pub(super) fn input(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(FailureKind::InvalidInput, message, hint)
    }

    /// The same failure, in a run that a signal ended.
    pub(super) fn by_signal(self, signal: u8) -> Self {
        Self { code: Exit::Signal(signal), ..self }
    }

    /// The same failure with another hint.
    pub(super) fn with_hint(self, hint: &str) -> Self {
        Self { hint: one_line(hint), ..self }
    }

    /// Whether the database is missing or damaged, so that a backup may take its place.
    pub(super) fn may_be_replaced(&self) -> bool {
        use FailureKind::{DatabaseCorrupt, DatabaseMissing, NotASkillsDatabase};
        matches!(self.kind, DatabaseMissing | DatabaseCorrupt | NotASkillsDatabase)
    }

    /// Whether the database changed while it was read without locks, so that a second try may succeed.
    pub(super) fn is_about_a_change(&self) -> bool {
        self.kind == FailureKind::ChangedWhileRead
    }

    /// Whether an outside service failed, so that a later try may succeed.
    pub(super) fn is_about_a_service(&self) -> bool {
        self.code == Exit::Service
    }

    /// Whether the database is readable, but not writable now.
    pub(super) fn is_about_writing(&self) -> bool {
        matches!(self.kind, FailureKind::DatabaseDenied | FailureKind::DiskFull | FailureKind::Busy)
    }

    /// A file could not be written.
    pub(in crate::cli) fn of_file(
        kind: FailureKind,
        message: impl Into<String>,
        why: &io::Error,
        hint: &'static str,
    ) -> Self {
        let (kind, hint) = or_full(why, (kind, hint));
        Self::new(kind, message, hint)
    }

    /// A file that the user names for output could not be written.
    pub(in crate::cli) fn unwritable(kind: FailureKind, what: &str, path: &Path, why: &io::Error) -> Self {
        let message = format!("{what} could not be written to {}: {why}", Visible(path.to_string_lossy()));
        Self::of_file(kind, message, why, "Name a file in a folder that exists and may be written to.")
    }

    /// Stdout could not be written.
    pub(super) fn output(error: &io::Error) -> Self {
        let message = format!("the answer could not be written: {error}");
        Self::new(
            FailureKind::Output,
            message,
            "Check where stdout goes; if the command makes changes, they are committed.",
        )
    }

    /// A state that should be impossible, reported instead of a panic.
    pub(super) fn internal(what: &str) -> Self {
        Self::new(FailureKind::Internal, what, "This is a defect of cfn; please report it.")
    }
}

impl From<UnknownWord> for Failure {
    fn from(error: UnknownWord) -> Self {
        Self::input(error.to_string(), "Run the command with --help to see its arguments.")
    }
}

impl From<InvalidName> for Failure {
    fn from(error: InvalidName) -> Self {
        Self::input(error.to_string(), "Nothing was changed; correct the name.")
    }
}

impl From<InvalidVersion> for Failure {
    fn from(error: InvalidVersion) -> Self {
        Self::input(error.to_string(), "Nothing was changed; correct the version.")
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let message = error.to_string();
        match error {
            FileError::Unreadable { .. } => {
                Self::new(FailureKind::FileUnreadable, message, "Check the path and its permissions.")
            }
            FileError::NotRegular { .. } | FileError::NoSkillFile { .. } => {
                Self::new(FailureKind::FileNotRegular, message, "Name a skill's folder, or its SKILL.md.")
            }
            FileError::Replaced { .. } => {
                Self::new(FailureKind::FileReplaced, message, "Nothing was stored; run the command again.")
            }
            FileError::NotMoved { source, .. } => {
                let hint = "Check the folders, and run the command again.";
                Self::of_file(FailureKind::FileFailed, message, &source, hint)
            }
            FileError::Root { .. } => {
                Self::new(FailureKind::InvalidSetting, message, "Correct or unset CFN_CONTENT_ROOT in the environment.")
            }
            FileError::OutsideRoot { .. } => {
                Self::new(FailureKind::OutsideContentRoot, message, "Move the file inside, or change CFN_CONTENT_ROOT.")
            }
            FileError::Content { hint, .. } => Self::new(FailureKind::InvalidContent, message, hint),
        }
    }
}

impl From<DocumentError> for Failure {
    fn from(error: DocumentError) -> Self {
        let (kind, hint) = match error {
            DocumentError::Invalid { .. } => (
                FailureKind::InvalidDocument,
                "Nothing more was imported; 'cfn skill import-yaml FILE --mode validate-only' lists what is wrong.",
            ),
            DocumentError::Conflicts { .. } => (
                FailureKind::DocumentConflicts,
                "Nothing was changed; leave them out with --skip-conflicts, or make new versions with --force.",
            ),
            DocumentError::Output(ref source) => or_full(
                source,
                (FailureKind::ReportUnwritable, "Name a file in a folder that exists and may be written to."),
            ),
        };
        Self::new(kind, error.to_string(), hint)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let (kind, hint): (_, String) = match error {
            Error::Store(error) => return error.into(),
            Error::Workflow(error) => return error.into(),
            Error::Cache(error) => return error.into(),
            Error::Task(error) => return error.into(),
            Error::NoTokens => {
                (FailureKind::NoWriteTokens, "Recreate the triggers as in a new database, or restore a backup.".into())
            }
            Error::File(error) => return error.into(),
            Error::Export(error) => return error.into(),
            Error::Copy(error) => return error.into(),
            Error::Follow(error) => return error.into(),
            Error::Materialize(error) => return error.into(),
            Error::SkillNotFound { near, .. } => (FailureKind::SkillNotFound, not_found(&near)),
            Error::VersionNotFound { known, .. } => {
                let known: Vec<_> = known.iter().take(5).map(|it| Visible(it).to_string()).collect();
                (FailureKind::VersionNotFound, format!("It has: {}.", known.join(", ")))
            }
            Error::NoFile(NoSuchFile::Path { near, .. }) => {
                (FailureKind::FolderFileNotFound, meant(&near, "'cfn skill show' lists the files of a skill."))
            }
            Error::NoFile(NoSuchFile::Hash(_)) => {
                (FailureKind::HashNotFound, "'cfn skill show' lists the hashes of a skill's files with --json.".into())
            }
            Error::NotHigher { .. } => (FailureKind::VersionNotHigher, "Name a higher version.".into()),
            Error::OtherChangeType { actual, .. } => (
                FailureKind::OtherChangeType,
                format!("Use change type {actual}, or a version that matches the stated type."),
            ),
            Error::VersionTaken { .. } => {
                (FailureKind::VersionTaken, "Name an unused version; 'cfn skill history' lists the used ones.".into())
            }
            Error::UnreadableVersion { .. } => {
                (FailureKind::VersionUnreadable, "Deploy the file with --version X.Y.Z.".into())
            }
            Error::Unchanged { .. } => (FailureKind::ContentUnchanged, "No update is needed.".into()),
            Error::LowersLevel { .. } => (
                FailureKind::LowersApprovalLevel,
                "Nothing was changed; keep the category and the level, or use another name.".into(),
            ),
            Error::Rejected { .. } | Error::Revoked { .. } => (
                FailureKind::Rejected,
                "Correct the file, or accept the bytes with --override-rejection --reason TEXT.".into(),
            ),
            Error::NoReason => (FailureKind::NoReason, "Give the reason with --reason TEXT.".into()),
            Error::NameTaken { other, former_of, .. } => (
                FailureKind::NameTaken,
                format!("Nothing was changed; use the name {}, or another one.", Visible(former_of.unwrap_or(other))),
            ),
            Error::NameUnchanged { .. } => (FailureKind::NameUnchanged, "Nothing needs to be done.".into()),
            Error::SkillExists { name } => (
                FailureKind::SkillExists,
                format!("Nothing was changed; update it with 'cfn update {} X.Y.Z FILE'.", Argument(name)),
            ),
            Error::NotServed { .. } => {
                (FailureKind::NotServed, "Nothing was changed; approve or restore it first.".into())
            }
            Error::NotMapped { name, agent_type } => {
                let command = format!("cfn skill assign {} {}", OptionWith("--agent", agent_type), Argument(name));
                (FailureKind::NotMapped, format!("Map it first, with '{command}'."))
            }
            Error::ReplacesItself { .. } => {
                (FailureKind::ReplacesItself, "Name another skill with --replacement.".into())
            }
            Error::NotApproved { .. } => {
                (FailureKind::NotApproved, "To use it, approve it with 'cfn skill approve'.".into())
            }
            Error::Integrity { .. } => (
                FailureKind::Integrity,
                "Deploy the approved file again to restore its bytes, or run 'cfn db capture'.".into(),
            ),
            Error::Required { name, why, .. } => (FailureKind::Integrity, required::hint(&name, &why)),
            Error::AmbiguousHash { .. } => {
                (FailureKind::AmbiguousHash, "Nothing was decided; give more digits.".into())
            }
            Error::EdgeCaseNotFound { .. } => {
                (FailureKind::EdgeCaseNotFound, "'cfn edge-case list' shows the recorded ones.".into())
            }
            Error::AmbiguousEdgeCase { .. } => {
                (FailureKind::AmbiguousHash, "Nothing was changed; give more digits, or the id.".into())
            }
            Error::EdgeCaseElsewhere { .. } => (
                FailureKind::EdgeCaseElsewhere,
                "Nothing was changed; 'cfn edge-case list' shows the skill's own.".into(),
            ),
            Error::NotDecided { .. } => {
                (FailureKind::NotDecided, "Nothing was recorded; 'cfn skill approve' and 'reject' record it.".into())
            }
            Error::DecidedMeanwhile { .. } => (
                FailureKind::DecidedMeanwhile,
                "Nothing was decided; see 'cfn skill history', and decide again if need be.".into(),
            ),
            Error::Document(error) => return error.into(),
            Error::ChangedSinceReview { .. } => (
                FailureKind::ChangedSinceReview,
                "Review the output of 'cfn skill show --content', and decide again.".into(),
            ),
        };
        Self::new(kind, message, hint)
    }
}

fn not_found(near: &[String]) -> String {
    meant(near, "'cfn skill list' shows all skills.")
}

/// Suggests similar names; without any, says what lists them.
fn meant(near: &[String], otherwise: &str) -> String {
    if near.is_empty() {
        return otherwise.to_owned();
    }
    let near: Vec<_> = near.iter().map(|it| Visible(it).to_string()).collect();
    format!("Did you mean {}?", near.join(" or "))
}
