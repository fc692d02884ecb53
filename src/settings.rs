//! Settings: a flag overrides the environment, which overrides the default. They are read once, from an environment
//! that is passed in. Each is validated when a command asks for it, so an invalid value never stops a command that does
//! not use it.

mod cache;
mod discovery;
mod given;
mod percent;
mod secret;
mod workflow;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::{Location, Visible};

pub use cache::{CachePolicy, CacheSettings, RedisAddress, RedisServer};
pub use discovery::{Foreign, Found, without_detours};
use given::Environment;
pub use given::{Given, Source};
pub use secret::Secret;
pub use workflow::{ChannelBinding, DELIVERY_VARIABLES, Host, Queued, RootCertificates, SslMode, WorkflowServer};

/// Default path of the database, relative to the project.
pub const DEFAULT_DATABASE: &str = ".claude/skills-database/skills.db";

/// Default maximum size of a skill file, in bytes.
pub const DEFAULT_CONTENT_BYTES: usize = 1024 * 1024;

/// Default maximum wait for a lock.
pub const DEFAULT_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The variables of the database and of commands. Services define their own.
const VARIABLES: [&str; 7] = [
    "CFN_APPROVER",
    "CFN_SKILLS_DB_PATH",
    "CFN_CONTENT_ROOT",
    "CFN_MAX_CONTENT_BYTES",
    "CFN_BUSY_TIMEOUT_MS",
    "CFN_SYNCHRONOUS",
    "ENABLE_AGENT_NOTIFICATIONS",
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
    cache_policy: Option<CachePolicy>,
    environment: Environment,
}

/// `PRAGMA synchronous`, for every write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// Every commit is synced to disk.
    Full,
    /// A power cut may lose the last commits.
    Normal,
}

/// An invalid value and its source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is \"{}\", but must be {expected}", Visible(value))]
pub struct BadSetting {
    /// The environment variable or option.
    pub variable: &'static str,
    /// Its value, unless it may contain a password.
    pub value: String,
    /// The expected form.
    pub expected: Cow<'static, str>,
}

impl Settings {
    /// Reads flags and environment. `environment` returns the value of a variable; an empty one counts as unset.
    pub fn resolve(flags: &Flags, environment: &dyn Fn(&str) -> Option<OsString>, current_folder: &Path) -> Self {
        let names = [&VARIABLES[..], &cache::VARIABLES, DELIVERY_VARIABLES, &workflow::STARTING_VARIABLES].concat();
        let environment = Environment::of(&names, environment);
        let flag = |name, value: OsString| Given { source: Source::Flag(name), value };
        let database = flags.db.as_ref().map(|it| flag("--db", it.clone().into_os_string()));
        let database = database.or_else(|| environment.given("CFN_SKILLS_DB_PATH"));
        let look = || Found::look(current_folder, environment.get("HOME").map(Path::new));
        let search = database.is_none().then(look);
        let found = match &search {
            Some(Ok(found)) => found.path().as_os_str().to_owned(),
            Some(Err(_)) | None => DEFAULT_DATABASE.into(),
        };
        let redis_url = match &flags.redis_url {
            Some(url) => Some(flag("--redis-url", url.clone())).filter(|it| !it.value.is_empty()),
            None => environment.given("CFN_REDIS_URL"),
        };
        Self {
            current_folder: current_folder.to_owned(),
            search,
            database: database.unwrap_or(Given { source: Source::Default, value: found }),
            redis_url,
            cache_policy: flags.cache,
            environment,
        }
    }

    /// These settings with another database.
    #[must_use]
    pub fn with_database(&self, database: &Path) -> Self {
        let database = Given { source: Source::Flag("--db"), value: database.into() };
        Self { database, search: None, ..self.clone() }
    }

    /// Where the database is.
    pub fn database(&self) -> Result<Location, BadSetting> {
        let name = match self.database.source {
            Source::Flag(name) | Source::Variable(name) => name,
            // A discovered path may look like a URL, but is a file.
            Source::Default => {
                return Ok(Location::File(without_detours(&self.current_folder.join(&self.database.value))));
            }
        };
        self.file_of_a_database(name, &self.database.value).map(Location::File)
    }

    /// The absolute path of a database file. A URL is an error that shows only its beginning: a password may follow.
    pub fn file_of_a_database(&self, name: &'static str, value: &OsStr) -> Result<PathBuf, BadSetting> {
        let text = value.to_string_lossy();
        match text.split_once("://") {
            Some((scheme, _)) => Err(BadSetting {
                variable: name,
                value: format!("{scheme}://…"),
                expected: "the path of a file: no engine supports URLs yet".into(),
            }),
            None => Ok(without_detours(&self.current_folder.join(value))),
        }
    }

    /// The folder that content files must be in, links resolved; `None` for any folder.
    #[must_use]
    pub fn content_root(&self) -> Option<PathBuf> {
        self.environment.get("CFN_CONTENT_ROOT").map(|root| self.current_folder.join(root))
    }

    /// Maximum size of a skill file, in bytes.
    pub fn content_bytes(&self) -> Result<usize, BadSetting> {
        let bytes = "a number of bytes from 1 to 1000000000";
        let default = DEFAULT_CONTENT_BYTES as u64;
        let number = number(&self.environment, "CFN_MAX_CONTENT_BYTES", default, 1..=1_000_000_000, bytes)?;
        Ok(usize::try_from(number).unwrap_or(DEFAULT_CONTENT_BYTES))
    }

