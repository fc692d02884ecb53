//! A PostgreSQL server, as settings describe it.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::settings::Secret;
use crate::settings::percent::encoded;

/// The default schema of a skills database.
pub(super) const SCHEMA: &str = "cfn";

/// A PostgreSQL server and a database on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresServer {
    /// The hosts to try, at least one; the first usable one is used.
    pub hosts: Vec<Host>,
    /// Whether to try the hosts in random order, to balance connections.
    pub any_order: bool,
    /// Whether to accept only hosts that allow writes.
    pub writable: bool,
    /// The database.
    pub database: String,
    /// The schema of a skills database.
    pub schema: String,
    /// The role; the operating system's user if `None`.
    pub user: Option<String>,
    /// The password, if given.
    pub password: Option<Secret>,
    /// Whether a project's settings file names it, so that it gets a password only from a line with its host.
    pub is_named_by_project: bool,
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
    /// The file that keeps which writes of this user a replica must have; `None` if no replica is read.
    pub position_file: Option<PathBuf>,
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

impl PostgresServer {
    /// Its name as a location: host, port, database and a schema that is not the default, without user and password.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("")
    }

    /// The same with the role, for a command that the user copies.
    #[must_use]
    pub fn url_with_user(&self) -> String {
        self.url_of(&self.user.as_deref().map(|it| format!("{}@", encoded(it))).unwrap_or_default())
    }

    fn url_of(&self, login: &str) -> String {
        let schema = if self.schema == SCHEMA { String::new() } else { format!("?schema={}", self.schema) };
        format!("postgresql://{login}{self}{schema}")
    }
}

impl fmt::Display for PostgresServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.hosts.iter().map(ToString::to_string).collect();
        write!(formatter, "{}/{}", hosts.join(","), self.database)
    }
}
