//! The care of the file; each method delegates to the file of its work.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::options::Options;
use super::work_file::WorkFile;
use super::{SqliteStore, archive, backup, check, examine, maintain, migrate, restore, rotation, scrub, status};
use crate::store::{
    ArchivePlace, ArchiveRecord, ArchiveReport, ArchivedDays, BackupReport, Care, CheckReport, DatabaseStatus,
    Durability, Examination, FileCare, MaintainReport, Maintenance, MigrateReport, Proof, RestoreReport, Result,
    ScrubReport, Transaction, UnarchiveReport,
};

impl Care for SqliteStore {
    fn status(&mut self) -> Result<DatabaseStatus> {
        self.require_tables()?;
        let report = status::report(&self.connection, &self.place)?;
        self.place.require_unchanged().map(|()| DatabaseStatus::File(report))
    }

    fn check(&mut self) -> Result<CheckReport> {
        let report = check::run(&self.connection, &self.place)?;
        self.place.require_unchanged().map(|()| report)
    }

    fn examine(&mut self) -> Result<Examination> {
        let found = examine::run(&self.connection, &self.place)?;
        self.place.require_unchanged().map(|()| found)
    }

    fn maintain(&mut self, how: Maintenance) -> Result<MaintainReport> {
        self.require_tables()?;
        maintain::run(&self.connection, &self.place, how)
    }

    fn scrub(&mut self) -> Result<ScrubReport> {
        self.require_tables()?;
        self.set_durability(Durability::Full)?;
        scrub::run(&self.connection, &self.place)
    }

    fn archive(
        &mut self,
        days: &ArchivedDays,
        to: &mut dyn ArchivePlace,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<ArchiveReport> {
        self.require_tables()?;
        self.set_durability(Durability::Full)?;
        archive::archive(&mut self.connection, &self.place, days, to, self.clock, progress)
    }

    fn archives(&mut self) -> Result<Vec<ArchiveRecord>> {
        archive::records(&self.connection).map_err(|error| self.place.fail(&error))
    }

    fn verify_archive(&mut self, of: &mut dyn ArchivePlace) -> Result<u64> {
        archive::verify(&self.connection, &self.place, of)
    }

    fn prove_archive(&mut self, of: &mut dyn ArchivePlace, mends: bool) -> Result<Proof> {
        archive::prove(&mut self.connection, &self.place, of, mends)
    }

    fn usage_months(&mut self, before: &str) -> Result<Vec<String>> {
        archive::months(&self.connection, before).map_err(|error| self.place.fail(&error))
    }

    fn unarchive(
        &mut self,
        from: &mut dyn ArchivePlace,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<UnarchiveReport> {
        self.require_tables()?;
        self.set_durability(Durability::Full)?;
        archive::unarchive(&mut self.connection, &self.place, from, progress)
    }
}

impl SqliteStore {
    /// Replaces the content, and saves the previous database under a name that says why.
    pub(super) fn restore_from(&mut self, from: &Path, why: &str) -> Result<RestoreReport> {
        self.set_durability(Durability::Full)?;
        restore::restore(&mut self.connection, &self.place, from, why, self.clock)
    }
}

impl FileCare for SqliteStore {
    fn backup(&mut self, to: &Path) -> Result<BackupReport> {
        backup::copy(&self.place, to)
    }

    fn backup_into(&mut self, to: &Path, keep: Option<NonZeroUsize>) -> Result<BackupReport> {
        rotation::backup(&self.connection, &self.place, to, keep, self.clock)
    }

    fn backup_work_file(&mut self, copy: &Path) -> Result<Option<PathBuf>> {
        let options = Options { busy_timeout: self.place.busy_timeout, ..Options::default() };
        let Some(file) = WorkFile::for_reading(&self.place.path, &options)? else { return Ok(None) };
        backup::copy(&file.place, &WorkFile::path_of(copy)).map(|it| Some(it.path))
    }

    fn restore(&mut self, from: &Path, dry_run: bool) -> Result<RestoreReport> {
        if dry_run {
            return restore::rehearse(&self.connection, &self.place, from);
        }
        self.restore_from(from, restore::WHY)
    }

    fn migrate(&mut self, fill: &mut dyn FnMut(&mut dyn Transaction) -> Result<()>) -> Result<MigrateReport> {
        self.set_durability(Durability::Full)?;
        migrate::run(&mut self.connection, &self.place, self.clock, fill)
    }
}
