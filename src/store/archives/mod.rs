//! Archives of the usage log, which are the same for every engine, and for every place where they are kept.

mod file;
mod format;
mod uses;
mod values;

use std::fs::Metadata;
use std::path::Path;

pub use self::file::FileArchive;
pub(super) use self::format::{
    AllRows, EachPart, EachRow, Header, Written, header_of, in_parts, line_of, refused, require_same, row_of, verify,
};
pub use self::uses::{ArchivedPart, ArchivedUse, ArchivedUses};
pub(super) use self::uses::{back_name, gist_name, gist_of, newest_of, trace_of, use_of};
pub(super) use self::values::{Value, hex, id_of, is_id};

use serde::Serialize;

use super::{Result, StoreError};
use crate::model::Location;

/// The days of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchivedDays {
    /// The first of them: `2025-10-01`; `None` for all before the end.
    pub first: Option<String>,
    /// The day after the last.
    pub before: String,
}

/// An archive, as the database remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveRecord {
    /// The file, or the server.
    pub place: String,
    /// It has rows from before this day.
    pub before: String,
    /// Number of its rows.
    pub rows: i64,
    /// Number of its parts.
    pub parts: i64,
    /// Number of parts whose rows are out of the log.
    pub parts_out: i64,
}

impl ArchiveRecord {
    /// Whether it is on a server, not in a file.
    #[must_use]
    pub fn is_on_a_server(&self) -> bool {
        self.place.starts_with("postgresql://")
    }

    /// Whether all of its rows are out of the log.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.parts_out == self.parts
    }
}

/// Where an archive of the usage log is kept.
///
/// What was written is complete, or not there: after an interruption, the same call continues.
pub trait ArchivePlace {
    /// Its name in messages, and in the record of the database: a path, or a URL without a password.
    fn name(&self) -> &Path;
    /// Whether there is an archive; on a server, one of this database.
    fn exists(&mut self, database: &str) -> Result<bool>;
    /// Writes an archive so that no failure of a machine takes it; returns whether there is one, which there is not without
    /// rows. `rows` may be called twice. A file has the permissions of `original`.
    fn write(&mut self, header: Header, original: Option<&Metadata>, rows: &mut AllRows<'_>) -> Result<bool>;
    /// Verifies an archive of this database. `before`: the day that it must have the rows before.
    fn open(&mut self, database: &str, before: Option<&str>) -> Result<Header>;
    /// Reads the rows of a verified archive in parts: `part` gets the number of each. `progress` gets the number of rows done
    /// and in total.
    fn parts(&mut self, progress: &mut dyn FnMut(u64, u64), part: &mut EachPart<'_>) -> Result<()>;
    /// Ends an archive whose rows are all in the log again.
    fn discard(&mut self) -> Result<()>;
}

/// Translates an error after a part was committed or the archive recorded. Busy stays busy, since a retry is safe.
pub(super) fn after_a_commit(location: Location, error: StoreError) -> StoreError {
    match error {
        StoreError::Busy { .. } | StoreError::Conflict { .. } | StoreError::OutcomeUnknown { .. } => error,
        other => StoreError::OutcomeUnknown { location, detail: other.to_string() },
    }
}

/// The error of ending an archive whose rows are all back. A server that is away is named: the next run ends it.
pub(super) fn after_all_are_back(location: Location, error: StoreError) -> StoreError {
    match error {
        StoreError::ArchiveUnreachable { .. } => error,
        other => after_a_commit(location, other),
    }
}
