//! A database: its committed tables, and the conflicts that are planned.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::search_tables::Index;
use super::tables::Tables;

/// A database; it is there for as long as somebody has it.
#[derive(Clone, Default)]
pub(crate) struct MemoryDatabase(pub(super) Arc<Database>);

/// When a transaction is to find a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflicts {
    /// At the first write of the work, which then cannot go on.
    AtFirstWrite,
    /// When all is done.
    AtCommit,
}

#[derive(Default)]
pub(super) struct Database {
    pub(super) id: u64,
    /// As they are for whoever begins now.
    pub(super) committed: Mutex<Arc<Tables>>,
    /// The search index: no table of the database.
    pub(super) index: Mutex<Index>,
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
    pub(super) fn unique(&self) -> u64 {
        self.counted.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether a conflict was planned here; it is found once.
    pub(super) fn conflicts(&self, at: Conflicts) -> bool {
        let mut planned = locked(&self.planned);
        planned.pop_if(|it| *it == at).is_some()
    }

    /// Puts changed tables in the place of those that the transaction began with, if they are still there.
    pub(super) fn commit(&self, began: &Arc<Tables>, tables: Arc<Tables>) -> bool {
        let mut committed = locked(&self.committed);
        let in_time = Arc::ptr_eq(&committed, began) && !self.conflicts(Conflicts::AtCommit);
        if in_time {
            *committed = tables;
        }
        in_time
    }

    /// A write that nobody can be in the way of.
    pub(super) fn change(&self, change: impl FnOnce(&Self, &mut Tables)) {
        change(self, Arc::make_mut(&mut locked(&self.committed)));
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
