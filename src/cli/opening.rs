//! How to open the database, with its validated settings: from here on only the database itself can fail. With
//! [`Context`](super::context::Context), this is the only place that names an engine.

use std::path::{Path, PathBuf};

use crate::clock::Clock;
use crate::model::Location;
use crate::settings::{PostgresServer, Replicas};
use crate::store::copying::{CopySource, CopyTarget};
use crate::store::following::{Bell, FollowSource};
use crate::store::postgres::{self, PostgresStore, Reading, ServerArchive, ServerTarget};
use crate::store::sqlite::{FileTarget, Options, RunsFile, SqliteStore, file_facts};
use crate::store::{
    Access, AgentRuns, ArchivePlace, ArchivedDays, ArchivedUses, FileCare as _, FileFacts, FormerNames, MigrateReport,
    RestoreReport, Result, Store, StoreError, Transaction,
};

/// A database with its validated settings.
#[derive(Clone)]
pub(super) struct Opening {
    engine: Engine,
    clock: Clock,
}

#[derive(Clone)]
enum Engine {
    Sqlite { path: std::path::PathBuf, options: Options },
    Postgres { server: Box<PostgresServer>, options: postgres::Options },
}

/// A database that was opened, and a warning about where it is.
pub(super) struct Opened {
    pub(super) store: Box<dyn Store>,
    pub(super) warning: Option<String>,
}

/// What a database is opened for; see the options of the engine in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    ShortCommand,
    FewRows,
    AllRows,
    LongLivedProcess,
}

/// Whether a replica may answer instead of the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ReplicaUse {
    #[default]
    Allowed,
    /// One was opened.
    Used,
    /// One failed: the primary answers.
    Failed,
}

impl Opening {
    /// A database in a file.
    pub(super) fn of_file(path: &Path, options: Options, clock: Clock) -> Self {
        Self { engine: Engine::Sqlite { path: path.to_owned(), options }, clock }
    }

    /// A database on a server.
    pub(super) fn of_server(server: PostgresServer, options: Options, clock: Clock) -> Self {
        let options = postgres::Options { lock_timeout: options.busy_timeout, queued: options.queued };
        Self { engine: Engine::Postgres { server: Box::new(server), options }, clock }
    }

    /// Opens it for this use.
    pub(super) fn to(self, to_use: Use) -> Self {
        let of_file = |options: Options| Options {
            few_rows: to_use == Use::FewRows,
            all_rows: to_use == Use::AllRows,
            long_lived: to_use == Use::LongLivedProcess,
            ..options
        };
        let engine = match self.engine {
            Engine::Sqlite { path, options } => Engine::Sqlite { path, options: of_file(options) },
            other @ Engine::Postgres { .. } => other,
        };
        Self { engine, ..self }
    }

    /// These settings with another file.
    pub(super) fn at(&self, path: &Path) -> Self {
        match &self.engine {
            Engine::Sqlite { options, .. } => Self::of_file(path, *options, self.clock),
            Engine::Postgres { .. } => self.clone(),
        }
    }

    pub(super) fn location(&self) -> Location {
        match &self.engine {
            Engine::Sqlite { path, .. } => path.as_path().into(),
            Engine::Postgres { server, .. } => Location::Server(server.url()),
        }
    }

    /// The state of a file from outside; `None` on a server, and if there is no file. Call it before opening the database.
    pub(super) fn file_facts(&self) -> Option<FileFacts> {
        match &self.engine {
            Engine::Sqlite { path, .. } => file_facts(path),
            Engine::Postgres { .. } => None,
        }
    }

    /// Whether an older database may be migrated without being asked: others use one on a server.
    pub(super) fn may_adopt(&self) -> bool {
        matches!(self.engine, Engine::Sqlite { .. })
    }

    pub(super) fn open(&self, access: Access) -> Result<Box<dyn Store>> {
        Ok(self.open_noting(access, FormerNames::default())?.store)
    }

    /// Opens the database, which notes there which former names are used.
    pub(super) fn open_noting(&self, access: Access, former: FormerNames) -> Result<Opened> {
        match &self.engine {
            Engine::Sqlite { path, options } => {
                let store = SqliteStore::open(path, access, *options, self.clock)?.noting(former);
                let warning = store.warning().map(str::to_owned);
                Ok(Opened { store: Box::new(store), warning })
            }
            Engine::Postgres { server, options } => {
                let store = PostgresStore::open(server, *options)?.noting(former);
                Ok(Opened { store: Box::new(store), warning: None })
            }
        }
    }

    /// Opens a replica that has everything that this user wrote, or the primary. Also returns whether it is a replica.
    pub(super) fn open_reading(&self, replicas: &Replicas, former: FormerNames) -> Result<(Box<dyn Store>, bool)> {
        match &self.engine {
            Engine::Sqlite { .. } => Ok((self.open_noting(Access::Read, former)?.store, false)),
            Engine::Postgres { server, options } => {
                let Reading { store, is_replica } = Reading::open(server, replicas, *options)?;
                Ok((Box::new(store.noting(former)), is_replica))
            }
        }
    }

    /// Creates the database if it is missing, and returns whether it did.
    pub(super) fn create(&self) -> Result<bool> {
        match &self.engine {
            Engine::Sqlite { path, options } => SqliteStore::create(path, *options, self.clock),
            Engine::Postgres { server, options } => PostgresStore::create(server, *options),
        }
    }

