//! A handle on the database.

use std::sync::Arc;

use cfn::settings::Queued;
use cfn::store::following::FollowTarget;
use cfn::store::{
    ArchivePlace, ArchiveRecord, ArchiveReport, ArchivedDays, Care, CheckReport, Conclusion, DatabaseStatus,
    Durability, Examination, FileCare, Inspect, MaintainReport, Maintenance, Proof, Result, ScrubReport, SearchIndex,
    Snapshot, Store, StoreError, UnarchiveReport, UsageSums, Work,
};

use super::database::{Database, MemoryDatabase};
use super::errors::{MOST_RUNS, conflict};
use super::search_index::MemoryIndex;
use super::transaction::MemoryTransaction;

/// A handle, as a process would have one.
pub(crate) struct MemoryStore {
    database: Arc<Database>,
    queued: Queued,
}

impl MemoryDatabase {
    /// A handle whose writes queue so much for the workflow database.
    pub(crate) fn open(&self, queued: Queued) -> MemoryStore {
        MemoryStore { database: Arc::clone(&self.0), queued }
    }
}

impl Store for MemoryStore {
    fn read(&mut self) -> Result<Box<dyn Snapshot + '_>> {
        Ok(Box::new(self.database.begin(Queued::Nothing).1))
    }

    fn attempt(&mut self, _: Durability, work: &mut Work<'_>) -> Result<()> {
        for _ in 0..MOST_RUNS {
            let (began, mut transaction) = self.database.begin(self.queued);
            let conclusion = work(&mut transaction);
            let MemoryTransaction { tables, conflicted, .. } = transaction;
            if conflicted {
                continue;
            }
            match conclusion? {
                Conclusion::Undo => return Ok(()),
                Conclusion::Commit if self.database.commit(&began, tables) => return Ok(()),
                Conclusion::Commit => {}
            }
        }
        Err(conflict())
    }

    fn usage_sums(&mut self) -> &mut dyn UsageSums {
        self
    }

    fn search_index(&mut self) -> Box<dyn SearchIndex> {
        Box::new(MemoryIndex { database: Arc::clone(&self.database) })
    }

    fn care(&mut self) -> &mut dyn Care {
        self
    }

    fn file_care(&mut self) -> Option<&mut dyn FileCare> {
        None
    }

    fn follower(&mut self) -> Option<&mut dyn FollowTarget> {
        None
    }

    fn inspect(&mut self) -> Option<&mut dyn Inspect> {
        None
    }
}

/// It keeps no sums: every report adds up every row.
impl UsageSums for MemoryStore {
    fn is_behind(&mut self) -> Result<bool> {
        Ok(false)
    }

    fn catch_up(&mut self, _: &mut dyn FnMut(u64)) -> Result<()> {
        Ok(())
    }

    fn prove(&mut self) -> Result<Proof> {
        let tables = self.database.begin(Queued::Nothing).1.tables;
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        Ok(Proof { cells: count(tables.usage_cells(None).len()), rows: count(tables.usage.len()), differences: 0 })
    }

    fn rebuild(&mut self, _: &mut dyn FnMut(u64)) -> Result<()> {
        Ok(())
    }
}

/// There is nothing to look after.
impl Care for MemoryStore {
    fn status(&mut self) -> Result<DatabaseStatus> {
        Err(StoreError::NoFile)
    }

    fn check(&mut self) -> Result<CheckReport> {
        Err(StoreError::NoFile)
    }

    fn examine(&mut self) -> Result<Examination> {
        Err(StoreError::NoFile)
    }

    fn maintain(&mut self, _: Maintenance) -> Result<MaintainReport> {
        Err(StoreError::NoFile)
    }

    fn scrub(&mut self) -> Result<ScrubReport> {
        Err(StoreError::NoFile)
    }

    fn archive(
        &mut self,
        _: &ArchivedDays,
        _: &mut dyn ArchivePlace,
        _: &mut dyn FnMut(u64, u64),
    ) -> Result<ArchiveReport> {
        Err(StoreError::NoFile)
    }

    fn archives(&mut self) -> Result<Vec<ArchiveRecord>> {
        Err(StoreError::NoFile)
    }

    fn prove_archive(&mut self, _: &mut dyn ArchivePlace, _: bool) -> Result<Proof> {
        Err(StoreError::NoFile)
    }

    fn verify_archive(&mut self, _: &mut dyn ArchivePlace) -> Result<u64> {
        Err(StoreError::NoFile)
    }

    fn usage_months(&mut self, _: &str) -> Result<Vec<String>> {
        Err(StoreError::NoFile)
    }

    fn unarchive(&mut self, _: &mut dyn ArchivePlace, _: &mut dyn FnMut(u64, u64)) -> Result<UnarchiveReport> {
        Err(StoreError::NoFile)
    }
}
