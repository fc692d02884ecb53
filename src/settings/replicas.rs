//! Settings of the replicas of a database on a server.

use std::path::PathBuf;
use std::time::Duration;

use super::bad::{number, text};
use super::files::state_folder;
use super::{BadSetting, PostgresServer, Settings, Source};
use crate::model::ContentHash;

const URLS: &str = "CFN_READ_URLS";
const WAIT: &str = "CFN_READ_WAIT_MS";

/// Default of the maximum wait for a replica that is behind.
const WAIT_MS: u64 = 50;

/// The longest time for connecting to a replica: then the primary answers.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The replicas that may answer instead of the primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replicas {
    /// Their servers, in the order to ask.
    pub servers: Vec<PostgresServer>,
    /// Maximum wait for one that is behind.
    pub wait: Duration,
}

impl Settings {
    /// The replicas of the database; `None` if there are none, or it is a file.
    pub fn replicas(&self) -> Result<Option<Replicas>, BadSetting> {
        let urls = text(&self.environment, URLS)?.filter(|_| self.is_on_a_server());
        let Some(urls) = urls else { return Ok(None) };
        let primary = self.database_server()?;
        let mut servers =
            urls.split_whitespace().map(|it| self.replica(it, &primary)).collect::<Result<Vec<_>, _>>()?;
        // Commands that start at the same time ask different ones.
        let turns = usize::try_from(std::process::id()).unwrap_or(0) % servers.len().max(1);
        servers.rotate_left(turns);
        Ok(Some(Replicas { servers, wait: self.read_wait()? }).filter(|it| !it.servers.is_empty()))
    }

    /// Maximum wait for a replica that is behind.
    pub(super) fn read_wait(&self) -> Result<Duration, BadSetting> {
        let expected = "a number of milliseconds from 0 to 60000";
        Ok(Duration::from_millis(number(&self.environment, WAIT, WAIT_MS, 0..=60_000, expected)?))
    }

    /// The replicas without their passwords.
    pub(super) fn replicas_shown(&self) -> Result<Option<String>, BadSetting> {
        let shown = |it: &PostgresServer| it.url();
        Ok(self.replicas()?.map(|it| it.servers.iter().map(shown).collect::<Vec<_>>().join(" ")))
    }

    /// A replica has the schemas of its primary.
    fn replica(&self, url: &str, primary: &PostgresServer) -> Result<PostgresServer, BadSetting> {
        if !super::postgres::is_url(url) {
            return Err(BadSetting::hidden(Source::Variable(URLS), "URLs such as postgresql://HOST/DATABASE"));
        }
        let server = PostgresServer::of_url(url, Source::Variable(URLS), &self.environment, &self.current_folder)?;
        let connect_timeout = server.connect_timeout.min(CONNECT_TIMEOUT);
        Ok(PostgresServer { schema: primary.schema.clone(), connect_timeout, ..server })
    }

    /// The file that keeps which writes of this user a replica must have; `None` without replicas, or without a folder for it.
    pub(super) fn position_file(&self, server: &PostgresServer) -> Option<PathBuf> {
        self.environment.get(URLS)?;
        let name = ContentHash::of(server.url().as_bytes()).to_string();
        Some(state_folder(&self.environment)?.join("cfn/positions").join(&name[..32]))
    }
}
