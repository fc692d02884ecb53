//! The care of a database on a server; each method delegates to the file of its work.

use std::path::Path;

use super::{PostgresStore, archive, check, examine, maintain, scrub, status};
use crate::store::{
    ArchiveReport, Care, CheckReport, DatabaseStatus, Examination, MaintainReport, Maintenance, Result, ScrubReport,
    UnarchiveReport,
};

impl Care for PostgresStore {
    fn status(&mut self) -> Result<DatabaseStatus> {
        status::report(self).map(DatabaseStatus::Server)
    }

    fn check(&mut self) -> Result<CheckReport> {
        check::run(self)
    }

    fn examine(&mut self) -> Result<Examination> {
        examine::run(self)
    }

    fn maintain(&mut self, how: Maintenance) -> Result<MaintainReport> {
        maintain::run(self, how)
    }

    fn scrub(&mut self) -> Result<ScrubReport> {
        scrub::run(self)
    }

    fn archive(&mut self, before: &str, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<ArchiveReport> {
        archive::archive(self, before, to, progress)
    }

    fn unarchive(&mut self, from: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<UnarchiveReport> {
        archive::unarchive(self, from, progress)
    }
}
