//! What only a database that is a file has.

use std::path::Path;

use super::{
    ArchiveReport, BackupReport, CheckReport, MaintainReport, MigrateReport, RestoreReport, Result, StatusReport,
    Store, StoreError, Transaction, UnarchiveReport,
};

/// The care of the file of a database; [`StoreError::NoFile`] where it is none.
pub fn file_care(store: &mut dyn Store) -> Result<&mut dyn FileCare> {
    store.file_care().ok_or(StoreError::NoFile)
}

/// The care of a database that is one file: a server has its own tools for that.
pub trait FileCare {
    /// What the file is, and how the connection really is set up.
    fn status(&mut self) -> Result<StatusReport>;
    /// Looks for damage and orphans.
    fn check(&mut self) -> Result<CheckReport>;
    /// A copy of the committed state, safe under writers; appears whole or not at all.
    fn backup(&mut self, to: &Path) -> Result<BackupReport>;
    /// Replaces everything by a backup, safe under readers; the state before is kept beside the file.
    fn restore(&mut self, from: &Path) -> Result<RestoreReport>;
    /// Gives free space back and refreshes what the query planner knows, where that pays.
    fn maintain(&mut self) -> Result<MaintainReport>;
    /// Moves the usage rows of the days before `before` to a file, which is on the disk before any of them leaves the log; what
    /// reports add up stays the same. `progress` gets the rows that are done, and all.
    fn archive(&mut self, before: &str, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<ArchiveReport>;
    /// Brings the rows of such a file back; those that are in the log already are left alone.
    fn unarchive(&mut self, from: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<UnarchiveReport>;
    /// Brings an older schema up to date in one transaction, after a backup beside the file; `fill` runs inside it.
    fn migrate(&mut self, fill: &mut dyn FnMut(&mut dyn Transaction) -> Result<()>) -> Result<MigrateReport>;
}
