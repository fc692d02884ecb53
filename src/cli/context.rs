//! The environment of a command: settings, clock and output. It opens the database on first use, and is the only place that
//! names an engine.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::failure::{Failure, FailureKind};
use super::opening::{Opened, Opening, ReplicaUse, Use};
use super::output::Output;
use super::plural::counted;
use crate::clock::Clock;
use crate::model::{Location, Visible};
use crate::ops::{self, CaptureReport, DatabaseFiles, Files, Project};
use crate::settings::{DEFAULT_DATABASE, PROJECT_FILE, Queued, Settings, Synchronous, without_detours};
use crate::store::sqlite::Options;
use crate::store::{Durability, FormerNames, MigrateReport, RestoreReport, Store, StoreError};
use crate::workflow::{self, WorkflowDatabase, postgres::Postgres};

pub(super) use crate::store::Access;

/// Settings, clock and terminal of one run.
pub(super) struct Context {
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) output: Output,
    /// The former names by which skills were asked for.
    pub(super) former: FormerNames,
    /// Whether `--db` was given: some commands use the user's database only when it is named.
    pub(super) names_database: bool,
    /// Whether a replica may answer.
    pub(super) replica: Cell<ReplicaUse>,
    /// The database, if it was opened for writing already, to see whether it follows another one.
    pub(super) opened: Cell<Option<Opened>>,
    /// The database that follows this one, in whose project a decision is made here.
    pub(super) follower: Option<Location>,
}

impl Context {
    /// Opens the database, and adopts an older one first.
    pub(super) fn open(&self, access: Access) -> Result<Box<dyn Store>, Failure> {
        self.open_or_take(access, Use::ShortCommand)
    }

    /// Opens the database to read or write a few scattered rows.
    pub(super) fn open_for_few_rows(&self, access: Access) -> Result<Box<dyn Store>, Failure> {
        self.open_or_take(access, Use::FewRows)
    }

    /// The database that was opened for writing already, or opens it.
    fn open_or_take(&self, access: Access, to_use: Use) -> Result<Box<dyn Store>, Failure> {
        match self.opened.take().filter(|_| access == Access::Write) {
            Some(opened) => Ok(self.told(opened)),
            None => self.open_with(access, to_use),
        }
    }

    /// Opens the database for work on all skills.
    pub(super) fn open_for_all_rows(&self, access: Access) -> Result<Box<dyn Store>, Failure> {
        self.open_with(access, Use::AllRows)
    }

    /// Opens the database for a long-lived process.
    pub(super) fn open_long_lived(&self, access: Access) -> Result<Box<dyn Store>, Failure> {
        self.open_with(access, Use::LongLivedProcess)
    }

    fn open_with(&self, access: Access, to_use: Use) -> Result<Box<dyn Store>, Failure> {
        let opening = self.opening(access)?.to(to_use);
        match opening.open_noting(access, self.former.clone()) {
            Ok(Opened { store, warning }) => {
                tracing::debug!(location = %opening.location(), ?access, "opened");
                Ok(self.told(Opened { store, warning }))
            }
            Err(StoreError::Older { .. }) if opening.may_adopt() => {
                self.adopt()?;
                Ok(opening.open_noting(access, self.former.clone())?.store)
            }
            Err(StoreError::Missing { .. }) if self.settings.searched_in_vain() => Err(self.not_found()),
            Err(error) => Err(error.into()),
        }
    }

    /// A store whose warning was shown.
    fn told(&self, Opened { store, warning }: Opened) -> Box<dyn Store> {
        warning.inspect(|it| self.output.warn(it));
        store
    }

