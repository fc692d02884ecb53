//! The care of a database, in a file or on a server.

use std::path::Path;

use super::{
    ArchiveReport, CheckReport, DatabaseStatus, Examination, MaintainReport, Result, ScrubReport, UnarchiveReport,
};

/// How much [`Care::maintain`] may cost those who work with the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maintenance {
    /// Everything that is worthwhile; writers wait until it is done.
    Thorough,
    /// What is due and keeps nobody waiting for long; what another process prevents is left for the next time.
    IfDue,
}

/// The care of a database.
pub trait Care {
    /// The state of the database, and the effective settings of the connection.
    fn status(&mut self) -> Result<DatabaseStatus>;
    /// Checks for damage and orphaned rows.
    fn check(&mut self) -> Result<CheckReport>;
    /// Looks at plans, schema, orphaned rows, statistics and free space. Nothing is read that grows with the contents or
    /// with the usage log, and nothing is written.
    fn examine(&mut self) -> Result<Examination>;
    /// Makes missing and changed objects of the schema anew, reclaims free space and refreshes the statistics of the query
    /// planner, if worthwhile.
    fn maintain(&mut self, how: Maintenance) -> Result<MaintainReport>;
    /// Removes what is left of deleted bytes, and the search index. On SQLite, it rewrites the file and empties its log;
    /// [`StoreError::Busy`](super::StoreError::Busy) if a reader still needs an earlier state.
    fn scrub(&mut self) -> Result<ScrubReport>;
    /// Moves usage rows from before the day `before` to a file, which is synced before any row leaves the log. Reports
    /// do not change. `progress` gets the number of rows done and in total.
    fn archive(&mut self, before: &str, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<ArchiveReport>;
    /// Moves the rows of such a file back, except those that are in the log already.
    fn unarchive(&mut self, from: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<UnarchiveReport>;
}
