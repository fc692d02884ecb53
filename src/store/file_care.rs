//! The care of a database file.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::{BackupReport, MigrateReport, RestoreReport, Result, Transaction};

/// The care of a database that is a file. A server has its own tools.
pub trait FileCare {
    /// Copies the committed state, even while others write. The copy appears complete or not at all.
    fn backup(&mut self, to: &Path) -> Result<BackupReport>;
    /// Copies it to a new file of the folder `to`, named after the database and the time, and then removes all but the
    /// newest `keep` of such files; likewise those saved beside the database before a restore or a migration.
    fn backup_into(&mut self, to: &Path, keep: Option<NonZeroUsize>) -> Result<BackupReport>;
    /// Copies the file beside the database, whose data can be made again, beside a copy of the database; returns its
    /// path. `None` if there is none.
    fn backup_work_file(&mut self, copy: &Path) -> Result<Option<PathBuf>>;
    /// Replaces the content with a backup, even while others read. The previous database is saved beside the file. A dry
    /// run only checks the backup, and counts the decisions that it does not have.
    fn restore(&mut self, from: &Path, dry_run: bool) -> Result<RestoreReport>;
    /// Migrates an older schema in one transaction, in which `fill` runs too, after a backup beside the file.
    fn migrate(&mut self, fill: &mut dyn FnMut(&mut dyn Transaction) -> Result<()>) -> Result<MigrateReport>;
}