    /// Refuses a discovered database that belongs to another user.
    fn require_own(&self) -> Result<(), Failure> {
        match &self.settings.search {
            Some(Err(foreign)) => Err(foreign.into()),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    /// The failure of a search for the database.
    pub(super) fn not_found(&self) -> Failure {
        let folder = Visible(self.settings.current_folder.to_string_lossy());
        let looked_for = format!("there is no {DEFAULT_DATABASE} in {folder} or a folder above it");
        let message = format!("{looked_for}, and no {PROJECT_FILE} that names another with 'db'");
        Failure::new(
            FailureKind::DatabaseMissing,
            message,
            "Create it here with 'cfn init', or name another with --db.",
        )
    }

    /// Migrates an older database, and reports it on one line.
    pub(super) fn adopt(&self) -> Result<(MigrateReport, CaptureReport), Failure> {
        let opening = self.opening(Access::Write)?;
        let (files, project) = (self.files()?, self.project()?);
        let mut captured = CaptureReport::default();
        let report = opening.migrate(&mut |tx| {
            captured = ops::fill(tx, &files, &project, false)?;
            Ok(())
        })?;
        if report.from.is_some() {
            self.output.note(&self.adoption(&opening.location(), &report, &captured));
        }
        Ok((report, captured))
    }

    /// Creates the database if it is missing, and returns whether it did.
    pub(super) fn create(&self) -> Result<bool, Failure> {
        Ok(self.opening(Access::Write)?.create()?)
    }

    /// Creates a database, fills it with `fill`, and publishes it complete. `None` if there is one already, or if another
    /// process was faster.
    pub(super) fn create_filled<T>(
        &self,
        fill: impl FnOnce(&mut dyn Store) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        self.opening(Access::Write)?.create_filled(|store, warning| {
            warning.inspect(|it| self.output.warn(it));
            fill(store)
        })
    }

    /// Restores a backup to a path without a database, or with a damaged one.
    pub(super) fn replace(&self, from: &Path) -> Result<Result<RestoreReport, StoreError>, Failure> {
        Ok(self.opening(Access::Write)?.replace(from))
    }

    /// Connects to the workflow database.
    pub(super) fn workflow(
        &self,
    ) -> Result<impl FnMut() -> workflow::Result<Box<dyn WorkflowDatabase>> + use<>, Failure> {
        let server = self.settings.workflow_server()?;
        Ok(move || -> workflow::Result<Box<dyn WorkflowDatabase>> { Ok(Box::new(Postgres::connect(&server)?)) })
    }

    /// Makes a typed path absolute.
    pub(super) fn absolute(&self, typed: &Path) -> PathBuf {
        without_detours(&self.settings.current_folder.join(typed))
    }

    /// The files that a skill may come from.
    pub(super) fn files(&self) -> Result<Files, Failure> {
        let (most_bytes, folder) = (self.settings.content_bytes()?, self.settings.folder_limits()?);
        let database = self.settings.database().ok().and_then(|it| DatabaseFiles::of(&it));
        Ok(Files { most_bytes, root: self.settings.content_root(), folder, database })
    }

    /// The folder that content paths are relative to.
    pub(super) fn project(&self) -> Result<Project, Failure> {
        let database = self.follower.clone().map_or_else(|| self.settings.database(), Ok)?;
        Ok(Project::of(&database, &self.settings.current_folder))
    }

    /// This context with another database.
    pub(super) fn with_database(&self, database: &Path) -> Self {
        self.with_settings(self.settings.with_database(database))
    }

    /// This context with another database, named with this flag.
    pub(super) fn with_named_database(&self, flag: &'static str, database: &OsStr) -> Self {
        self.with_settings(self.settings.with_named_database(flag, database))
    }

    /// This context with the database on a server that this one follows.
    pub(super) fn with_followed_database(&self, url: &OsStr) -> Self {
        let followed = self.with_settings(self.settings.with_followed_database(url));
        Self { follower: self.settings.database().ok(), ..followed }
    }

    /// This context with the database of the current folder, even if there is one above it.
    pub(super) fn with_project_here(&self) -> Self {
        self.with_settings(self.settings.with_project_here())
    }

    fn with_settings(&self, settings: Settings) -> Self {
        let (clock, output, former) = (self.clock, self.output, self.former.clone());
        Self {
            settings,
            clock,
            output,
            former,
            names_database: true,
            replica: Cell::default(),
            opened: Cell::default(),
            follower: None,
        }
    }

    /// Copies the database without writing to it.
    pub(super) fn copy_to(&self, path: &Path) -> Result<(), Failure> {
        Ok(self.opening(Access::Read)?.copy_to(path)?)
    }

    /// How to open the database. Write settings are checked only for write access.
    pub(super) fn opening(&self, access: Access) -> Result<Opening, Failure> {
        self.require_own()?;
        let settings = &self.settings;
        let writes = access == Access::Write;
        let synchronous = if writes { settings.synchronous()? } else { None };
        let options = Options {
            busy_timeout: settings.busy_timeout()?,
            synchronous: synchronous.map(|it| match it {
                Synchronous::Full => Durability::Full,
                Synchronous::Normal => Durability::Normal,
            }),
            long_lived: false,
            few_rows: false,
            all_rows: false,
            queued: if writes { settings.queued()? } else { Queued::Nothing },
        };
        Ok(match settings.database()? {
            Location::File(path) => Opening::of_file(&path, options, self.clock),
            Location::Server(_) => Opening::of_server(settings.database_server()?, options, self.clock),
        })
    }

    /// Describes an adoption on one line.
    fn adoption(&self, location: &Location, report: &MigrateReport, captured: &CaptureReport) -> String {
        let mut parts = vec![format!(
            "adopted {}: schema {} to {}, contents of {} stored",
            location,
            report.from.as_deref().unwrap_or_default(),
            report.to,
            counted(captured.captured.len(), "skill")
        )];
        let mut left: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for it in &captured.left {
            left.entry(&it.reason).or_default().push(&it.subject.name);
        }
        parts.extend(left.iter().map(|(reason, names)| format!("{reason}: {}", self.output.several(names))));
        if let Some(backup) = &report.backup {
            parts.push(format!("the previous database was saved to {}", backup.display()));
        }
        Visible(parts.join("; ")).to_string()
    }
}