    /// Creates a database and fills it with `fill`; a file is published complete. `None` if there is one already, or if
    /// another process was faster.
    pub(super) fn create_filled<T, E: From<StoreError>>(
        &self,
        fill: impl FnOnce(&mut dyn Store, Option<&str>) -> std::result::Result<T, E>,
    ) -> std::result::Result<Option<T>, E> {
        match &self.engine {
            Engine::Sqlite { path, options } => {
                let Some(mut staged) = SqliteStore::staged(path, *options, self.clock)? else { return Ok(None) };
                let store = staged.fill_unchecked()?;
                let warning = store.warning().map(str::to_owned);
                let filled = fill(store, warning.as_deref())?;
                Ok(staged.publish()?.then_some(filled))
            }
            Engine::Postgres { server, options } => {
                if !PostgresStore::create(server, *options)? {
                    return Ok(None);
                }
                fill(&mut PostgresStore::open(server, *options)?, None).map(Some)
            }
        }
    }

    /// Migrates an older database; `fill` runs in the transaction of a file's migration.
    pub(super) fn migrate(&self, fill: &mut dyn FnMut(&mut dyn Transaction) -> Result<()>) -> Result<MigrateReport> {
        match &self.engine {
            Engine::Sqlite { path, options } => SqliteStore::older(path, *options, self.clock)?.migrate(fill),
            Engine::Postgres { server, options } => PostgresStore::open(server, *options)?.migrate(),
        }
    }

    /// Restores a backup to a path without a database, or with a damaged one.
    pub(super) fn replace(&self, from: &Path) -> Result<RestoreReport> {
        match &self.engine {
            Engine::Sqlite { path, options } => SqliteStore::replace(path, from, *options, self.clock),
            Engine::Postgres { .. } => Err(StoreError::NoFile),
        }
    }

    /// Copies the database to a file without writing to it.
    pub(super) fn copy_to(&self, to: &Path) -> Result<()> {
        match &self.engine {
            Engine::Sqlite { path, options } => {
                SqliteStore::open(path, Access::Read, *options, self.clock)?.backup(to).map(|_| ())
            }
            Engine::Postgres { .. } => Err(StoreError::NoFile),
        }
    }

    /// The database, to be copied from.
    pub(super) fn copied(&self) -> Result<Box<dyn CopySource>> {
        match &self.engine {
            Engine::Sqlite { path, options } => SqliteStore::copied(path, *options, self.clock),
            Engine::Postgres { server, options } => PostgresStore::copied(server, *options),
        }
    }

    /// A new database here, to be copied to; instead of the one that is there, if `replace`.
    pub(super) fn copy_target(&self, replace: bool) -> Result<Box<dyn CopyTarget>> {
        Ok(match &self.engine {
            Engine::Sqlite { path, options } => Box::new(FileTarget::of(path, replace, *options, self.clock)?),
            Engine::Postgres { server, options } => Box::new(ServerTarget::of(server, replace, *options)?),
        })
    }

    /// The database, to be followed; only one on a server can be.
    pub(super) fn followed(&self) -> Result<Box<dyn FollowSource>> {
        match &self.engine {
            Engine::Sqlite { .. } => Err(StoreError::Defect("a database in a file was to be followed")),
            Engine::Postgres { server, options } => PostgresStore::followed(server, *options),
        }
    }

    /// The uses of months on this server, which the database remembers by this URL.
    pub(super) fn archived_uses(&self, url: &str) -> Result<Box<dyn ArchivedUses>> {
        match &self.engine {
            Engine::Sqlite { .. } => Err(StoreError::Defect("a month of the usage log is on a server")),
            Engine::Postgres { server, options } => {
                Ok(Box::new(ServerArchive::connect(server, url, &ArchivedDays::default(), options.lock_timeout)?))
            }
        }
    }

    /// The place of a month on this server, which the database remembers by this URL.
    pub(super) fn archive_place(&self, url: &str, days: &ArchivedDays) -> Result<Box<dyn ArchivePlace>> {
        match &self.engine {
            Engine::Sqlite { .. } => Err(StoreError::Defect("a month of the usage log goes to a server")),
            Engine::Postgres { server, options } => {
                Ok(Box::new(ServerArchive::connect(server, url, days, options.lock_timeout)?))
            }
        }
    }

    /// Hears of the decisions in the database; only one on a server can be heard.
    pub(super) fn bell(&self) -> Result<Box<dyn Bell>> {
        match &self.engine {
            Engine::Sqlite { .. } => Err(StoreError::Defect("a database in a file was to be heard")),
            Engine::Postgres { server, .. } => PostgresStore::bell(server),
        }
    }

    /// The history of agents' runs: beside the database, or, if that is on a server, as if there were one with this path. A run is
    /// of one machine.
    pub(super) fn agent_runs(&self, elsewhere: PathBuf) -> Box<dyn AgentRuns> {
        Box::new(match &self.engine {
            Engine::Sqlite { path, options } => RunsFile::of(path.clone(), *options),
            Engine::Postgres { .. } => RunsFile::of(elsewhere, Options::default()),
        })
    }

    /// A function that opens the database for writing on each call, from any thread.
    pub(super) fn opener(self) -> impl Fn() -> Result<Box<dyn Store>> + Sync {
        let opening = self.to(Use::LongLivedProcess);
        move || opening.open(Access::Write)
    }
}
