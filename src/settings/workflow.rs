//! Where the workflow database is, and whether it is told what happens to generated skills. The password is read from its file
//! by whoever connects; here is only where that file is.

mod url;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{BadSetting, Secret, bad, boolean};

/// How long a connection may take, the name look-up and the greeting included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The most that a command may spend on starting a delivery, unless configured.
const SYNC_BUDGET_MS: u64 = 25;

/// A variable of the environment; an empty one counts as not set.
type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What is told to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowSettings {
    /// Whether what happens to generated skills is queued and delivered.
    pub enabled: bool,
    /// The most that a command may spend on starting a delivery; zero: it starts none.
    pub budget: Duration,
    /// Where the database is.
    pub server: WorkflowServer,
}

/// A PostgreSQL server and a database on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowServer {
    /// A name, an address, or the folder of a Unix socket.
    pub host: String,
    /// The port.
    pub port: u16,
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
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// `options` of the connection, such as `-c search_path=workflow`.
    pub options: Option<String>,
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

impl fmt::Display for WorkflowServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}/{}", self.host, self.port, self.database)
    }
}

impl WorkflowSettings {
    pub(super) fn resolve(variable: Variable<'_>, current_folder: &Path) -> Result<Self, BadSetting> {
        let budget = match variable("CFN_SYNC_BUDGET_MS") {
            None => SYNC_BUDGET_MS,
            Some(value) => parsed("CFN_SYNC_BUDGET_MS", &value, "a number of milliseconds from 0")?,
        };
        Ok(Self {
            enabled: boolean("ENABLE_PHASE4_LOGGING", variable("ENABLE_PHASE4_LOGGING"))?,
            budget: Duration::from_millis(budget),
            server: WorkflowServer::resolve(variable, current_folder)?,
        })
    }
}

impl WorkflowServer {
    /// The URL says all of it, where there is one; what neither it nor the variables say is as for other PostgreSQL clients.
    fn resolve(variable: Variable<'_>, current_folder: &Path) -> Result<Self, BadSetting> {
        let text = |name: &'static str| variable(name).map(|it| utf8(name, it)).transpose();
        let path = |value: String| current_folder.join(value);
        let url = text("CFN_POSTGRES_URL")?;
        let mut server = Self::unnamed(variable, current_folder)?;
        if let Some(url) = url {
            // The URL itself is not shown: there may be a password in it.
            let bad = |expected| BadSetting { variable: "CFN_POSTGRES_URL", value: "(not shown)".to_owned(), expected };
            url::apply(&url, &mut server, current_folder).map_err(bad)?;
            return Ok(server);
        }
        if let Some(host) = text("PHASE4_POSTGRES_HOST")? {
            server.host = host;
        }
        if let Some(port) = variable("PHASE4_POSTGRES_PORT") {
            server.port = parsed("PHASE4_POSTGRES_PORT", &port, "a port from 0 to 65535")?;
        }
        if let Some(database) = text("PHASE4_POSTGRES_DB")? {
            server.database = database;
        }
        server.user = text("PHASE4_POSTGRES_USER")?.or(server.user);
        server.password = text("PHASE4_POSTGRES_PASS")?.map(Secret::from).or(server.password);
        if let Some(mode) = text("PGSSLMODE")? {
            let bad = |expected| BadSetting { variable: "PGSSLMODE", value: mode.clone(), expected };
            server.ssl_mode = SslMode::parse(&mode).map_err(bad)?;
        }
        if let Some(file) = text("PGSSLROOTCERT")? {
            server.root_certificates = RootCertificates::parse(&file, path);
        }
        Ok(server)
    }

    fn unnamed(variable: Variable<'_>, current_folder: &Path) -> Result<Self, BadSetting> {
        let home = variable("HOME").map(PathBuf::from);
        let password_file = variable("PGPASSFILE").map(|it| current_folder.join(it));
        Ok(Self {
            host: "localhost".to_owned(),
            port: 5432,
            database: "workflow_codification".to_owned(),
            user: variable("PGUSER").map(|it| utf8("PGUSER", it)).transpose()?,
            password: variable("PGPASSWORD").map(|it| utf8("PGPASSWORD", it)).transpose()?.map(Secret::from),
            password_file: password_file.or_else(|| home.as_ref().map(|it| it.join(".pgpass"))),
            ssl_mode: SslMode::Prefer,
            root_certificates: RootCertificates::Default(home.map(|it| it.join(".postgresql/root.crt"))),
            connect_timeout: CONNECT_TIMEOUT,
            options: None,
        })
    }
}

impl SslMode {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "disable" => Ok(Self::Disable),
            // libpq's "allow" tries without TLS first; to try with it first gives the same servers, better protected.
            "allow" | "prefer" => Ok(Self::Prefer),
            "require" => Ok(Self::Require),
            "verify-ca" => Ok(Self::VerifyCa),
            "verify-full" => Ok(Self::VerifyFull),
            _ => Err("a URL or setting with sslmode disable, allow, prefer, require, verify-ca or verify-full"),
        }
    }
}

impl RootCertificates {
    fn parse(text: &str, path: impl Fn(String) -> PathBuf) -> Self {
        if text == "system" { Self::System } else { Self::File(path(text.to_owned())) }
    }
}

fn utf8(name: &'static str, value: OsString) -> Result<String, BadSetting> {
    value.into_string().map_err(|_| BadSetting {
        variable: name,
        value: "(not shown)".to_owned(),
        expected: "UTF-8 text",
    })
}

fn parsed<T: std::str::FromStr>(name: &'static str, value: &OsString, expected: &'static str) -> Result<T, BadSetting> {
    value.to_str().and_then(|text| text.trim().parse().ok()).ok_or_else(|| bad(name, value, expected))
}
