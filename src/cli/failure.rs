//! Every error as a sentence, a hint and an exit code: the one table.

mod service;
mod settings;

use std::io;

use serde::Serialize;

use crate::bench;
use crate::model::{InvalidName, InvalidVersion, UnknownWord, Visible};
use crate::ops::{Error, FileError};
use crate::process;
use crate::store::{FileFault, StoreError};

/// The reason a command failed, and what the user can do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Failure {
    /// The exit code.
    pub(super) code: u8,
    /// A stable word for programs.
    pub(super) kind: &'static str,
    /// One sentence: what is wrong.
    pub(super) message: String,
    /// One sentence: what to do.
    pub(super) hint: String,
}

impl Failure {
    /// Escapes invisible characters in both texts, so that quoted input cannot move the cursor.
    pub(super) fn new(code: u8, kind: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let (message, hint) = (Visible(message.into()).to_string(), Visible(hint.into()).to_string());
        Self { code, kind, message, hint }
    }

    /// Invalid arguments or input.
    pub(super) fn input(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(1, "invalid_input", message, hint)
    }

    /// Whether the database is missing or damaged, so that a backup may take its place.
    pub(super) fn may_be_replaced(&self) -> bool {
        matches!(self.kind, "database_missing" | "database_corrupt" | "not_a_skills_database")
    }

    /// Whether the database changed while it was read without locks, so that a second try may succeed.
    pub(super) fn is_about_a_change(&self) -> bool {
        self.kind == "changed_while_read"
    }

    /// Whether an outside service failed, so that a later try may succeed.
    pub(super) fn is_about_a_service(&self) -> bool {
        self.code == 9
    }

    /// Stdout could not be written.
    pub(super) fn output(error: &io::Error) -> Self {
        let message = format!("the answer could not be written: {error}");
        Self::new(1, "output", message, "The command's changes are committed; check where stdout goes.")
    }

    /// A state that should be impossible, reported instead of a panic.
    pub(super) fn internal(what: &str) -> Self {
        Self::new(1, "internal", what, "This is a defect of cfn; please report it.")
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
                Self::new(2, "file_unreadable", message, "Check the path and its permissions.")
            }
            FileError::NotRegular { .. } => {
                Self::new(2, "file_not_regular", message, "Name the SKILL.md itself, not its folder.")
            }
            FileError::Replaced { .. } => {
                Self::new(2, "file_replaced", message, "Nothing was stored; run the command again.")
            }
            FileError::Root { .. } => {
                Self::new(1, "invalid_setting", message, "Correct or unset CFN_CONTENT_ROOT in the environment.")
            }
            FileError::OutsideRoot { .. } => {
                Self::new(1, "outside_content_root", message, "Move the file inside, or change CFN_CONTENT_ROOT.")
            }
            FileError::Content { hint, .. } => Self::new(1, "invalid_content", message, hint),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        let (code, kind, hint) = match &error {
            StoreError::Missing { location } => {
                let hint = format!("Create it with 'cfn init --db {location}', or name another with --db.");
                return Self::new(3, "database_missing", message, hint);
            }
            StoreError::NotADatabase { .. } => {
                (3, "not_a_skills_database", "Name a skills database with --db; this file was not touched.")
            }
            StoreError::Damaged { .. } => (
                3,
                "database_corrupt",
                "Run 'cfn db check'; 'cfn db restore BACKUP --replace-damaged' puts a backup in its place.",
            ),
            StoreError::Newer { .. } => (3, "database_newer", "Install a newer cfn; the file was not touched."),
            StoreError::Older { .. } => (3, "database_older", "Run 'cfn db migrate'."),
            StoreError::Full { .. } => (3, "disk_full", "Free space or raise the limit, and run the command again."),
            StoreError::Denied { .. } => {
                (3, "database_denied", "Allow this user to read and write the file and its folder.")
            }
            StoreError::Conflict { .. } => (8, "conflict", "Nothing was changed; try again."),
            StoreError::Defect(what) => return Self::internal(what),
            StoreError::Busy { .. } => (8, "busy", "Try again; CFN_BUSY_TIMEOUT_MS sets how long to wait."),
            StoreError::Unreachable { .. } => {
                (3, "database_unreachable", "Start the server, or correct what --db names; nothing was changed.")
            }
            StoreError::Refused { .. } => {
                (3, "database_refused", "Correct user, password and database in what --db names; nothing was changed.")
            }
            StoreError::OutcomeUnknown { .. } => {
                (3, "outcome_unknown", "Run the command again: that is safe, and shows the outcome.")
            }
            StoreError::DamagedRow { .. } => (3, "damaged_row", "Correct the row, and run 'cfn db check'."),
            StoreError::Statement { .. } => {
                (1, "statement_refused", "Use a single SELECT on the tables of the skills database.")
            }
            StoreError::NoFile => (1, "database_not_a_file", "Use the tools of the server, such as pg_dump."),
            StoreError::File(fault) => of_file(fault),
            StoreError::Failed { .. } => (3, "database_failed", "Run 'cfn db check'."),
        };
        Self::new(code, kind, message, hint)
    }
}

