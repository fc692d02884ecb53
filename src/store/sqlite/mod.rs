//! SQLite: one file, one connection per process, each write a `BEGIN IMMEDIATE` transaction.

mod adopt;
mod agent_runs;
mod approvals;
mod archive;
mod archived_parts;
mod backup;
mod beginnings;
mod beside;
mod bootstrap;
mod bootstrap_writes;
mod candidates;
mod catalogue_writes;
mod cells;
mod check;
mod constraints;
mod contents;
mod copying;
mod criteria;
mod edge_cases;
mod events;
mod examine;
mod failure;
mod file_care;
mod file_facts;
mod files;
mod following;
mod foreign;
mod identity;
mod inspect;
mod layout;
mod listing;
mod log_file;
mod log_index;
mod lost;
mod maintain;
mod mappings;
mod migrate;
mod names;
mod open;
mod options;
mod origins;
mod orphans;
mod outbox;
mod outgoing;
mod past;
mod pins;
#[cfg(test)]
mod plans;
mod pragmas;
mod prepared;
mod removal;
mod repair;
mod replace;
mod reports;
mod restore;
mod revisions;
mod rollups;
mod rotation;
mod rows;
mod schema;
mod scrub;
mod search_index;
mod searching;
mod seeds;
mod skills;
mod staged;
mod state;
mod status;
mod sums;
mod timing;
mod transaction;
mod unchanging;
mod upgrade;
mod usage;
mod usage_push;
mod usage_sums;
mod verified;
mod versions;
mod views;
mod waiting;
mod whole_rows;
mod work_file;

use std::cell::Cell;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};

use self::failure::Place;
use self::identity::Identity;
use self::search_index::SearchFile;
use self::transaction::SqliteTransaction;
use super::{
    Care, Conclusion, Durability, FileCare, FormerNames, Inspect, Result, SearchIndex, Snapshot, Store, StoreError,
    Tally, UsageSums, Work,
};
use crate::clock::Clock;
use crate::staged_file::sweep_beside;
use crate::store::following::FollowTarget;

pub use super::Access;
pub use agent_runs::RunsFile;
pub use copying::FileTarget;
pub use file_facts::file_facts;
pub use options::Options;
pub use staged::StagedDatabase;

/// A skills database in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    place: Place,
    access: Access,
    options: Options,
    clock: Clock,
    durability: Durability,
    warning: Option<String>,
    watched: Cell<Option<i64>>,
    former: FormerNames,
    /// Whether its tables were checked to be tables.
    checked: bool,
    /// Set in a long-lived process.
    identity: Option<Identity>,
}

impl SqliteStore {
    /// Opens a database that has this cfn's schema. Returns [`StoreError::Older`] for an older one: open that with
    /// [`older`](Self::older) and call [`FileCare::migrate`].
    pub fn open(path: &Path, access: Access, options: Options, clock: Clock) -> Result<Self> {
        let identity = options.long_lived.then(|| Identity::of(path));
        let (connection, place) = Self::current(path, access, &options)?;
        let store = Self::settled(connection, place, access, options, clock)?;
        Ok(Self { identity: identity.map(Identity::with_log), ..store })
    }

    /// Opens a database with an older schema.
    pub fn older(path: &Path, options: Options, clock: Clock) -> Result<Self> {
        let (connection, place) = open::existing(path, Access::Write, &options)?;
        state::of(&connection, &place)?;
        Self::settled(connection, place, Access::Write, options, clock)
    }

    /// Notes there which former names are used.
    #[must_use]
    pub fn noting(self, former: FormerNames) -> Self {
        Self { former, ..self }
    }

