//! SQLite: one file, one connection a process, every write one `BEGIN IMMEDIATE` transaction.

mod adopt;
mod approvals;
mod archive;
mod backup;
mod begun;
mod beside;
mod bootstrap;
mod candidates;
mod cells;
mod check;
mod contents;
mod draft;
mod failure;
mod freshness;
mod inspect;
mod layout;
mod lookup;
mod maintain;
mod mappings;
mod migrate;
mod names;
mod open;
mod outbox;
#[cfg(test)]
mod plans;
mod reports;
mod rollups;
mod rows;
mod schema;
mod skills;
mod state;
mod status;
mod sums;
mod transaction;
mod upgrade;
mod usage;
mod versions;

use std::cell::Cell;
use std::mem;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use self::failure::Place;
use self::transaction::SqliteTransaction;
use super::{
    ArchiveReport, BackupReport, CheckReport, Durability, Inspect, LockWaits, MaintainReport, Maintenance,
    MigrateReport, RestoreReport, Result, Snapshot, StatementReport, StatusReport, Store, StoreError, Transaction,
    Trial, UnarchiveReport,
};
use crate::clock::Clock;

pub use draft::DatabaseDraft;
pub use open::{Access, Options};

/// A skills database in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    place: Place,
    options: Options,
    clock: Clock,
    durability: Durability,
    warning: Option<String>,
    watched: Cell<Option<i64>>,
    /// Whether the connection is one of [`lookup`]'s.
    looks_up: bool,
}

impl SqliteStore {
    /// Opens a database that has this cfn's schema. [`StoreError::NeedsMigration`] where it is older: open it with
    /// [`older`](Self::older) and call [`Maintenance::migrate`].
    pub fn open(path: &Path, access: Access, options: Options, clock: Clock) -> Result<Self> {
        if access == Access::Lookup
            && let Some((connection, place)) = lookup::open(path, &options)?
        {
            return Ok(Self { looks_up: true, ..Self::new(connection, place, options, clock, None) });
        }
        let (connection, place) = Self::current(path, access, &options)?;
        Self::settled(connection, place, access, options, clock)
    }

    /// Opens a database whose schema is older.
    pub fn older(path: &Path, options: Options, clock: Clock) -> Result<Self> {
        let (connection, place) = open::existing(path, Access::Write, &options)?;
        state::of(&connection, &place)?;
        Self::settled(connection, place, Access::Write, options, clock)
    }

    /// Creates a database where there is none; says whether it did. Another process that was faster is no error.
    pub fn create(path: &Path, options: Options, clock: Clock) -> Result<bool> {
        DatabaseDraft::begin(path, &options, clock)?.map_or(Ok(false), DatabaseDraft::publish)
    }

    /// The same in two steps, with rows put in between; none where there is something already.
    pub fn draft(path: &Path, options: Options, clock: Clock) -> Result<Option<DatabaseDraft>> {
        DatabaseDraft::begin(path, &options, clock)
    }

    /// Puts a backup where there is no database, or where a damaged one is; a damaged one is kept under another name.
    pub fn replace(path: &Path, from: &Path, options: Options, clock: Clock) -> Result<RestoreReport> {
        backup::replace(path, from, &options, clock)
    }

