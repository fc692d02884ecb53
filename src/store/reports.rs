//! What the care of a database reports.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use crate::model::{maybe_path_as_text, path_as_text};

/// What [`super::FileCare::status`] saw.
#[derive(Debug, Clone, Serialize)]
pub struct StatusReport {
    /// The file.
    #[serde(serialize_with = "path_as_text")]
    pub path: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The size of its write-ahead log in bytes.
    pub wal_bytes: u64,
    /// The schema's version, such as `v3.0.0`.
    pub schema_version: String,
    /// The SQLite inside this program.
    pub sqlite_version: String,
    /// Each pragma that cfn sets, as the connection answers.
    #[serde(serialize_with = "object")]
    pub pragmas: Vec<(String, String)>,
    /// Rows by table.
    #[serde(serialize_with = "object")]
    pub counts: Vec<(String, i64)>,
    /// How each index of the architecture reference is provided.
    #[serde(serialize_with = "object")]
    pub indexes: Vec<(String, String)>,
}

/// Pairs as one JSON object, in their order.
fn object<S: Serializer, V: Serialize>(pairs: &[(String, V)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// What [`super::FileCare::check`] found.
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// Damage: what SQLite's own check says, and stored bytes that are not those of their hash.
    pub damage: Vec<String>,
    /// Rows that point nowhere, and rows that break a rule that old tables do not enforce.
    pub warnings: Vec<String>,
    /// How many stored contents were hashed.
    pub contents_checked: u64,
}

/// What [`super::FileCare::backup`] wrote.
#[derive(Debug, Clone, Serialize)]
pub struct BackupReport {
    /// The copy.
    #[serde(serialize_with = "path_as_text")]
    pub path: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// What [`super::FileCare::restore`] did.
#[derive(Debug, Clone, Serialize)]
pub struct RestoreReport {
    /// The backup that is now the database.
    #[serde(serialize_with = "path_as_text")]
    pub from: PathBuf,
    /// The state before, where there was one.
    #[serde(serialize_with = "maybe_path_as_text")]
    pub previous: Option<PathBuf>,
}

/// What [`super::FileCare::maintain`] gained.
#[derive(Debug, Clone, Serialize)]
pub struct MaintainReport {
    /// Bytes of the file and its write-ahead log before.
    pub bytes_before: u64,
    /// And after.
    pub bytes_after: u64,
    /// Whether the file was rewritten.
    pub vacuumed: bool,
    /// Whether statistics were refreshed.
    pub analyzed: bool,
    /// Why something was left alone.
    pub notes: Vec<String>,
}

/// What [`super::FileCare::migrate`] did.
#[derive(Debug, Clone, Serialize)]
pub struct MigrateReport {
    /// The schema before; none where it was up to date, or another process was faster.
    pub from: Option<String>,
    /// The schema now.
    pub to: String,
    /// The copy of the state before.
    #[serde(serialize_with = "maybe_path_as_text")]
    pub backup: Option<PathBuf>,
    /// What was added: tables, columns, views.
    pub added: Vec<String>,
    /// Redundant indexes that were dropped.
    pub dropped: Vec<String>,
    /// Skills that were carried forward with an approval, because the old layout had none.
    pub carried_forward: u64,
}

/// What [`super::FileCare::archive`] moved.
#[derive(Debug, Clone, Serialize)]
pub struct ArchiveReport {
    /// The file.
    #[serde(serialize_with = "path_as_text")]
    pub path: PathBuf,
    /// Whose rows are older than this day.
    pub before: String,
    /// The rows in the file.
    pub rows: u64,
    /// The rows that left the log now.
    pub moved: u64,
    /// The rows that another program changed or deleted meanwhile.
    pub kept: u64,
}

/// What [`super::FileCare::unarchive`] brought back.
#[derive(Debug, Clone, Serialize)]
pub struct UnarchiveReport {
    /// The file.
    #[serde(serialize_with = "path_as_text")]
    pub path: PathBuf,
    /// The rows in the file.
    pub rows: u64,
    /// The rows that came back now.
    pub returned: u64,
    /// Those of them that have another id, because another row had got theirs meanwhile.
    pub renumbered: u64,
}
