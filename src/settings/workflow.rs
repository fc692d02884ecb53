//! Settings of the workflow database: its server, and which events are queued for it. Only the path of the password
//! file is resolved here; connecting reads the file.

mod connection;
mod parameters;
mod server;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::server::{ChannelBinding, Host, RootCertificates, SslMode, WorkflowServer};
use super::bad::{boolean, number, text};
use super::given::Environment;
use super::{BadSetting, Secret, Source};

/// Default time limit for connecting to a host, including name resolution and login.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Default of the maximum time for starting a delivery.
const SYNC_BUDGET_MS: u64 = 25;

/// The variables for starting a delivery.
pub(super) const STARTING_VARIABLES: [&str; 1] = ["CFN_SYNC_BUDGET_MS"];

/// The variables that a delivery needs: for the server, the skills database, and for finding files and resolving names.
pub const DELIVERY_VARIABLES: &[&str] = &[
    "HOME",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "RES_OPTIONS",
    "LOCALDOMAIN",
    "CFN_BUSY_TIMEOUT_MS",
    "CFN_SYNCHRONOUS",
    "ENABLE_PHASE4_LOGGING",
    "CFN_POSTGRES_URL",
    "PHASE4_POSTGRES_HOST",
    "PHASE4_POSTGRES_PORT",
    "PHASE4_POSTGRES_DB",
    "PHASE4_POSTGRES_USER",
    "PHASE4_POSTGRES_PASS",
    "PGUSER",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGSSLCERT",
    "PGSSLKEY",
];

/// The events that are queued for the workflow database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    /// None.
    Nothing,
    /// Only deployments, as the old script reported them whenever it knew a server and a user.
    Deployments,
    /// Deployments, updates and executions.
    Everything,
}

impl Queued {
    pub(super) fn resolve(environment: &Environment) -> Result<Self, BadSetting> {
        let given = |name| environment.get(name).is_some();
        Ok(if boolean(environment, "ENABLE_PHASE4_LOGGING")? {
            Self::Everything
        } else if given("PHASE4_POSTGRES_HOST") && given("PHASE4_POSTGRES_USER") {
            Self::Deployments
        } else {
            Self::Nothing
        })
    }
}

pub(super) fn budget(environment: &Environment) -> Result<Duration, BadSetting> {
    let expected = "a number of milliseconds from 0";
    let milliseconds = number(environment, "CFN_SYNC_BUDGET_MS", SYNC_BUDGET_MS, 0..=u64::MAX, expected)?;
    Ok(Duration::from_millis(milliseconds))
}

impl WorkflowServer {
    /// The URL, if there is one, overrides the variables; the defaults are those of other PostgreSQL clients.
    pub(super) fn resolve(environment: &Environment, current_folder: &Path) -> Result<Self, BadSetting> {
        let mut server = Self::unnamed(environment, current_folder)?;
        let mut protection = parameters::Protection::default();
        if let Some(text) = text(environment, "CFN_POSTGRES_URL")? {
            let wrong = |expected| BadSetting::hidden(Source::Variable("CFN_POSTGRES_URL"), expected);
            protection = connection::apply(&text, &mut server, current_folder).map_err(wrong)?;
        } else {
            server.take_old_variables(environment)?;
        }
        protection.apply(&mut server, environment, current_folder)?;
        Ok(server)
    }

    fn unnamed(environment: &Environment, current_folder: &Path) -> Result<Self, BadSetting> {
        let home = environment.get("HOME").map(PathBuf::from);
        let password_file = environment.get("PGPASSFILE").map(|it| current_folder.join(it));
        Ok(Self {
            hosts: vec![Host { name: "localhost".to_owned(), address: None, port: 5432 }],
            any_order: false,
            writable: false,
            database: "workflow_codification".to_owned(),
            user: text(environment, "PGUSER")?,
            password: text(environment, "PGPASSWORD")?.map(Secret::from),
            password_file: password_file.or_else(|| home.as_ref().map(|it| it.join(".pgpass"))),
            ssl_mode: SslMode::Prefer,
            root_certificates: RootCertificates::Default(home.map(|it| it.join(".postgresql/root.crt"))),
            certificate: None,
            channel_binding: ChannelBinding::Prefer,
            connect_timeout: CONNECT_TIMEOUT,
            options: None,
            application_name: "cfn".to_owned(),
        })
    }

    /// The variables of the old scripts.
    fn take_old_variables(&mut self, environment: &Environment) -> Result<(), BadSetting> {
        let host = &mut self.hosts[0];
        if let Some(name) = text(environment, "PHASE4_POSTGRES_HOST")? {
            host.name = name;
        }
        if let Some(port) = environment.get("PHASE4_POSTGRES_PORT") {
            let parsed = port.to_str().and_then(|it| it.trim().parse().ok());
            host.port =
                parsed.ok_or_else(|| BadSetting::variable("PHASE4_POSTGRES_PORT", port, "a port from 0 to 65535"))?;
        }
        if let Some(database) = text(environment, "PHASE4_POSTGRES_DB")? {
            self.database = database;
        }
        self.user = text(environment, "PHASE4_POSTGRES_USER")?.or(self.user.take());
        self.password = text(environment, "PHASE4_POSTGRES_PASS")?.map(Secret::from).or(self.password.take());
        Ok(())
    }
}
