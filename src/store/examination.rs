//! What a quick look at a database finds, for `cfn doctor`.

use std::path::PathBuf;
use std::time::Duration;

/// The findings of [`Care::examine`](super::Care::examine); those that an engine does not have are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examination {
    /// The hot queries.
    pub plans: Vec<HotQuery>,
    /// What keeps cfn from working, such as a missing column or a trigger that is off.
    pub damage: Vec<Repairable>,
    /// Objects of the schema that are missing or changed; [`Care::maintain`](super::Care::maintain) makes them anew.
    pub incomplete: Vec<String>,
    /// Objects that a new database does not have.
    pub foreign: Vec<Repairable>,
    /// Rows that point to nothing, contents that are missing, and invalid values.
    pub orphans: Vec<Repairable>,
    /// Skills whose bytes are not in the database, which may be in files.
    pub missing_contents: Vec<String>,
    /// Pages of the file.
    pub pages: Option<Pages>,
    /// Tables whose statistics are missing or older than their data.
    pub without_statistics: Vec<String>,
    /// Coming months of which the usage log has no partition, as `YYYY-MM`.
    pub missing_partitions: Vec<String>,
    /// Indexes that the server does not use.
    pub invalid_indexes: Vec<Repairable>,
    /// What round trips to the server took.
    pub round_trips: Vec<Duration>,
}

/// Something that is wrong, and the statement that mends it, where one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repairable {
    /// What is wrong, with the rows or the object.
    pub what: String,
    /// The statement.
    pub sql: Option<String>,
}

impl From<String> for Repairable {
    fn from(what: String) -> Self {
        Self { what, sql: None }
    }
}

/// A query that commands run often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotQuery {
    /// What it finds.
    pub name: &'static str,
    /// The steps of its plan whose cost grows with a table.
    pub problems: Vec<String>,
}

/// Pages of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pages {
    /// Number of free ones.
    pub free: u64,
    /// Number of all.
    pub all: u64,
    /// Size of one in bytes.
    pub size: u64,
}

/// Minimum share of free pages for rewriting a file, as one in so many.
const WORTH_A_VACUUM: u64 = 10;

impl Pages {
    /// Whether rewriting the file pays.
    #[must_use]
    pub fn are_worth_a_vacuum(self) -> bool {
        self.all > 0 && self.free * WORTH_A_VACUUM >= self.all
    }
}

/// The state of a database file and of what lies beside it, without opening it as a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The network file system that it is on.
    pub network: Option<&'static str>,
    /// Free bytes of its file system, for this user.
    pub free_bytes: Option<u64>,
    /// The file, and what SQLite keeps beside it.
    pub files: Vec<FileRights>,
    /// Its write-ahead log.
    pub log: LogFacts,
    /// Processes that have another file of this name open, which was replaced or deleted.
    pub of_another_file: Vec<u32>,
}

/// Who may use a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRights {
    /// The file.
    pub path: PathBuf,
    /// Its permission bits.
    pub mode: u32,
    /// The id of its owner.
    pub owner: u32,
}

/// The state of a write-ahead log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFacts {
    /// Its size in bytes.
    pub bytes: u64,
    /// Number of pages that were written since it was last begun anew.
    pub pages: u64,
    /// Number of transactions that wrote them.
    pub commits: u64,
    /// Processes that still read an earlier state, so that it cannot be emptied.
    pub pinned_by: Vec<u32>,
}

/// The statement with which a user disables all bootstrap skills; in a schema, if the database has one.
#[must_use]
pub fn disabling_bootstrap(schema: Option<&str>) -> String {
    let schema = schema.map(|it| format!("{it}.")).unwrap_or_default();
    format!("UPDATE {schema}bootstrap_skills SET enabled = 0")
}
