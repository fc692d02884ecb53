//! Errors of the database.

use std::io;

use super::space::{FREE_SPACE, or_full};
use super::{Failure, FailureKind};
use crate::model::Location;
use crate::postgres::Refusal;
use crate::store::{FileFault, StoreError};

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        if let Some((kind, hint)) = of_server(&error) {
            return Self::new(kind, message, hint);
        }
        let (kind, hint) = match &error {
            StoreError::Missing { location } => return Self::missing(message, location),
            StoreError::NotADatabase { .. } => {
                (FailureKind::NotASkillsDatabase, "Name a skills database with --db; this file was not touched.")
            }
            StoreError::Damaged { .. } => (
                FailureKind::DatabaseCorrupt,
                "Run 'cfn db check'; 'cfn db restore BACKUP --replace-damaged' puts a backup in its place.",
            ),
            StoreError::Newer { .. } => (FailureKind::DatabaseNewer, "Install a newer cfn; the file was not touched."),
            StoreError::Older { .. } => (FailureKind::DatabaseOlder, "Run 'cfn db migrate'."),
            StoreError::Full { .. } => (FailureKind::DiskFull, FREE_SPACE),
            StoreError::Denied { .. } => {
                (FailureKind::DatabaseDenied, "Allow this user to read and write the file and its folder.")
            }
            StoreError::Conflict { .. } => (FailureKind::Conflict, "Nothing was changed; try again."),
            StoreError::Defect(what) => return Self::internal(what),
            StoreError::Busy { .. } => (FailureKind::Busy, "Try again; CFN_BUSY_TIMEOUT_MS sets how long to wait."),
            StoreError::Unreachable { .. } | StoreError::ArchiveUnreachable { .. } | StoreError::Refused { .. } => {
                of_connection(&error)
            }
            StoreError::OutcomeUnknown { .. } => {
                (FailureKind::OutcomeUnknown, "Run the command again: that is safe, and shows the outcome.")
            }
            StoreError::DamagedRow { .. } => (FailureKind::DamagedRow, "Correct the row, and run 'cfn db check'."),
            StoreError::Statement { .. } => {
                (FailureKind::StatementRefused, "Use a single SELECT on the tables of the skills database.")
            }
            StoreError::Occupied { .. } => {
                (FailureKind::DatabaseOccupied, "Name another target, or add --replace; nothing was changed.")
            }
            StoreError::NoFile => {
                (FailureKind::DatabaseNotAFile, "Use pg_dump and pg_restore, or 'cfn db copy' to and from a file.")
            }
            StoreError::File(fault) => of_file(fault),
            StoreError::Failed { .. } => (FailureKind::DatabaseFailed, "Run 'cfn db check'."),
        };
        Self::new(kind, message, hint)
    }
}

/// Errors that only a database in a file has.
impl Failure {
    fn missing(message: String, location: &Location) -> Self {
        let hint = format!("Create it with 'cfn init --db {location}', or name another with --db.");
        Self::new(FailureKind::DatabaseMissing, message, hint)
    }

    /// The failure of reading an archive, for which a new file is none.
    pub(in crate::cli) fn of_reading_an_archive(error: StoreError) -> Self {
        let failure = Self::from(error);
        let is_refused = failure.kind == FailureKind::ArchiveRefused;
        if is_refused { failure.with_hint("Name a complete archive of this database.") } else { failure }
    }

    /// The same, where not --db names the database, but this option.
    pub(in crate::cli) fn of_database_named_by(self, option: &str) -> Self {
        let hint = match self.kind {
            FailureKind::DatabaseMissing => format!("Name a database that exists with {option}."),
            _ => self.hint.replace("--db", option),
        };
        Self { hint, ..self }
    }
}

