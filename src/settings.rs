//! Settings: a flag overrides the environment, which overrides the project's file, then the user's file, then the
//! default. They are read once, from an environment that is passed in. Each is validated when a command asks for it, so an
//! invalid value never stops a command that does not use it.

mod agents;
mod approver;
mod bad;
mod cache;
mod database;
mod discovery;
mod expiring;
mod explained;
mod file;
mod files;
mod following;
mod foreign;
mod given;
mod not_a_path;
mod percent;
mod postgres;
mod redis;
mod replicas;
mod secret;
mod skills;
mod workflow;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::Location;

pub use bad::BadSetting;
use bad::boolean;
pub use cache::{CachePolicy, CacheSettings, RedisAddress, RedisServer};
pub use discovery::{DEFAULT_DATABASE, Found, Place, without_detours};
pub use expiring::ExpiringKeys;
pub use explained::Explained;
pub use file::{BadFile, FileProblem, PROJECT_FILE, SettingsFile};
use files::Files;
pub use following::MaxStaleness;
pub use foreign::Foreign;
use given::Environment;
pub use given::{Given, Scope, Source};
pub use postgres::{ChannelBinding, Host, PostgresServer, RootCertificates, SslMode};
pub use replicas::Replicas;
pub use secret::Secret;
pub use skills::DEFAULT_CONTENT_BYTES;
pub use workflow::{DELIVERY_VARIABLES, Queued};

/// Default maximum wait for a lock.
pub const DEFAULT_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The variables of the database and of commands. Services define their own.
const VARIABLES: [&str; 22] = [
    "CFN_APPROVER",
    "CFN_SKILLS_DB_PATH",
    "CFN_CONTENT_ROOT",
    "CFN_MATERIALIZE_DIR",
    "CFN_MAX_CONTENT_BYTES",
    "CFN_MAX_FOLDER_FILES",
    "CFN_MAX_FOLDER_BYTES",
    "CFN_BUSY_TIMEOUT_MS",
    "CFN_SYNCHRONOUS",
    "CFN_MAX_PARALLEL_AGENTS",
    "CFN_MEMORY_BUDGET",
    "CFN_TIER_1_MEMORY",
    "CFN_TIER_2_MEMORY",
    "CFN_TIER_3_MEMORY",
    "CFN_TIER_4_MEMORY",
    "CFN_READ_URLS",
    "CFN_READ_WAIT_MS",
    "CFN_FOLLOW_SECONDS",
    "CFN_MAX_STALENESS",
    "ENABLE_AGENT_NOTIFICATIONS",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
];

/// The global flags; `None` if a flag was not given.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--db`.
    pub db: Option<PathBuf>,
    /// `--redis-url`; an empty value disables Redis, even if the environment sets it.
    pub redis_url: Option<OsString>,
    /// `--cache`.
    pub cache: Option<CachePolicy>,
}

/// The settings of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The working directory.
    pub current_folder: PathBuf,
    /// The result of the search for the database, if none was named.
    pub search: Option<Result<Found, Foreign>>,
    database: Given,
    redis_url: Option<Given>,
    /// Whether an empty `--redis-url` disables Redis.
    without_redis: bool,
    cache_policy: Option<CachePolicy>,
    environment: Environment,
    files: Files,
}

/// `PRAGMA synchronous`, for every write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// Every commit is synced to disk.
    Full,
    /// A power cut may lose the last commits.
    Normal,
}

impl Settings {
    /// Reads flags and environment. `environment` returns the value of a variable; an empty one counts as unset.
    pub fn resolve(flags: &Flags, environment: &dyn Fn(&str) -> Option<OsString>, current_folder: &Path) -> Self {
        let names = [&VARIABLES[..], &cache::VARIABLES, DELIVERY_VARIABLES, &workflow::STARTING_VARIABLES].concat();
        let environment = Environment::of(&names, environment);
        let flag = |name, value: OsString| Given { source: Source::Flag(name), value };
        let given = flags.db.as_ref().map(|it| flag("--db", it.clone().into_os_string()));
        let given = given.or_else(|| environment.given("CFN_SKILLS_DB_PATH"));
        let mut files = Files::of_user(&environment);
        let search = match given {
            Some(_) => None,
            None => files.search(current_folder, environment.get("HOME").map(Path::new)),
        };
        let found = match &search {
            Some(Ok(found)) => found.database.clone(),
            Some(Err(_)) | None => Given { source: Source::Default, value: DEFAULT_DATABASE.into() },
        };
        let of_user = || files.user.as_ref().filter(|_| found.source == Source::Default)?.database();
        let elsewhere = given.or_else(of_user);
        if let Some(database) = &elsewhere {
            files.take_project_of(&current_folder.join(&database.value));
        }
        let redis_url = match &flags.redis_url {
            Some(url) => Some(flag("--redis-url", url.clone())).filter(|it| !it.value.is_empty()),
            None => environment.given("CFN_REDIS_URL").or_else(|| files.text("redis_url")),
        };
        Self {
            current_folder: current_folder.to_owned(),
            search,
            database: elsewhere.unwrap_or(found),
            redis_url,
            without_redis: flags.redis_url.as_ref().is_some_and(|it| it.is_empty()),
            cache_policy: flags.cache,
            environment,
            files,
        }
    }

