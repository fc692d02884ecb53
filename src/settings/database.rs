//! Settings of the database besides its location.

use std::ffi::OsStr;
use std::time::Duration;

use super::bad::number;
use super::{BadSetting, DEFAULT_BUSY_TIMEOUT, Given, PostgresServer, Settings, Source, Synchronous, postgres};

impl Settings {
    /// The same settings for a database that this flag names: a file or a URL.
    #[must_use]
    pub fn with_named_database(&self, flag: &'static str, database: &OsStr) -> Self {
        let database = Given { source: Source::Flag(flag), value: database.to_owned() };
        Self { database, search: None, ..self.clone() }
    }

    /// The same settings for a database on a server that another database follows.
    #[must_use]
    pub fn with_followed_database(&self, url: &OsStr) -> Self {
        let database = Given { source: Source::Follower, value: url.to_owned() };
        Self { database, search: None, ..self.clone() }
    }

    /// Whether a text is the URL of a server.
    #[must_use]
    pub fn names_a_server(text: &str) -> bool {
        postgres::is_url(text)
    }

    /// Whether the URL of a server has a password.
    #[must_use]
    pub fn names_a_password(url: &str) -> bool {
        PostgresServer::has_password(url)
    }

    /// Whether a settings file names the database.
    #[must_use]
    pub fn is_named_by_a_file(&self) -> bool {
        matches!(self.database.source, Source::File { .. })
    }

    /// Whether the database was named by a URL of a server.
    #[must_use]
    pub fn is_on_a_server(&self) -> bool {
        let is_named = !matches!(self.database.source, Source::Found | Source::Default);
        is_named && self.database.value.to_str().is_some_and(postgres::is_url)
    }

    /// The server of the database, if it was named by a URL.
    pub fn database_server(&self) -> Result<PostgresServer, BadSetting> {
        let url = self.database.value.to_str().unwrap_or_default();
        let server =
            PostgresServer::of_url(url, self.database.source.clone(), &self.environment, &self.current_folder)?;
        Ok(PostgresServer { position_file: self.position_file(&server), ..server })
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
            Some(_) => Err(BadSetting::variable("CFN_SYNCHRONOUS", value.unwrap_or_default(), "full or normal")),
        }
    }
}
