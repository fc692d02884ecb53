//! Reports of database maintenance.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::ArchivedDays;
use crate::model::{Location, maybe_path_as_text, path_as_text, paths_as_text};

/// The report of [`super::Care::status`].
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum DatabaseStatus {
    /// Of a file.
    File(StatusReport),
    /// On a server.
    Server(ServerStatus),
}

/// The state of a database on a server.
#[derive(Debug, Clone, Serialize)]
pub struct ServerStatus {
    /// The server, the database and the schema, without user and password.
    pub server: Location,
    /// The version of the server.
    pub server_version: String,
    /// Size of the schema's tables and indexes in bytes.
    pub size_bytes: u64,
    /// The version of the schema.
    pub schema_version: String,
    /// What connecting took, in milliseconds.
    pub connecting_ms: f64,
    /// What a query took, in milliseconds.
    pub query_ms: f64,
    /// The oldest transaction on the server, in seconds; `None` if there is none but this one.
    pub oldest_transaction_seconds: Option<f64>,
    /// The statement that ends it.
    #[serde(skip)]
    pub end_oldest_transaction: Option<String>,
    /// Each replica with its lag in bytes, as far as the role may see them.
    #[serde(serialize_with = "object")]
    pub replicas: Vec<(String, i64)>,
    /// Effective settings of the connection.
    #[serde(serialize_with = "object")]
    pub settings: Vec<(String, String)>,
    /// Number of rows by table.
    #[serde(serialize_with = "object")]
    pub counts: Vec<(String, i64)>,
    /// What to do about it.
    pub advice: Vec<String>,
}

/// The state of a database file.
#[derive(Debug, Clone, Serialize)]
pub struct StatusReport {
    /// The file.
    #[serde(serialize_with = "path_as_text")]
    pub path: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Size of its write-ahead log in bytes.
    pub wal_bytes: u64,
    /// The size of `skills-work.db`; 0 without one.
    pub work_bytes: u64,
    /// The schema's version, such as `v3.0.0`.
    pub schema_version: String,
    /// The SQLite version of this program.
    pub sqlite_version: String,
    /// The effective values of the pragmas that cfn sets.
    #[serde(serialize_with = "object")]
    pub pragmas: Vec<(String, String)>,
    /// Number of rows by table.
    #[serde(serialize_with = "object")]
    pub counts: Vec<(String, i64)>,
    /// The index that serves each one of the architecture reference.
    #[serde(serialize_with = "object")]
    pub indexes: Vec<(String, String)>,
}

/// Serialises pairs as one JSON object, in order.
fn object<S: Serializer, V: Serialize>(pairs: &[(String, V)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// The report of [`super::Care::check`].
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// Damage: results of SQLite's own check, and stored bytes that do not match their hash.
    pub damage: Vec<String>,
    /// Orphaned rows, and rows that violate constraints that old tables lack.
    pub warnings: Vec<String>,
    /// Number of verified contents.
    pub contents_checked: u64,
}

/// The report of [`super::FileCare::backup`].
#[derive(Debug, Clone, Serialize)]
pub struct BackupReport {
    /// The copy.
    #[serde(serialize_with = "path_as_text")]
    pub path: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The copy of the work file, if one was requested and there is one.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe_path_as_text")]
    pub work_file: Option<PathBuf>,
    /// Older copies that were removed.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "paths_as_text")]
    pub removed: Vec<PathBuf>,
}

/// The report of [`super::FileCare::restore`].
#[derive(Debug, Clone, Serialize)]
pub struct RestoreReport {
    /// The restored backup.
    #[serde(serialize_with = "path_as_text")]
    pub from: PathBuf,
    /// The copy of the previous database, if there was one.
    #[serde(serialize_with = "maybe_path_as_text")]
    pub previous: Option<PathBuf>,
    /// Decisions of the previous database that the backup does not have; `None` if it could not be read.
    pub lost_decisions: Option<LostDecisions>,
    /// Whether this was a dry run.
    pub dry_run: bool,
}

/// Decisions that a restore loses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LostDecisions {
    /// Number of approvals.
    pub approvals: u64,
    /// Number of rejections.
    pub rejections: u64,
    /// Number of revocations; one counts for each skill that had the bytes.
    pub revocations: u64,
    /// Number of escalations and other decisions.
    pub others: u64,
    /// The skills, those with a rejection or revocation first.
    pub skills: Vec<String>,
}

/// The report of [`super::Care::maintain`].
#[derive(Debug, Clone, Serialize)]
pub struct MaintainReport {
    /// Size of the file and its write-ahead log before, in bytes.
    pub bytes_before: u64,
    /// Size after, in bytes.
    pub bytes_after: u64,
    /// Whether the file was rewritten.
    pub vacuumed: bool,
    /// Whether statistics were refreshed.
    pub analyzed: bool,
    /// Reasons for steps that were skipped.
    pub notes: Vec<String>,
}

/// The report of [`super::Care::scrub`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScrubReport {
    /// Number of search indexes that were removed.
    pub removed_indexes: usize,
    /// Copies of earlier states beside the database, which are not touched.
    pub copies: Vec<PathBuf>,
}

/// The report of [`super::FileCare::migrate`].
#[derive(Debug, Clone, Serialize)]
pub struct MigrateReport {
    /// The previous schema; `None` if it was up to date.
    pub from: Option<String>,
    /// The current schema.
    pub to: String,
    /// The copy of the previous database.
    #[serde(serialize_with = "maybe_path_as_text")]
    pub backup: Option<PathBuf>,
    /// Added tables, columns and views.
    pub added: Vec<String>,
    /// Dropped redundant indexes.
    pub dropped: Vec<String>,
    /// Number of active skills that got an approval, since the old layout had none.
    pub carried_forward: u64,
}

/// The report of [`super::Care::archive`].
#[derive(Debug, Clone, Serialize)]
pub struct ArchiveReport {
    /// The file, or the server.
    #[serde(serialize_with = "path_as_text")]
    pub path: PathBuf,
    /// Rows from before this day were moved.
    pub before: String,
    /// Number of rows in the file.
    pub rows: u64,
    /// Number of rows moved out of the log.
    pub moved: u64,
    /// Number of rows that another program changed or deleted meanwhile.
    pub kept: u64,
}

impl ArchiveReport {
    /// Before anything was moved.
    pub(super) fn of(place: &Path, days: &ArchivedDays) -> Self {
        Self { path: place.to_owned(), before: days.before.clone(), rows: 0, moved: 0, kept: 0 }
    }
}

/// The report of [`super::Care::unarchive`].
#[derive(Debug, Clone, Serialize)]
pub struct UnarchiveReport {
    /// The file.
    #[serde(serialize_with = "path_as_text")]
    pub path: PathBuf,
    /// Number of rows in the file.
    pub rows: u64,
    /// Number of restored rows.
    pub returned: u64,
    /// Number of restored rows with a new id, since their old id is in use.
    pub renumbered: u64,
}

impl UnarchiveReport {
    /// Before anything was restored.
    pub(super) fn of(place: &Path, rows: u64) -> Self {
        Self { path: place.to_owned(), rows, returned: 0, renumbered: 0 }
    }
}