/// What only a database that is a file can have.
fn of_file(fault: &FileFault) -> (u8, &'static str, &'static str) {
    match fault {
        FileFault::Changed { .. } => {
            (8, "changed_while_read", "Try again; with write permission for the folder, reads are never disturbed.")
        }
        FileFault::Replaced { .. } => (3, "database_replaced", "Nothing was changed; run the command again."),
        FileFault::ForeignLog { .. } => (
            3,
            "foreign_log",
            "End the processes that use it, and move its '-wal' and '-shm' away: they belong to the old file.",
        ),
        FileFault::NotAFile { .. } => (3, "database_file", "Move it away: SQLite needs this file name."),
        FileFault::Archive { .. } => (2, "archive_refused", "Name a complete archive of this database, or a new file."),
        FileFault::Unusable { .. } => (3, "database_file", "Check the folder's permissions and free space."),
    }
}

impl From<bench::Error> for Failure {
    fn from(error: bench::Error) -> Self {
        let message = error.to_string();
        let (kind, hint) = match error {
            bench::Error::Store(error) => return error.into(),
            bench::Error::Name(error) => return error.into(),
            bench::Error::Defect(what) => return Self::internal(what),
            bench::Error::Interrupted => return Self::new(130, "interrupted", message, "Run it again."),
            bench::Error::File { .. } => {
                return Self::new(2, "file_failed", message, "Check the folder and its free space.");
            }
            bench::Error::NoRun { .. } => {
                ("no_bench_run", "Name the output of 'cfn bench --json', or a --samples file.")
            }
            bench::Error::Process(process::Error::Failed { .. }) => {
                ("program_failed", "Nothing was measured; run that command by itself to see the error.")
            }
            bench::Error::Process(process::Error::NotStarted { .. }) => {
                ("program_not_started", "Install it, or correct the command.")
            }
            bench::Error::WrongAnswer { .. } => ("wrong_answer", "Correct the command; nothing was measured."),
        };
        Self::new(1, kind, message, hint)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let (code, kind, hint): (u8, _, String) = match error {
            Error::Store(error) => return error.into(),
            Error::Workflow(error) => return error.into(),
            Error::Cache(error) => return error.into(),
            Error::NoTokens => {
                (3, "no_write_tokens", "Recreate the triggers as in a new database, or restore a backup.".into())
            }
            Error::File(error) => return error.into(),
            Error::SkillNotFound { near, .. } => (4, "skill_not_found", not_found(&near)),
            Error::VersionNotFound { known, .. } => {
                let known: Vec<_> = known.iter().take(5).map(|it| Visible(it).to_string()).collect();
                (4, "version_not_found", format!("It has: {}.", known.join(", ")))
            }
            Error::NotHigher { .. } => (5, "version_not_higher", "Name a higher version.".into()),
            Error::OtherChangeType { actual, .. } => (
                5,
                "other_change_type",
                format!("Use change type {actual}, or a version that matches the stated type."),
            ),
            Error::VersionTaken { .. } => {
                (5, "version_taken", "Name an unused version; 'cfn skill history' lists the used ones.".into())
            }
            Error::UnreadableVersion { .. } => {
                (5, "version_unreadable", "Deploy the file with --version X.Y.Z.".into())
            }
            Error::Unchanged { .. } => (6, "content_unchanged", "No update is needed.".into()),
            Error::LowersLevel { .. } => (
                7,
                "lowers_approval_level",
                "Nothing was changed; keep the category and the level, or use another name.".into(),
            ),
            Error::Rejected { .. } => {
                (7, "rejected", "Correct the file, or accept the bytes with --override-rejection --reason TEXT.".into())
            }
            Error::NoReason => (1, "no_reason", "Give the reason with --reason TEXT.".into()),
            Error::NameTaken { other, .. } => {
                (7, "name_taken", format!("Nothing was changed; use the name {}, or another one.", Visible(other)))
            }
            Error::NotApproved { .. } => (7, "not_approved", "To use it, approve it with 'cfn skill approve'.".into()),
            Error::Integrity { .. } => {
                (7, "integrity", "Deploy the approved file again to restore its bytes, or run 'cfn db capture'.".into())
            }
            Error::AmbiguousHash { .. } => (7, "ambiguous_hash", "Nothing was decided; give more digits.".into()),
            Error::ChangedSinceReview { .. } => {
                (7, "changed_since_review", "Review the output of 'cfn skill show --content', and decide again.".into())
            }
        };
        Self::new(code, kind, message, hint)
    }
}

fn not_found(near: &[String]) -> String {
    if near.is_empty() {
        return "'cfn skill list' shows all skills.".to_owned();
    }
    let near: Vec<_> = near.iter().map(|it| Visible(it).to_string()).collect();
    format!("Did you mean {}?", near.join(" or "))
}
