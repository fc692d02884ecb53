//! The PostgreSQL engine, for PostgreSQL 15 and later.
//!
//! It owns a schema on a server, whose tables are those of the SQLite engine. One connection is used for one transaction
//! after the other. Nothing depends on a session: each transaction sets what it needs, so that PgBouncer in transaction
//! mode may stand in front. A transaction begins together with its first statement, in one round trip.
//!
//! Reads are of one snapshot (REPEATABLE READ). Writes are READ COMMITTED: a lock is taken first, and what is read after it
//! is what earlier writers committed.

mod about;
mod ahead;
mod approvals;
mod archive;
mod archive_ending;
mod archive_proof;
mod archive_server;
mod archived_parts;
mod archived_rows;
mod beginning;
mod bell;
mod bootstrap_writes;
mod candidates;
mod care;
mod catalogue;
mod catalogue_writes;
mod cells;
mod check;
mod copying;
mod criteria;
mod edge_cases;
mod events;
mod examine;
mod failure;
mod fields;
mod following;
mod listing;
mod maintain;
mod mappings;
mod names;
mod origins;
mod outbox;
mod outgoing;
mod parameters;
mod past;
mod pins;
mod position;
mod position_file;
mod removal;
mod replicas;
mod reports;
mod revisions;
mod rollups;
mod schema;
mod schema_number;
mod scrub;
mod search_index;
mod searching;
mod serving;
mod session;
mod skills;
mod state;
mod statement;
mod status;
mod sums;
mod usage;
mod usage_received;
mod usage_sums;
mod verified;
mod version_writes;
mod versions;
mod whole_rows;

use std::thread;
use std::time::Duration;

use self::beginning::Beginning;
use self::failure::{Conflict, Place};
use self::search_index::ServerIndex;
use self::session::Session;
use self::state::State;
use super::{
    Care, Conclusion, Durability, FileCare, FormerNames, Inspect, MigrateReport, Result, SearchIndex, Snapshot, Store,
    StoreError, UsageSums, Work,
};
use crate::settings::{DEFAULT_BUSY_TIMEOUT, PostgresServer, Queued};
use crate::store::following::FollowTarget;

pub use self::archive_server::ServerArchive;
pub use self::copying::ServerTarget;
pub use self::replicas::Reading;

/// How often work runs again after a conflict with another writer.
const ATTEMPTS: u32 = 10;

/// How often it runs while a write has no effect: another writer is in the way once, and a trigger each time.
const ATTEMPTS_TO_WRITE: u32 = 3;

/// How to use a database on a server.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Maximum wait for a lock.
    pub lock_timeout: Duration,
    /// The events that are queued for the workflow database.
    pub queued: Queued,
}

impl Default for Options {
    fn default() -> Self {
        Self { lock_timeout: DEFAULT_BUSY_TIMEOUT, queued: Queued::Nothing }
    }
}

/// A skills database on a PostgreSQL server.
pub struct PostgresStore {
    server: PostgresServer,
    session: Session,
    options: Options,
    former: FormerNames,
}

impl PostgresStore {
    /// Connects to a database. The first transaction finds out whether it has this cfn's schema: it fails with
    /// [`StoreError::Missing`], [`StoreError::Older`] or [`StoreError::Newer`] if not.
    pub fn open(server: &PostgresServer, options: Options) -> Result<Self> {
        let session = Session::open(server, Place::new(server, options.lock_timeout))?;
        Ok(Self { server: server.clone(), session, options, former: FormerNames::default() })
    }

    /// Creates the schema and everything in it, in one transaction; returns whether it was missing.
    pub fn create(server: &PostgresServer, options: Options) -> Result<bool> {
        schema::create(&Self::open(server, options)?.session)
    }

    /// Migrates an older schema, in one transaction.
    pub fn migrate(&self) -> Result<MigrateReport> {
        schema::migrate(&self.session)
    }

    /// Notes there which former names are used.
    #[must_use]
    pub fn noting(self, former: FormerNames) -> Self {
        Self { former, ..self }
    }

    /// Connects again if the connection was lost.
    fn connected(&mut self) -> Result<()> {
        if self.session.is_closed() {
            self.session = Session::open(&self.server, Place::new(&self.server, self.options.lock_timeout))?;
        }
        Ok(())
    }

    /// Runs work once; `None` if it has to run again.
    fn once(&mut self, durability: Durability, attempt: u32, work: &mut Work<'_>) -> Option<Result<()>> {
        self.session.begin(Beginning::Write(durability));
        let mut state = State::new(&self.session, &self.former, self.options.queued);
        // What is undone is run all the same: the result is that of a commit.
        let concluded = work(&mut state).and_then(|it| match it {
            Conclusion::Undo => self.session.flush().map(|()| it),
            Conclusion::Commit => Ok(it),
        });
        let is_changed_meanwhile = |session: &Session| match session.conflict() {
            Some(Conflict::Skipped) => attempt < ATTEMPTS_TO_WRITE,
            conflict => conflict.is_some(),
        };
        match concluded {
            Ok(Conclusion::Undo) if !is_changed_meanwhile(&self.session) => {
                self.session.undo();
                Some(Ok(()))
            }
            Ok(Conclusion::Commit) if !self.session.has_failed() => {
                let committed = self.session.commit();
                if committed.is_err() && is_changed_meanwhile(&self.session) { None } else { Some(committed) }
            }
            concluded => {
                self.session.undo();
                if is_changed_meanwhile(&self.session) {
                    return None;
                }
                let aborted =
                    StoreError::Defect("a transaction was to be committed after one of its statements failed");
                Some(concluded.and(Err(aborted)))
            }
        }
    }
}

impl Store for PostgresStore {
    fn read(&mut self) -> Result<Box<dyn Snapshot + '_>> {
        self.connected()?;
        self.session.begin(Beginning::Read);
        Ok(Box::new(State::new(&self.session, &self.former, Queued::Nothing)))
    }

    fn attempt(&mut self, durability: Durability, work: &mut Work<'_>) -> Result<()> {
        self.connected()?;
        for attempt in 1..=ATTEMPTS {
            if let Some(done) = self.once(durability, attempt, work) {
                return done;
            }
            // Writers that met each other do not meet again if they wait for different times.
            let turn = u64::from(std::process::id() % 7 + 1);
            thread::sleep(Duration::from_millis(turn * u64::from(attempt)));
        }
        Err(StoreError::Conflict { location: self.session.place().location(), attempts: ATTEMPTS })
    }

    fn usage_sums(&mut self) -> &mut dyn UsageSums {
        self
    }

    fn search_index(&mut self) -> Box<dyn SearchIndex> {
        Box::new(ServerIndex::of(self.server.clone(), self.options.lock_timeout))
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