    /// Where the file is on a file system on which cfn has to be careful: a warning that says so.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.place.path.clone()
    }

    /// Ends a store that was only read, in a process that ends too: the system takes its memory and its locks back at once. Closing
    /// it would free the parsed schema piece by piece, which is a thirtieth of a load.
    pub fn leave(self) {
        mem::forget(self);
    }

    fn current(path: &Path, access: Access, options: &Options) -> Result<(Connection, Place)> {
        let (connection, place) = open::existing(path, access, options)?;
        match state::of(&connection, &place)? {
            state::State::Current => Ok((connection, place)),
            state::State::Older(_) => Err(StoreError::NeedsMigration { path: path.to_owned() }),
        }
    }

    fn settled(connection: Connection, place: Place, access: Access, options: Options, clock: Clock) -> Result<Self> {
        let warning = match access {
            Access::Write => {
                if !open::is_settled(&connection, &place)? {
                    // A file of something else that happens to have our number is not touched.
                    state::require_skills_table(&connection, &place)?;
                }
                open::settle_journal_mode(&connection, &place)?
            }
            Access::Read | Access::Lookup => None,
        };
        Ok(Self::new(connection, place, options, clock, warning))
    }

    fn new(connection: Connection, place: Place, options: Options, clock: Clock, warning: Option<String>) -> Self {
        let watched = Cell::new(None);
        let (durability, looks_up) = (Durability::Normal, false);
        Self { connection, place, options, clock, durability, warning, watched, looks_up }
    }

    /// Begins a read on a connection of [`lookup`]'s, or on a plain one, now and later, where that gives way.
    fn begin_lookup(&mut self) -> Result<()> {
        match lookup::begin(&self.connection) {
            Err(error) if lookup::gives_way(&error) => {}
            begun => return begun.map_err(|error| self.place.fail(&error)),
        }
        // Connections of one process share what SQLite has of `-shm`: this one has to be closed before the other one is opened.
        let placeholder = Connection::open_in_memory().map_err(|error| self.place.fail(&error))?;
        drop(mem::replace(&mut self.connection, placeholder));
        (self.connection, self.place) = Self::current(&self.place.path, Access::Lookup, &self.options)?;
        self.looks_up = false;
        self.connection.execute_batch("BEGIN DEFERRED").map_err(|error| self.place.fail(&error))
    }

    /// `synchronous` as this transaction needs it; a setting overrides what the operation asks for.
    fn set_durability(&mut self, asked: Durability) -> Result<()> {
        let durability = self.options.synchronous.unwrap_or(asked);
        if durability != self.durability {
            // A decision that was acknowledged must survive a power cut; in WAL mode NORMAL syncs at checkpoints only.
            let pragma = match durability {
                Durability::Full => "PRAGMA synchronous = FULL",
                Durability::Normal => "PRAGMA synchronous = NORMAL",
            };
            self.connection.execute_batch(pragma).map_err(|error| self.place.fail(&error))?;
            self.durability = durability;
        }
        Ok(())
    }
}

impl Store for SqliteStore {
    fn read(&mut self) -> Result<Box<dyn Snapshot + '_>> {
        let transaction = if self.looks_up {
            self.begin_lookup()?;
            SqliteTransaction::begun(&mut self.connection, &self.place)
        } else {
            SqliteTransaction::begin(&mut self.connection, &self.place, TransactionBehavior::Deferred)?
        };
        Ok(Box::new(transaction.watching(&self.watched)))
    }

    fn write(&mut self, durability: Durability) -> Result<Box<dyn Transaction + '_>> {
        self.set_durability(durability)?;
        let transaction = SqliteTransaction::begin(&mut self.connection, &self.place, TransactionBehavior::Immediate)?;
        Ok(Box::new(transaction.with_outbox(self.options.outbox)))
    }
}

impl Maintenance for SqliteStore {
    fn status(&mut self) -> Result<StatusReport> {
        status::report(&self.connection, &self.place)
    }

    fn check(&mut self) -> Result<CheckReport> {
        check::run(&self.connection, &self.place)
    }

    fn backup(&mut self, to: &Path) -> Result<BackupReport> {
        backup::copy(&self.place, to)
    }

    fn restore(&mut self, from: &Path) -> Result<RestoreReport> {
        self.set_durability(Durability::Full)?;
        backup::restore(&mut self.connection, &self.place, from, self.clock)
    }

    fn maintain(&mut self) -> Result<MaintainReport> {
        maintain::run(&self.connection, &self.place)
    }

    fn archive(&mut self, before: &str, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<ArchiveReport> {
        self.set_durability(Durability::Full)?;
        archive::archive(&mut self.connection, &self.place, before, to, self.clock, progress)
    }

    fn unarchive(&mut self, from: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<UnarchiveReport> {
        self.set_durability(Durability::Full)?;
        archive::unarchive(&mut self.connection, &self.place, from, progress)
    }

    fn migrate(&mut self, fill: &mut dyn FnMut(&mut dyn Transaction) -> Result<()>) -> Result<MigrateReport> {
        self.set_durability(Durability::Full)?;
        migrate::run(&mut self.connection, &self.place, self.clock, fill)
    }
}

impl Inspect for SqliteStore {
    fn measure(&mut self, trial: &Trial<'_>, taken: &mut dyn FnMut(Duration)) -> Result<StatementReport> {
        inspect::measure(&mut self.connection, &self.place, trial, taken)
    }

    fn lock_waits(&self) -> LockWaits {
        self.place.waits.so_far()
    }
}
