//! Settings of a PostgreSQL server, from a connection string and libpq's variables. Only the path of the password file is
//! resolved here; connecting reads the file.

mod connection;
mod parameters;
mod server;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) use self::parameters::Protection;
use self::parameters::Wrong;
pub use self::server::{ChannelBinding, Host, PostgresServer, RootCertificates, SslMode};
use super::bad::text;
use super::given::Environment;
use super::{BadSetting, Scope, Secret, Source};

/// Default time limit of connecting to a host.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What is expected of a project's file.
const WITHOUT_SECRETS: &str = "a URL without a password, passfile and sslkey, since a clone brings this file along: \
    keep the password in ~/.pgpass";

/// Whether a text is a connection URL.
pub(super) fn is_url(text: &str) -> bool {
    text.starts_with("postgresql://") || text.starts_with("postgres://")
}

/// Whether a text has one of libpq's keywords with a value, such as `host=…`.
pub(super) fn has_keywords(text: &str) -> bool {
    let names = text.match_indices('=').filter_map(|it| text[..it.0].split_whitespace().next_back());
    names.into_iter().any(parameters::is_known)
}

impl PostgresServer {
    /// The server of a skills database. `origin` names the URL in errors, which never show it. A clone brings the project's
    /// settings file along, and perhaps a database that follows another one, so a server that they name does not get the
    /// password that is meant for others. A project's file has no password or key either, nor says where they are.
    pub(super) fn of_url(
        url: &str,
        origin: Source,
        environment: &Environment,
        current_folder: &Path,
    ) -> Result<Self, BadSetting> {
        let mut server = Self::unnamed(environment, current_folder)?;
        if matches!(origin, Source::File { scope: Scope::Project, .. } | Source::Follower) {
            (server.is_named_by_project, server.password) = (true, None);
        }
        let is_of_project = matches!(origin, Source::File { scope: Scope::Project, .. });
        let usual = server.password_file.clone();
        let named = server.name(url, current_folder).and_then(|protection| {
            let has_secrets = server.password.is_some() || server.password_file != usual || protection.has_key();
            if is_of_project && has_secrets { Err(WITHOUT_SECRETS.into()) } else { Ok(protection) }
        });
        let protection = named.map_err(|expected| BadSetting::hidden(origin, expected))?;
        server.protected(protection, environment, current_folder)
    }

    /// Whether a connection string has a password. One that cannot be read has none.
    pub(super) fn has_password(text: &str) -> bool {
        let Ok(mut server) = Self::unnamed(&Environment::default(), Path::new("/")) else { return false };
        server.name(text, Path::new("/")).is_ok() && server.password.is_some()
    }

    /// The settings by libpq's variables, for a server without a connection string.
    pub(super) fn unnamed(environment: &Environment, current_folder: &Path) -> Result<Self, BadSetting> {
        let home = environment.get("HOME").map(PathBuf::from);
        let password_file = environment.get("PGPASSFILE").map(|it| current_folder.join(it));
        Ok(Self {
            hosts: vec![Host { name: "localhost".to_owned(), address: None, port: 5432 }],
            any_order: false,
            writable: false,
            database: String::new(),
            schema: server::SCHEMA.to_owned(),
            user: text(environment, "PGUSER")?,
            password: text(environment, "PGPASSWORD")?.map(Secret::from),
            is_named_by_project: false,
            password_file: password_file.or_else(|| home.as_ref().map(|it| it.join(".pgpass"))),
            ssl_mode: SslMode::Prefer,
            root_certificates: RootCertificates::Default(home.map(|it| it.join(".postgresql/root.crt"))),
            certificate: None,
            channel_binding: ChannelBinding::Prefer,
            connect_timeout: CONNECT_TIMEOUT,
            options: None,
            application_name: "cfn".to_owned(),
            position_file: None,
        })
    }

    /// Takes what a connection string says.
    pub(super) fn name(&mut self, text: &str, current_folder: &Path) -> Result<Protection, Wrong> {
        connection::apply(text, self, current_folder)
    }

    /// Takes the protection that a connection string or the environment asks for.
    pub(super) fn protected(
        mut self,
        protection: Protection,
        environment: &Environment,
        current_folder: &Path,
    ) -> Result<Self, BadSetting> {
        protection.apply(&mut self, environment, current_folder)?;
        Ok(self)
    }
}