/// What keeps cfn from a server.
fn of_connection(error: &StoreError) -> (FailureKind, &'static str) {
    match error {
        StoreError::ArchiveUnreachable { .. } => (
            FailureKind::ArchiveUnreachable,
            "Start the server, or correct its line in ~/.pgpass; then run the command again: it continues.",
        ),
        StoreError::Refused { refusal, .. } => (FailureKind::DatabaseRefused, of_refusal(*refusal)),
        _ => (
            FailureKind::DatabaseUnreachable,
            "As the message says: start the server, or correct host, port or TLS in what --db names; nothing was changed.",
        ),
    }
}

/// Why a server refuses to be connected to.
fn of_refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Login => {
            "Correct user and password in what --db names, or the server's pg_hba.conf; nothing was changed."
        }
        Refusal::NoDatabase => "Create the database, or correct its name in what --db names; nothing was changed.",
        Refusal::Rights => "Grant the role CONNECT on the database; nothing was changed.",
        Refusal::Connections => {
            "All connections are taken: raise max_connections or the role's limit, or end some; nothing was changed."
        }
        Refusal::ReadOnly => "Name the primary server with --db; nothing was changed.",
        Refusal::Disk | Refusal::Resources | Refusal::Defect => "The server failed; see its log. Nothing was changed.",
        _ => "Mend what the server's message says, or correct what --db names; nothing was changed.",
    }
}

/// Errors with another hint for a database on a server.
fn of_server(error: &StoreError) -> Option<(FailureKind, &'static str)> {
    Some(match error {
        StoreError::Damaged { location: Location::Server(_), .. } => {
            (FailureKind::DatabaseCorrupt, "Run 'cfn db check', and restore what is missing from a dump.")
        }
        StoreError::Older { location: Location::Server(_) } => (
            FailureKind::DatabaseOlder,
            "Run 'cfn db migrate' with this --db: on a server, nothing else changes the schema.",
        ),
        StoreError::Newer { location: Location::Server(_), .. } => {
            (FailureKind::DatabaseNewer, "Install a newer cfn; the database was not touched.")
        }
        StoreError::Denied { location: Location::Server(_), .. } => (
            FailureKind::DatabaseDenied,
            "Grant the role the rights that docs/postgresql.md lists, or name the primary server with --db.",
        ),
        StoreError::Failed { location: Location::Server(_), .. } => (
            FailureKind::DatabaseFailed,
            "Mend what the server's message says, and run the command again; nothing was changed.",
        ),
        StoreError::Full { location: Location::Server(_), .. } => {
            (FailureKind::DiskFull, "Free space on the server, and run the command again; nothing was changed.")
        }
        _ => return None,
    })
}

fn of_file(fault: &FileFault) -> (FailureKind, &'static str) {
    match fault {
        FileFault::Changed { .. } => (
            FailureKind::ChangedWhileRead,
            "Try again; with write permission for the folder, reads are never disturbed.",
        ),
        FileFault::Replaced { .. } => (FailureKind::DatabaseReplaced, "Nothing was changed; run the command again."),
        FileFault::ForeignLog { .. } => (
            FailureKind::ForeignLog,
            "End the processes that use it, and move its '-wal' and '-shm' away: they belong to the old file.",
        ),
        FileFault::NotAFile { .. } => (FailureKind::DatabaseFile, "Move it away: SQLite needs this file name."),
        FileFault::OwnDatabase { .. } => {
            (FailureKind::InvalidInput, "Name another file: a copy in its place would be none.")
        }
        FileFault::OtherKind { .. } => {
            (FailureKind::FileNotRegular, "Name a new file or folder, or one of earlier copies; nothing was written.")
        }
        FileFault::Archive { .. } => {
            (FailureKind::ArchiveRefused, "Name a complete archive of this database, or a new file.")
        }
        FileFault::NotPushed { .. } => (FailureKind::UsageNotPushed, "Run 'cfn sync', and then the command again."),
        FileFault::Unusable { source, .. } if source.kind() == io::ErrorKind::InvalidFilename => {
            (FailureKind::DatabaseFile, "Use a shorter file name: cfn and SQLite add up to 25 characters to it.")
        }
        FileFault::Unusable { source, .. } => {
            or_full(source, (FailureKind::DatabaseFile, "Check the folder and its permissions."))
        }
    }
}