    /// A warning about the file system of the file, if needed.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.place.path.clone()
    }

    fn current(path: &Path, access: Access, options: &Options) -> Result<(Connection, Place)> {
        let (connection, place) = open::existing(path, access, options)?;
        match state::of(&connection, &place)? {
            state::State::Current => Ok((connection, place)),
            state::State::Older(_) => Err(StoreError::Older { location: path.into() }),
        }
    }

    fn settled(connection: Connection, place: Place, access: Access, options: Options, clock: Clock) -> Result<Self> {
        let warning = match access {
            Access::Write => {
                sweep_beside(&place.path);
                // Another program's file may have the same number.
                open::settle_journal_mode(&connection, &place, || state::require_skills_table(&connection, &place))?
            }
            Access::Read => None,
        };
        Ok(Self { access, ..Self::new(connection, place, options, clock, warning) })
    }

    fn new(connection: Connection, place: Place, options: Options, clock: Clock, warning: Option<String>) -> Self {
        let (watched, durability) = (Cell::new(None), pragmas::durability(&options));
        let (access, identity, checked, former) = (Access::Write, None, false, FormerNames::default());
        Self { connection, place, access, options, clock, durability, warning, watched, former, checked, identity }
    }

    /// In a long-lived process: reopens the path if it names another file now. Until this succeeds, every transaction
    /// is refused.
    fn follow_the_name(&mut self) -> Result<()> {
        let Some(identity) = &self.identity else { return Ok(()) };
        if identity.is_as_it_was() && self.place.require_unchanged().is_ok() {
            return Ok(());
        }
        identity.require_own_log()?;
        tracing::debug!(path = %self.place.path.display(), "reopening: the file was replaced or changed");
        let mut opened = Self::open(&self.place.path, self.access, self.options, self.clock)?;
        opened.place.waits = Arc::clone(&self.place.waits);
        *self = opened.noting(self.former.clone());
        Ok(())
    }

    fn begin_read(&mut self) -> Result<SqliteTransaction<'_>> {
        self.follow_the_name()?;
        let transaction = SqliteTransaction::begin(&mut self.connection, &self.place, TransactionBehavior::Deferred)?;
        require_tables(&mut self.checked, transaction.connection(), &self.place)?;
        Ok(transaction.watching(&self.watched).noting(&self.former))
    }

    fn begin_write(&mut self, durability: Durability) -> Result<SqliteTransaction<'_>> {
        self.follow_the_name()?;
        self.set_durability(durability)?;
        let transaction = SqliteTransaction::begin(&mut self.connection, &self.place, TransactionBehavior::Immediate)?;
        require_tables(&mut self.checked, transaction.connection(), &self.place)?;
        Ok(transaction.queueing(self.options.queued).of(self.identity.as_ref()).noting(&self.former))
    }

    fn require_tables(&mut self) -> Result<()> {
        require_tables(&mut self.checked, &self.connection, &self.place)
    }

    /// Sets `synchronous` for this transaction; a setting overrides the requested durability.
    fn set_durability(&mut self, asked: Durability) -> Result<()> {
        let durability = self.options.synchronous.unwrap_or(asked);
        if durability != self.durability {
            // An acknowledged decision must survive a power cut; in WAL mode, NORMAL syncs only at checkpoints.
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

/// Refuses a file with something else in place of a table; checked once.
fn require_tables(checked: &mut bool, connection: &Connection, place: &Place) -> Result<()> {
    if !*checked {
        foreign::require_tables(connection, place)?;
        *checked = true;
    }
    Ok(())
}

impl Store for SqliteStore {
    fn read(&mut self) -> Result<Box<dyn Snapshot + '_>> {
        Ok(Box::new(self.begin_read()?))
    }

    /// The work runs once: it holds the write lock from the start, so there are no conflicts.
    fn attempt(&mut self, durability: Durability, work: &mut Work<'_>) -> Result<()> {
        let mut transaction = self.begin_write(durability)?;
        let ended = match work(&mut transaction) {
            Ok(Conclusion::Commit) => return transaction.commit().inspect_err(|_| Tally::rolled_back()),
            Ok(Conclusion::Undo) => Ok(()),
            Err(error) => Err(error),
        };
        Tally::rolled_back();
        ended
    }

    fn usage_sums(&mut self) -> &mut dyn UsageSums {
        self
    }

    fn search_index(&mut self) -> Box<dyn SearchIndex> {
        Box::new(SearchFile::of(self.place.path.clone(), self.options))
    }

    fn care(&mut self) -> &mut dyn Care {
        self
    }

    fn file_care(&mut self) -> Option<&mut dyn FileCare> {
        Some(self)
    }

    fn follower(&mut self) -> Option<&mut dyn FollowTarget> {
        Some(self)
    }

    fn inspect(&mut self) -> Option<&mut dyn Inspect> {
        Some(self)
    }

    /// A reader has nothing to write back. SQLite would free each piece of the schema, which takes a sixteenth of the
    /// instructions of a `load`.
    fn leave(self: Box<Self>) {
        if self.access == Access::Read {
            mem::forget(self);
        }
    }
}
