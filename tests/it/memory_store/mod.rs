//! A second implementation of the store's contract: in memory, without files and without locks. Writers do not wait for each other;
//! who commits second runs its work again. It can be told to find conflicts where there are none.

mod catalogue;
mod catalogue_writes;
mod judging;
mod mappings;
mod other_program;
mod outbox;
mod reports;
mod serving;
mod tables;
mod transaction;
mod usage;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cfn::model::Location;
use cfn::settings::Queued;
use cfn::store::{
    Conclusion, Durability, FileCare, Inspect, Proof, Result, Snapshot, Store, StoreError, UsageSums, Work,
};

use self::tables::Tables;
use self::transaction::MemoryTransaction;

/// How often work is run before a conflict is an error.
const MOST_RUNS: u32 = 10;

/// A database; it is there for as long as somebody has it.
#[derive(Clone, Default)]
pub(crate) struct MemoryDatabase(Arc<Database>);

/// When a transaction is to find a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflicts {
    /// At the first write of the work, which then cannot go on.
    AtFirstWrite,
    /// When all is done.
    AtCommit,
}

/// A handle, as a process would have one.
pub(crate) struct MemoryStore {
    database: Arc<Database>,
    queued: Queued,
}

#[derive(Default)]
struct Database {
    id: u64,
    /// As they are for whoever begins now.
    committed: Mutex<Arc<Tables>>,
    /// Conflicts that are still to be found.
    planned: Mutex<Vec<Conflicts>>,
    counted: AtomicU64,
}

impl MemoryDatabase {
    /// An empty one.
    pub(crate) fn new() -> Self {
        static DATABASES: AtomicU64 = AtomicU64::new(1);
        let id = DATABASES.fetch_add(1, Ordering::Relaxed);
        Self(Arc::new(Database { id, ..Database::default() }))
    }

    /// A handle whose writes queue so much for the workflow database.
    pub(crate) fn open(&self, queued: Queued) -> MemoryStore {
        MemoryStore { database: Arc::clone(&self.0), queued }
    }

    /// The next transactions find a conflict, so many times.
    pub(crate) fn conflict(&self, at: Conflicts, times: usize) {
        *locked(&self.0.planned) = vec![at; times];
    }

    /// Conflicts that nobody has found yet.
    pub(crate) fn conflicts_left(&self) -> usize {
        locked(&self.0.planned).len()
    }
}

impl Database {
    /// A number that no other write has had.
    fn unique(&self) -> u64 {
        self.counted.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether a conflict was planned here; it is found once.
    fn conflicts(&self, at: Conflicts) -> bool {
        let mut planned = locked(&self.planned);
        planned.pop_if(|it| *it == at).is_some()
    }

    fn begin(&self, queued: Queued) -> (Arc<Tables>, MemoryTransaction<'_>) {
        let began = Arc::clone(&locked(&self.committed));
        let tables = Arc::clone(&began);
        (began, MemoryTransaction { database: self, tables, queued, conflicted: false })
    }

    /// Puts changed tables in the place of those that the transaction began with, if they are still there.
    fn commit(&self, began: &Arc<Tables>, tables: Arc<Tables>) -> bool {
        let mut committed = locked(&self.committed);
        let in_time = Arc::ptr_eq(&committed, began) && !self.conflicts(Conflicts::AtCommit);
        if in_time {
            *committed = tables;
        }
        in_time
    }

    /// A write that nobody can be in the way of.
    fn change(&self, change: impl FnOnce(&Self, &mut Tables)) {
        change(self, Arc::make_mut(&mut locked(&self.committed)));
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

    fn file_care(&mut self) -> Option<&mut dyn FileCare> {
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

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Its name in messages.
fn location() -> Location {
    Location::Server("memory".to_owned())
}

fn conflict() -> StoreError {
    StoreError::Conflict { location: location(), attempts: MOST_RUNS }
}

fn refused(why: &str) -> StoreError {
    StoreError::Failed { location: location(), detail: why.to_owned() }
}
