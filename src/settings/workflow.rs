//! Settings of the workflow database: its server, and which events are queued for it. Only the path of the password
//! file is resolved here; connecting reads the file.

mod connection;
mod parameters;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bad::{boolean, number};
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

/// A PostgreSQL server and a database on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowServer {
    /// The hosts to try, at least one; the first usable one is used.
    pub hosts: Vec<Host>,
    /// Whether to try the hosts in random order, to balance connections.
    pub any_order: bool,
    /// Whether to accept only hosts that allow writes.
    pub writable: bool,
    /// The database.
    pub database: String,
    /// The role; the operating system's user if `None`.
    pub user: Option<String>,
    /// The password, if given.
    pub password: Option<Secret>,
    /// The password file.
    pub password_file: Option<PathBuf>,
    /// The TLS mode.
    pub ssl_mode: SslMode,
    /// The trusted certificates.
    pub root_certificates: RootCertificates,
    /// The client certificate and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Whether the password exchange must be bound to the TLS connection.
    pub channel_binding: ChannelBinding,
    /// Time limit for connecting to a host.
    pub connect_timeout: Duration,
    /// `options` of the connection, such as `-c search_path=workflow`.
    pub options: Option<String>,
    /// The name of the connection, for the server's statistics.
    pub application_name: String,
}

/// A host to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// A name, an address, or the folder of a Unix socket.
    pub name: String,
    /// Its address, if the name must not be resolved.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: u16,
}

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// TLS if the server supports it.
    Prefer,
    /// TLS without verifying the server, unless there are root certificates.
    Require,
    /// TLS, and verify the server's certificate.
    VerifyCa,
    /// TLS, and verify the server's certificate and name.
    VerifyFull,
}

/// libpq's `sslrootcert`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootCertificates {
    /// Those of this file, which must exist.
    File(PathBuf),
    /// Those of this file if it exists: `~/.postgresql/root.crt`.
    Default(Option<PathBuf>),
    /// Those of the operating system.
    System,
}

/// libpq's `channel_binding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// If both sides support it.
    Prefer,
    /// Always.
    Require,
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.name, self.port)
    }
}

impl Host {
    /// Whether it is the folder of a Unix socket, or an abstract one (`@`).
    #[must_use]
    pub fn is_socket(&self) -> bool {
        self.name.starts_with(['/', '@'])
    }
}

impl fmt::Display for WorkflowServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.hosts.iter().map(ToString::to_string).collect();
        write!(formatter, "{}/{}", hosts.join(","), self.database)
    }
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

fn text(environment: &Environment, name: &'static str) -> Result<Option<String>, BadSetting> {
    let wrong = || BadSetting::hidden(Source::Variable(name), "UTF-8 text");
    let utf8 = |it: &std::ffi::OsStr| it.to_str().map(str::to_owned).ok_or_else(wrong);
    environment.get(name).map(utf8).transpose()
}
