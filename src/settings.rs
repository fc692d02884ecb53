//! Settings: a flag beats the environment, the environment beats the default. Resolved once; the environment is passed in.

mod cache;
mod discovery;
mod percent;
mod secret;
mod workflow;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::Visible;

pub use cache::{CachePolicy, CacheSettings, RedisAddress, RedisServer};
pub use discovery::{Foreign, Found, without_detours};
pub use secret::Secret;
pub use workflow::{RootCertificates, SslMode, WorkflowServer, WorkflowSettings};

/// Where the database is when nobody says otherwise, from the current folder.
pub const DEFAULT_DATABASE: &str = ".claude/skills-database/skills.db";

/// The most bytes of a skill file, unless configured.
pub const DEFAULT_CONTENT_BYTES: usize = 1024 * 1024;

/// How long to wait for a lock, unless configured.
pub const DEFAULT_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What the global flags say; `None` where a flag was not given.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--db`.
    pub db: Option<PathBuf>,
    /// `--redis-url`; empty: none, whatever the environment says.
    pub redis_url: Option<OsString>,
    /// `--cache`.
    pub cache: Option<CachePolicy>,
}

/// What a run goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The database, as an absolute path.
    pub database: PathBuf,
    /// What the search for it came to, where nobody named one.
    pub search: Option<Result<Found, Foreign>>,
    /// Where content files must lie, links resolved; anywhere if not set.
    pub content_root: Option<PathBuf>,
    /// The most bytes of a skill file.
    pub content_bytes: usize,
    /// How long to wait for a lock.
    pub busy_timeout: Duration,
    /// Overrides the durability of every write.
    pub synchronous: Option<Synchronous>,
    /// Whether `update` names the agent types that use the skill, where the command does not say.
    pub notify_agents: bool,
    /// Who approves, where the command does not say.
    pub approver: Option<String>,
    /// The workflow database, which generated the skills.
    pub workflow: WorkflowSettings,
    /// The query cache.
    pub cache: CacheSettings,
    /// The folder that the command runs in.
    pub current_folder: PathBuf,
}

/// `PRAGMA synchronous`, for every write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// Every commit is on the disk.
    Full,
    /// The last commits may be lost in a power cut.
    Normal,
}

/// A value that cannot be meant, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is \"{}\", and must be {expected}", Visible(value))]
pub struct BadSetting {
    /// The environment variable or option.
    pub variable: &'static str,
    /// Its value.
    pub value: String,
    /// What it takes.
    pub expected: &'static str,
}

impl Settings {
    /// Resolves flags and environment. `environment` answers a variable's value; an empty one counts as not set.
    pub fn resolve(
        flags: &Flags,
        environment: &dyn Fn(&str) -> Option<OsString>,
        current_folder: &Path,
    ) -> Result<Self, BadSetting> {
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        let path = |name: &str| variable(name).map(PathBuf::from);
        let named = flags.db.clone().or_else(|| path("CFN_SKILLS_DB_PATH"));
        let search = named.is_none().then(|| Found::look(current_folder, path("HOME").as_deref()));
        let database = named.unwrap_or_else(|| match &search {
            Some(Ok(found)) => found.path().to_owned(),
            Some(Err(_)) | None => DEFAULT_DATABASE.into(),
        });
        let number = |name: &'static str, expected: &'static str, default: u64, most: u64| match variable(name) {
            None => Ok(default),
            Some(value) => value
                .to_str()
                .and_then(|text| text.parse::<u64>().ok())
                .filter(|number| (1..=most).contains(number))
                .ok_or_else(|| bad(name, &value, expected)),
        };
        let bytes = "a number of bytes from 1 to 1000000000";
        let content_bytes = number("CFN_MAX_CONTENT_BYTES", bytes, DEFAULT_CONTENT_BYTES as u64, 1_000_000_000)?;
        let busy_ms = number("CFN_BUSY_TIMEOUT_MS", "a number of milliseconds from 1", 5000, u64::MAX)?;
        Ok(Self {
            database: without_detours(&current_folder.join(database)),
            search,
            content_root: path("CFN_CONTENT_ROOT").map(|root| current_folder.join(root)),
            content_bytes: usize::try_from(content_bytes).unwrap_or(DEFAULT_CONTENT_BYTES),
            busy_timeout: Duration::from_millis(busy_ms),
            synchronous: synchronous(variable("CFN_SYNCHRONOUS"))?,
            notify_agents: boolean("ENABLE_AGENT_NOTIFICATIONS", variable("ENABLE_AGENT_NOTIFICATIONS"))?,
            approver: variable("CFN_APPROVER")
                .map(|it| it.to_string_lossy().trim().to_owned())
                .filter(|it| !it.is_empty()),
            workflow: WorkflowSettings::resolve(&variable, current_folder)?,
            cache: CacheSettings::resolve(flags.redis_url.as_ref(), flags.cache, &variable, current_folder)?,
            current_folder: current_folder.to_owned(),
        })
    }
}

fn synchronous(value: Option<OsString>) -> Result<Option<Synchronous>, BadSetting> {
    match value.as_ref().map(|it| it.to_string_lossy().to_lowercase()).as_deref() {
        None => Ok(None),
        Some("full") => Ok(Some(Synchronous::Full)),
        Some("normal") => Ok(Some(Synchronous::Normal)),
        Some(_) => Err(bad("CFN_SYNCHRONOUS", &value.unwrap_or_default(), "full or normal")),
    }
}

fn boolean(name: &'static str, value: Option<OsString>) -> Result<bool, BadSetting> {
    match value.as_ref().map(|it| it.to_string_lossy().to_lowercase()).as_deref() {
        None | Some("false" | "0" | "no" | "off") => Ok(false),
        Some("true" | "1" | "yes" | "on") => Ok(true),
        Some(_) => Err(bad(name, &value.unwrap_or_default(), "true or false")),
    }
}

fn bad(variable: &'static str, value: &OsString, expected: &'static str) -> BadSetting {
    BadSetting { variable, value: value.to_string_lossy().into_owned(), expected }
}

#[cfg(test)]
mod tests {
    use super::{Flags, Settings, Synchronous};
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};

    fn resolve(flag: Option<&str>, environment: &[(&str, &str)]) -> Result<Settings, super::BadSetting> {
        let flags = Flags { db: flag.map(PathBuf::from), ..Flags::default() };
        let lookup =
            |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        Settings::resolve(&flags, &lookup, Path::new("/here"))
    }

    #[test]
    fn flags_beat_the_environment_and_that_beats_defaults() {
        let database = |flag, environment: &[_]| resolve(flag, environment).map(|it| it.database);
        assert_eq!(database(None, &[]), Ok("/here/.claude/skills-database/skills.db".into()));
        assert_eq!(database(None, &[("CFN_SKILLS_DB_PATH", "a.db")]), Ok("/here/a.db".into()));
        assert_eq!(database(Some("/b.db"), &[("CFN_SKILLS_DB_PATH", "a.db")]), Ok("/b.db".into()));
        assert_eq!(database(None, &[("CFN_SKILLS_DB_PATH", "")]), database(None, &[]));
    }

    #[test]
    fn a_bad_value_names_its_source() {
        for (name, value) in [
            ("CFN_MAX_CONTENT_BYTES", "lots"),
            ("CFN_MAX_CONTENT_BYTES", "0"),
            ("CFN_MAX_CONTENT_BYTES", "1000000001"),
            ("CFN_BUSY_TIMEOUT_MS", "-1"),
            ("CFN_SYNCHRONOUS", "off"),
            ("ENABLE_AGENT_NOTIFICATIONS", "maybe"),
        ] {
            let message = resolve(None, &[(name, value)]).map_err(|error| error.to_string());
            assert!(message.as_ref().is_err_and(|it| it.contains(name) && it.contains(value)), "{message:?}");
        }
        assert_eq!(resolve(None, &[("CFN_SYNCHRONOUS", "FULL")]).map(|it| it.synchronous), Ok(Some(Synchronous::Full)));
    }
}
