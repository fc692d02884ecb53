//! The care of a database on a server; each method delegates to the file of its work.

use std::path::Path;

use super::{PostgresStore, check, maintain, scrub, status};
use crate::store::{
    ArchiveReport, Care, CheckReport, DatabaseStatus, MaintainReport, Result, ScrubReport, StoreError, UnarchiveReport,
};

impl Care for PostgresStore {
    fn status(&mut self) -> Result<DatabaseStatus> {
        status::report(self).map(DatabaseStatus::Server)
    }

    fn check(&mut self) -> Result<CheckReport> {
        check::run(self)
    }

    fn maintain(&mut self) -> Result<MaintainReport> {
        maintain::run(self)
    }

    fn scrub(&mut self) -> Result<ScrubReport> {
        scrub::run(self)
    }

    fn archive(&mut self, _before: &str, _to: &Path, _progress: &mut dyn FnMut(u64, u64)) -> Result<ArchiveReport> {
        Err(StoreError::NoFile)
    }

    fn unarchive(&mut self, _from: &Path, _progress: &mut dyn FnMut(u64, u64)) -> Result<UnarchiveReport> {
        Err(StoreError::NoFile)
    }
}
