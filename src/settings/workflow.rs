//! Where the workflow database is, and what it is told of generated skills. The password is read from its file by whoever
//! connects; here is only where that file is.

mod connection;
mod parameters;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::given::Environment;
use super::{BadSetting, Secret, bad, boolean, hidden, number};

/// How long connecting to a host may take, the name look-up and the greeting included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The most that a command may spend on starting a delivery, unless configured.
const SYNC_BUDGET_MS: u64 = 25;

/// The variables that a command reads which may start a delivery.
pub(super) const STARTING_VARIABLES: [&str; 1] = ["CFN_SYNC_BUDGET_MS"];

/// The variables that a delivery needs: the server, the database of skills, where files and names are looked up.
pub const DELIVERY_VARIABLES: &[&str] = &[
    "HOME",
    "TMPDIR",
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

/// What is queued for the workflow database, and delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    /// Nothing.
    Nothing,
    /// That a pattern's skill was deployed: what the old script reported wherever it knew a server and a user.
    Deployments,
    /// Also updates and executions.
    Everything,
}

/// A PostgreSQL server and a database on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowServer {
    /// Where it may be; the first that can be used is. There is at least one.
    pub hosts: Vec<Host>,
    /// Whether the hosts are tried in any order, so that connections are spread over them.
    pub any_order: bool,
    /// Whether only a host that takes writes can be used.
    pub writable: bool,
    /// The database.
    pub database: String,
    /// The role; that of the operating system where none is given.
    pub user: Option<String>,
    /// The password, where it was given.
    pub password: Option<Secret>,
    /// Where passwords are otherwise.
    pub password_file: Option<PathBuf>,
    /// How the connection is protected.
    pub ssl_mode: SslMode,
    /// Who may vouch for the server.
    pub root_certificates: RootCertificates,
    /// The certificate that is shown to the server, and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Whether the password exchange must be tied to the TLS connection.
    pub channel_binding: ChannelBinding,
    /// How long connecting to a host may take.
    pub connect_timeout: Duration,
    /// `options` of the connection, such as `-c search_path=workflow`.
    pub options: Option<String>,
    /// The name of the connection in the server's lists.
    pub application_name: String,
}

/// A place where a server may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// A name, an address, or the folder of a Unix socket.
    pub name: String,
    /// Its address, where it is not to be looked up.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: u16,
}

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// TLS where the server has it.
    Prefer,
    /// TLS, whoever the server is; but where there are root certificates, one of them must vouch for it.
    Require,
    /// TLS with a server that a root certificate vouches for.
    VerifyCa,
    /// And it must have the name that was asked for.
    VerifyFull,
}

/// libpq's `sslrootcert`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootCertificates {
    /// Those of this file, which must be there.
    File(PathBuf),
    /// Those of this file, if it is there: `~/.postgresql/root.crt`.
    Default(Option<PathBuf>),
    /// Those of the operating system.
    System,
}

/// libpq's `channel_binding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where both sides can.
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
    /// Whether it is the folder of a Unix socket; `@` is one without a file.
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
    /// The URL says where it is and as whom, where there is one; what neither it nor the variables say is as for other PostgreSQL
    /// clients.
    pub(super) fn resolve(environment: &Environment, current_folder: &Path) -> Result<Self, BadSetting> {
        let mut server = Self::unnamed(environment, current_folder)?;
        let mut protection = parameters::Protection::default();
        if let Some(text) = text(environment, "CFN_POSTGRES_URL")? {
            let wrong = |expected| hidden("CFN_POSTGRES_URL", expected);
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

    /// The variables of the scripts before cfn.
    fn take_old_variables(&mut self, environment: &Environment) -> Result<(), BadSetting> {
        let host = &mut self.hosts[0];
        if let Some(name) = text(environment, "PHASE4_POSTGRES_HOST")? {
            host.name = name;
        }
        if let Some(port) = environment.get("PHASE4_POSTGRES_PORT") {
            let parsed = port.to_str().and_then(|it| it.trim().parse().ok());
            host.port = parsed.ok_or_else(|| bad("PHASE4_POSTGRES_PORT", port, "a port from 0 to 65535"))?;
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
    let utf8 = |it: &std::ffi::OsStr| it.to_str().map(str::to_owned).ok_or_else(|| hidden(name, "UTF-8 text"));
    environment.get(name).map(utf8).transpose()
}
