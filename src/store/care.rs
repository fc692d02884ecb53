//! The care of a database, in a file or on a server.

use super::{
    ArchivePlace, ArchiveRecord, ArchiveReport, ArchivedDays, CheckReport, DatabaseStatus, Examination, MaintainReport,
    Proof, Result, ScrubReport, UnarchiveReport,
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
    /// Moves usage rows of these days to a place, which has them for good before any of them leaves the log. Reports do not
    /// change. `progress` gets the number of rows done and in total.
    fn archive(
        &mut self,
        days: &ArchivedDays,
        to: &mut dyn ArchivePlace,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<ArchiveReport>;
    /// The archives that have rows of this log.
    fn archives(&mut self) -> Result<Vec<ArchiveRecord>>;
    /// Reads all rows of an archive, and compares them with what was written; returns their number.
    fn verify_archive(&mut self, of: &mut dyn ArchivePlace) -> Result<u64>;
    /// Adds up the rows of an archive, and compares the result with the sums that stayed here. `mends`: sums that differ become
    /// those of the rows, and are not counted as differences. Nothing is changed unless all rows are those that were written.
    fn prove_archive(&mut self, of: &mut dyn ArchivePlace, mends: bool) -> Result<Proof>;
    /// The months with rows from before the day `before`, by their first days.
    fn usage_months(&mut self, before: &str) -> Result<Vec<String>>;
    /// Moves the rows of such an archive back, except those that are in the log already.
    fn unarchive(&mut self, from: &mut dyn ArchivePlace, progress: &mut dyn FnMut(u64, u64))
    -> Result<UnarchiveReport>;
}