    /// Maximum wait for a lock.
    pub fn busy_timeout(&self) -> Result<Duration, BadSetting> {
        let default = u64::try_from(DEFAULT_BUSY_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
        let expected = "a number of milliseconds from 1";
        Ok(Duration::from_millis(number(&self.environment, "CFN_BUSY_TIMEOUT_MS", default, 1..=u64::MAX, expected)?))
    }

    /// The durability of every write, if it is overridden.
    pub fn synchronous(&self) -> Result<Option<Synchronous>, BadSetting> {
        let value = self.environment.get("CFN_SYNCHRONOUS");
        match value.map(|it| it.to_string_lossy().to_lowercase()).as_deref() {
            None => Ok(None),
            Some("full") => Ok(Some(Synchronous::Full)),
            Some("normal") => Ok(Some(Synchronous::Normal)),
            Some(_) => Err(bad("CFN_SYNCHRONOUS", value.unwrap_or_default(), "full or normal")),
        }
    }

    /// Whether `update` prints the agent types that use the skill, by default.
    pub fn notify_agents(&self) -> Result<bool, BadSetting> {
        boolean(&self.environment, "ENABLE_AGENT_NOTIFICATIONS")
    }

    /// The default approver.
    #[must_use]
    pub fn approver(&self) -> Option<&str> {
        self.environment.get("CFN_APPROVER")?.to_str().map(str::trim).filter(|it| !it.is_empty())
    }

    /// The policy of the query cache.
    pub fn cache_policy(&self) -> Result<CachePolicy, BadSetting> {
        match (self.cache_policy, self.environment.get("CFN_CACHE")) {
            (Some(policy), _) => Ok(policy),
            (None, None) => Ok(CachePolicy::default()),
            (None, Some(text)) => {
                let parsed = text.to_string_lossy().to_lowercase().parse();
                parsed.map_err(|expected: &str| bad("CFN_CACHE", text, expected))
            }
        }
    }

    /// The server of the query cache; `None` without one.
    pub fn redis(&self) -> Result<Option<RedisServer>, BadSetting> {
        let url = self.redis_url.as_ref();
        url.map(|it| RedisServer::of(it, &self.environment, &self.current_folder)).transpose()
    }

    /// The cache settings, for a command about the cache.
    pub fn cache(&self) -> Result<CacheSettings, BadSetting> {
        CacheSettings::resolve(self.cache_policy()?, self.redis()?, &self.environment)
    }

    /// The cache settings, for a command that can do without the cache: an invalid environment variable is an error
    /// only with the policy `always`.
    pub fn optional_cache(&self) -> Result<Option<CacheSettings>, BadSetting> {
        if self.redis_url.is_none() || self.cache_policy == Some(CachePolicy::Never) {
            return Ok(None);
        }
        let policy = self.cache_policy()?;
        match self.cache() {
            _ if policy == CachePolicy::Never => Ok(None),
            Err(error) if policy == CachePolicy::Auto && !error.variable.starts_with("--") => Ok(None),
            outcome => outcome.map(Some),
        }
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
    pub fn workflow_server(&self) -> Result<WorkflowServer, BadSetting> {
        WorkflowServer::resolve(&self.environment, &self.current_folder)
    }

    /// All invalid values, for diagnostics. Commands report those that they use as errors.
    #[must_use]
    pub fn unusable(&self) -> Vec<BadSetting> {
        let judged = [
            self.database().err(),
            self.content_bytes().err(),
            self.busy_timeout().err(),
            self.synchronous().err(),
            self.notify_agents().err(),
            self.cache().err(),
            self.queued().err(),
            self.sync_budget().err(),
            self.workflow_server().err(),
        ];
        judged.into_iter().flatten().collect()
    }

    /// The variables that a background delivery needs; it inherits no others.
    pub fn for_delivery(&self) -> impl Iterator<Item = (&'static str, &OsStr)> {
        DELIVERY_VARIABLES.iter().filter_map(|name| Some((*name, self.environment.get(name)?)))
    }
}

fn boolean(environment: &Environment, name: &'static str) -> Result<bool, BadSetting> {
    let value = environment.get(name);
    match value.map(|it| it.to_string_lossy().to_lowercase()).as_deref() {
        None | Some("false" | "0" | "no" | "off") => Ok(false),
        Some("true" | "1" | "yes" | "on") => Ok(true),
        Some(_) => Err(bad(name, value.unwrap_or_default(), "true or false")),
    }
}

fn number(
    environment: &Environment,
    name: &'static str,
    default: u64,
    allowed: std::ops::RangeInclusive<u64>,
    expected: &'static str,
) -> Result<u64, BadSetting> {
    let Some(value) = environment.get(name) else { return Ok(default) };
    let number = value.to_str().and_then(|text| text.trim().parse().ok());
    number.filter(|it| allowed.contains(it)).ok_or_else(|| bad(name, value, expected))
}

fn bad(variable: &'static str, value: &OsStr, expected: &'static str) -> BadSetting {
    BadSetting { variable, value: value.to_string_lossy().into_owned(), expected: expected.into() }
}

/// An error about a value that may contain a password.
fn hidden(variable: &'static str, expected: impl Into<Cow<'static, str>>) -> BadSetting {
    BadSetting { variable, value: "(not shown)".to_owned(), expected: expected.into() }
}

#[cfg(test)]
mod tests;
