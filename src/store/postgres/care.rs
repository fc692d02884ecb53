//! The care of a database on a server; each method delegates to the file of its work.

use super::{PostgresStore, archive, archive_proof, check, examine, maintain, scrub, status};
use crate::store::{
    ArchivePlace, ArchiveRecord, ArchiveReport, ArchivedDays, Care, CheckReport, DatabaseStatus, Examination,
    MaintainReport, Maintenance, Proof, Result, ScrubReport, UnarchiveReport,
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

    fn archive(
        &mut self,
        days: &ArchivedDays,
        to: &mut dyn ArchivePlace,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<ArchiveReport> {
        archive::archive(self, days, to, progress)
    }

    fn archives(&mut self) -> Result<Vec<ArchiveRecord>> {
        archive::records(self)
    }

    fn verify_archive(&mut self, of: &mut dyn ArchivePlace) -> Result<u64> {
        archive::verify(self, of)
    }

    fn prove_archive(&mut self, of: &mut dyn ArchivePlace, mends: bool) -> Result<Proof> {
        archive_proof::prove(self, of, mends)
    }

    fn usage_months(&mut self, before: &str) -> Result<Vec<String>> {
        archive::months(self, before)
    }

    fn unarchive(
        &mut self,
        from: &mut dyn ArchivePlace,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<UnarchiveReport> {
        archive::unarchive(self, from, progress)
    }
}
