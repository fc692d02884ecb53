//! The care of a database file.

use std::path::{Path, PathBuf};

use super::{
    ArchiveReport, BackupReport, CheckReport, MaintainReport, MigrateReport, RestoreReport, Result, ScrubReport,
    StatusReport, Transaction, UnarchiveReport,
};

/// The care of a database that is a file. A server has its own tools.
pub trait FileCare {
    /// The state of the file, and the effective settings of the connection.
    fn status(&mut self) -> Result<StatusReport>;
    /// Checks for damage and orphaned rows.
    fn check(&mut self) -> Result<CheckReport>;
    /// Copies the committed state, even while others write. The copy appears complete or not at all.
    fn backup(&mut self, to: &Path) -> Result<BackupReport>;
    /// Copies the file beside the database, whose data can be made again, beside a copy of the database; returns its
    /// path. `None` if there is none.
    fn backup_work_file(&mut self, copy: &Path) -> Result<Option<PathBuf>>;
    /// Replaces the content with a backup, even while others read. The previous database is saved beside the file.
    fn restore(&mut self, from: &Path) -> Result<RestoreReport>;
    /// Reclaims free space and refreshes the statistics of the query planner, if worthwhile.
    fn maintain(&mut self) -> Result<MaintainReport>;
    /// Rewrites the file, empties its log and removes the search index, so that nothing is left in them of what was
    /// deleted. [`StoreError::Busy`](super::StoreError::Busy) if a reader still needs an earlier state.
    fn scrub(&mut self) -> Result<ScrubReport>;
    /// Moves usage rows from before the day `before` to a file, which is synced before any row leaves the log. Reports
    /// do not change. `progress` gets the number of rows done and in total.
    fn archive(&mut self, before: &str, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<ArchiveReport>;
    /// Moves the rows of such a file back, except those that are in the log already.
    fn unarchive(&mut self, from: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<UnarchiveReport>;
    /// Migrates an older schema in one transaction, in which `fill` runs too, after a backup beside the file.
    fn migrate(&mut self, fill: &mut dyn FnMut(&mut dyn Transaction) -> Result<()>) -> Result<MigrateReport>;
}