    /// These settings with another database.
    #[must_use]
    pub fn with_database(&self, database: &Path) -> Self {
        self.with_named_database("--db", database.as_os_str())
    }

    /// The same settings for the database of the current folder, even if there is one above it.
    #[must_use]
    pub fn with_project_here(&self) -> Self {
        let mut files = Files { user: self.files.user.clone(), ..Files::default() };
        files.take_project(&self.current_folder);
        let database = self.current_folder.join(DEFAULT_DATABASE);
        Self { files, ..self.with_database(&database) }
    }

    /// Fails if a settings file is invalid.
    pub fn require_usable_files(&self) -> Result<(), BadFile> {
        self.files.bad.clone().map_or(Ok(()), Err)
    }

    /// A project's settings file that was ignored because it belongs to another user.
    #[must_use]
    pub fn passed_over(&self) -> Option<&Foreign> {
        self.files.passed_over.as_ref()
    }

    /// Whether discovery found no database, and none is named.
    #[must_use]
    pub fn searched_in_vain(&self) -> bool {
        self.search.is_some() && self.database.source == Source::Default
    }

    /// The location of the database.
    pub fn database(&self) -> Result<Location, BadSetting> {
        let path = match &self.database.source {
            // A discovered path may look like a URL, but is a file.
            Source::Found | Source::Default => without_detours(&self.current_folder.join(&self.database.value)),
            _ if self.is_on_a_server() => return Ok(Location::Server(self.database_server()?.url())),
            origin => self.file_named(origin, &self.database.value)?,
        };
        Ok(Location::File(path))
    }

    /// The absolute path of the file of a database, a backup or an archive. A URL is an error.
    pub fn file_of_a_database(&self, name: &'static str, value: &OsStr) -> Result<PathBuf, BadSetting> {
        self.file_named(&Source::Argument(name), value)
    }

    fn file_named(&self, origin: &Source, value: &OsStr) -> Result<PathBuf, BadSetting> {
        match not_a_path::shown(value, &self.current_folder) {
            Some(value) => Err(BadSetting { origin: origin.clone(), value, expected: not_a_path::EXPECTED.into() }),
            None => Ok(without_detours(&self.current_folder.join(value))),
        }
    }

    /// Whether `update` prints the agent types that use the skill, by default.
    pub fn notify_agents(&self) -> Result<bool, BadSetting> {
        boolean(&self.environment, "ENABLE_AGENT_NOTIFICATIONS")
    }

    /// The events that are queued for the workflow database.
    pub fn queued(&self) -> Result<Queued, BadSetting> {
        Queued::resolve(&self.environment)
    }

    /// Maximum time for starting a delivery; zero disables it.
    pub fn sync_budget(&self) -> Result<Duration, BadSetting> {
        workflow::budget(&self.environment)
    }

    /// The server of the workflow database.
    pub fn workflow_server(&self) -> Result<PostgresServer, BadSetting> {
        workflow::server(&self.environment, &self.current_folder)
    }

    /// The variables that a delivery needs but the passwords, which a user's password file holds as well; `None` if the
    /// connection string itself has one.
    #[must_use]
    pub fn for_scheduled_delivery(&self) -> Option<Vec<(&'static str, OsString)>> {
        let public = workflow::without_passwords(&self.environment, &self.current_folder)?;
        let needed = DELIVERY_VARIABLES.iter().filter(|name| !["HOME", "TMPDIR"].contains(*name));
        Some(needed.filter_map(|name| Some((*name, public.get(name)?.to_owned()))).collect())
    }

    /// The user's folder for units of systemd.
    #[must_use]
    pub fn unit_folder(&self) -> Option<PathBuf> {
        files::unit_folder(&self.environment)
    }

    /// All invalid values, for diagnostics. Commands report those that they use as errors.
    #[must_use]
    pub fn unusable(&self) -> Vec<BadSetting> {
        let judged = [
            self.database().err(),
            self.content_bytes().err(),
            self.folder_files().err(),
            self.folder_bytes().err(),
            self.approver(None).err(),
            self.busy_timeout().err(),
            self.synchronous().err(),
            self.notify_agents().err(),
            self.cache().err(),
            self.coordination_server().err(),
            self.parallel_agents().err(),
            self.memory_budget().err(),
            self.expiring_keys().err(),
            self.queued().err(),
            self.sync_budget().err(),
            self.workflow_server().err(),
            self.replicas().err(),
        ];
        judged.into_iter().flatten().collect()
    }

    /// The variables that a background delivery needs; it inherits no others.
    pub fn for_delivery(&self) -> impl Iterator<Item = (&'static str, &OsStr)> {
        DELIVERY_VARIABLES.iter().filter_map(|name| Some((*name, self.environment.get(name)?)))
    }
}

#[cfg(test)]
mod tests;
