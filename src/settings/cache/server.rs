//! A Redis server, as settings describe it.

use std::fmt;
use std::path::PathBuf;

use crate::settings::Secret;

/// A Redis server and a database on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisServer {
    /// Its address.
    pub address: RedisAddress,
    /// The ACL user; Redis's `default` if `None`.
    pub user: Option<String>,
    /// The password, if any.
    pub password: Option<Secret>,
    /// The number of the database.
    pub database: u16,
    /// The file of trusted certificates for TLS; the operating system's if `None`.
    pub root_certificates: Option<PathBuf>,
}

/// The address of a Redis server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisAddress {
    /// A TCP port.
    Tcp {
        /// The host name or address.
        host: String,
        /// The port.
        port: u16,
        /// Whether the connection uses TLS.
        tls: bool,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

impl RedisServer {
    /// The command line of Redis's own client for this server, without user and password.
    #[must_use]
    pub fn client(&self) -> String {
        match &self.address {
            RedisAddress::Tcp { host, port, tls } => {
                format!("redis-cli -h {host} -p {port}{}", if *tls { " --tls" } else { "" })
            }
            RedisAddress::Unix(path) => format!("redis-cli -s {}", path.display()),
        }
    }
}

impl fmt::Display for RedisServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            RedisAddress::Tcp { host, port, tls: false } => write!(formatter, "{host}:{port}/{}", self.database),
            RedisAddress::Tcp { host, port, tls: true } => write!(formatter, "{host}:{port}/{} (TLS)", self.database),
            RedisAddress::Unix(path) => write!(formatter, "{}/{}", path.display(), self.database),
        }
    }
}
