//! What was copied, and why a copy was not made.

use std::path::PathBuf;

use serde::Serialize;

use crate::model::{Location, Visible};

/// Why a copy was not made. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The target cannot hold some rows.
    #[error("{rows} of its rows cannot be copied: {}", some(first))]
    Refused {
        /// How many.
        rows: u64,
        /// The first of them.
        first: Vec<RefusedRow>,
    },
    /// Source and target are the same database.
    #[error("{location} cannot be copied to itself")]
    Same {
        /// The database.
        location: Location,
    },
    /// The target does not have what was written to it.
    #[error("the copy differs from its source in the table {table}, so it was undone")]
    Differs {
        /// The first table that differs.
        table: &'static str,
    },
}

/// What was copied, or would be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CopyReport {
    /// The source.
    pub from: Location,
    /// The target.
    pub to: Location,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The number of rows.
    pub rows: u64,
    /// The rows of each table.
    pub tables: Vec<CopiedTable>,
    /// Values that are kept beside their row, because the target's column has another type.
    pub other_values: u64,
    /// What the source has that is not cfn's.
    pub left_out: Vec<String>,
    /// Rows that the target cannot hold: the first of them.
    pub refused: Vec<RefusedRow>,
    /// How many they are.
    pub refused_rows: u64,
    /// SHA-256 of all rows: two databases with the same rows have the same one, on any engine.
    pub sha256: String,
    /// What the target held before.
    pub replaced: Option<String>,
    /// Where that was saved.
    pub previous: Option<PathBuf>,
    /// How long copying took.
    pub copy_ms: u64,
    /// How long the proof took.
    pub proof_ms: u64,
}

/// A table that was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CopiedTable {
    /// Its name.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
}

/// A row that a target cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedRow {
    /// Its table.
    pub table: &'static str,
    /// Its key.
    pub row: String,
    /// The column.
    pub column: &'static str,
    /// Why not.
    pub why: String,
}

/// The first few rows, in words.
fn some(rows: &[RefusedRow]) -> String {
    let few = rows.iter().take(5);
    let said = few.map(|it| format!("{} {}, {}: {}", it.table, Visible(&it.row), it.column, it.why));
    said.collect::<Vec<_>>().join("; ")
}
