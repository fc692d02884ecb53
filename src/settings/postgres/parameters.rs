//! libpq's parameters, one by one. An unknown one is an error: ignoring it could weaken the protection that it asks
//! for.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::server::{ChannelBinding, Host, PostgresServer, RootCertificates, SslMode};
use crate::model::Visible;
use crate::settings::bad::text;
use crate::settings::given::Environment;
use crate::settings::{BadSetting, Secret};

/// The problem. It quotes no part of a connection string except the name of a parameter.
pub(in crate::settings) type Wrong = Cow<'static, str>;

const MODES: &str = "disable, allow, prefer, require, verify-ca or verify-full";

/// Parameters without effect: cfn has its own timeouts, always uses UTF-8, and supports neither GSSAPI nor Windows
/// features.
const WITHOUT_EFFECT: &[&str] = &[
    "fallback_application_name",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "sslcompression",
    "sslsni",
    "sslcertmode",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
];

/// Parameters that must have one of these values: what cfn does anyway.
const ONLY: &[(&str, &[&str])] = &[
    ("client_encoding", &["utf8", "UTF8", "utf-8", "UTF-8", "auto"]),
    ("gssencmode", &["disable", "prefer"]),
    ("replication", &["false", "off", "no", "0"]),
    ("sslnegotiation", &["postgres"]),
    ("ssl_min_protocol_version", &["TLSv1", "TLSv1.1", "TLSv1.2"]),
    ("ssl_max_protocol_version", &["TLSv1.3"]),
];

/// The other parameters, which [`Parameters::set`] takes.
const USED: &[&str] = &[
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "dbname",
    "schema",
    "passfile",
    "options",
    "application_name",
    "connect_timeout",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "channel_binding",
    "target_session_attrs",
    "load_balance_hosts",
    "service",
];

/// Whether libpq has a parameter of this name.
pub(super) fn is_known(name: &str) -> bool {
    USED.contains(&name) || WITHOUT_EFFECT.contains(&name) || ONLY.iter().any(|it| it.0 == name)
}

/// The TLS settings, from several parameters and variables, which are combined at the end.
#[derive(Default)]
pub(in crate::settings) struct Protection {
    mode: Option<SslMode>,
    roots: Option<RootCertificates>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

pub(super) struct Parameters<'a> {
    server: &'a mut PostgresServer,
    current_folder: &'a Path,
    protection: Protection,
    hosts: Vec<String>,
    addresses: Vec<String>,
    ports: Vec<String>,
}

impl<'a> Parameters<'a> {
    pub(super) fn new(server: &'a mut PostgresServer, current_folder: &'a Path) -> Self {
        let protection = Protection::default();
        Self { server, current_folder, protection, hosts: Vec::new(), addresses: Vec::new(), ports: Vec::new() }
    }

    pub(super) fn set(&mut self, name: &str, value: String) -> Result<(), Wrong> {
        if value.is_empty() {
            return Ok(()); // as if it were not there
        }
        let path = |value: &str| self.current_folder.join(value);
        match name {
            "host" => self.hosts = list(&value),
            "hostaddr" => self.addresses = list(&value),
            "port" => self.ports = list(&value),
            "user" => self.server.user = Some(value),
            "password" => self.server.password = Some(Secret::from(value)),
            "dbname" => self.server.database = value,
            "schema" => self.server.schema = schema(value)?,
            "passfile" => self.server.password_file = Some(path(&value)),
            "options" => self.server.options = Some(value),
            "application_name" => self.server.application_name = value,
            "connect_timeout" => self.server.connect_timeout = timeout(&value)?,
            "sslmode" => self.protection.mode = Some(mode(&value)?),
            "ssl" if value == "true" => self.protection.mode = Some(SslMode::Require),
            "sslrootcert" => self.protection.roots = Some(roots(&value, self.current_folder)),
            "sslcert" => self.protection.certificate = Some(path(&value)),
            "sslkey" => self.protection.key = Some(path(&value)),
            "channel_binding" => self.server.channel_binding = binding(&value)?,
            "target_session_attrs" => self.server.writable = writable(&value)?,
            "load_balance_hosts" => self.server.any_order = any_order(&value)?,
            _ => without_effect(name, &value)?,
        }
        Ok(())
    }

    /// Checks the lists as libpq does: as many addresses and ports as hosts, or one port for all.
    pub(super) fn finish(self) -> Result<Protection, Wrong> {
        let count = self.hosts.len().max(self.addresses.len()).max(1);
        let fits = |list: &[String]| list.len() <= 1 && count == 1 || list.is_empty() || list.len() == count;
        if !fits(&self.hosts) || !fits(&self.addresses) || self.ports.len() > 1 && self.ports.len() != count {
            return Err("a connection string with as many values of hostaddr and port as of host".into());
        }
        let default = self.server.hosts[0].clone();
        let value = |list: &[String], at: usize| list.get(at).filter(|it| !it.is_empty()).cloned();
        let host = |at: usize| {
            let address = value(&self.addresses, at).map(|it| it.parse::<IpAddr>()).transpose();
            let address = address.map_err(|_| "a connection string with addresses of hosts as hostaddr")?;
            let named = value(&self.hosts, at).or_else(|| address.map(|it| it.to_string()));
            let port = value(&self.ports, if self.ports.len() == 1 { 0 } else { at });
            let port = port.map_or(Ok(default.port), |it| it.trim().parse());
            let port = port.map_err(|_| "a connection string with a number from 0 to 65535 as port")?;
            Ok(Host { name: named.unwrap_or_else(|| default.name.clone()), address, port })
        };
        let hosts: Result<Vec<_>, Wrong> = (0..count).map(host).collect();
        self.server.hosts = hosts?;
        Ok(self.protection)
    }
}

impl Protection {
    /// Whether a connection string names a private key.
    pub(super) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// The connection string overrides the variables. As with libpq, the system's certificates require verifying the
    /// server's name.
    pub(in crate::settings) fn apply(
        self,
        server: &mut PostgresServer,
        environment: &Environment,
        current_folder: &Path,
    ) -> Result<(), BadSetting> {
        let variable = |name| text(environment, name);
        if let Some(found) = self.roots.or(variable("PGSSLROOTCERT")?.map(|it| roots(&it, current_folder))) {
            server.root_certificates = found;
        }
        let unsaid = || match server.root_certificates {
            RootCertificates::System => SslMode::VerifyFull,
            _ => SslMode::Prefer,
        };
        server.ssl_mode = match (self.mode, variable("PGSSLMODE")?) {
            (Some(said), _) => said,
            (None, None) => unsaid(),
            (None, Some(value)) => {
                mode(&value).map_err(|_| BadSetting::variable("PGSSLMODE", value.as_ref(), MODES))?
            }
        };
        let file = |name| Ok(variable(name)?.map(|it| current_folder.join(it)));
        let (certificate, key) = (self.certificate.or(file("PGSSLCERT")?), self.key.or(file("PGSSLKEY")?));
        server.certificate = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                let expected = "given together with the other one of sslcert and sslkey";
                return Err(BadSetting::variable("PGSSLCERT", "not complete".as_ref(), expected));
            }
        };
        Ok(())
    }
}

fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::to_owned).collect()
}

/// A name without surprises: PostgreSQL cuts longer ones.
fn schema(value: String) -> Result<String, Wrong> {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "_-.".contains(it);
    if value.len() <= 63 && value.chars().all(is_plain) && !value.starts_with("pg_") {
        return Ok(value);
    }
    Err("a connection string with letters, digits, '_', '-' and '.' as schema, at most 63".into())
}

fn timeout(value: &str) -> Result<Duration, Wrong> {
    let seconds: i64 = value.trim().parse().map_err(|_| "a connection string with whole seconds as connect_timeout")?;
    Ok(Duration::from_secs(seconds.clamp(1, 600).unsigned_abs()))
}

fn mode(text: &str) -> Result<SslMode, Wrong> {
    match text {
        "disable" => Ok(SslMode::Disable),
        // libpq's "allow" first tries without TLS. Trying with TLS first reaches the same servers, better protected.
        "allow" | "prefer" => Ok(SslMode::Prefer),
        "require" => Ok(SslMode::Require),
        "verify-ca" => Ok(SslMode::VerifyCa),
        "verify-full" => Ok(SslMode::VerifyFull),
        _ => Err(format!("a connection string with sslmode {MODES}").into()),
    }
}

fn roots(text: &str, current_folder: &Path) -> RootCertificates {
    if text == "system" { RootCertificates::System } else { RootCertificates::File(current_folder.join(text)) }
}

fn binding(value: &str) -> Result<ChannelBinding, Wrong> {
    match value {
        "disable" => Ok(ChannelBinding::Disable),
        "prefer" => Ok(ChannelBinding::Prefer),
        "require" => Ok(ChannelBinding::Require),
        _ => Err("a connection string with channel_binding disable, prefer or require".into()),
    }
}

fn writable(value: &str) -> Result<bool, Wrong> {
    match value {
        "any" => Ok(false),
        "read-write" | "primary" => Ok(true),
        _ => Err("a connection string with target_session_attrs any, read-write or primary, since cfn writes".into()),
    }
}

fn any_order(value: &str) -> Result<bool, Wrong> {
    match value {
        "disable" => Ok(false),
        "random" => Ok(true),
        _ => Err("a connection string with load_balance_hosts disable or random".into()),
    }
}

fn without_effect(name: &str, value: &str) -> Result<(), Wrong> {
    if WITHOUT_EFFECT.contains(&name) {
        return Ok(());
    }
    match ONLY.iter().find(|it| it.0 == name) {
        Some((_, values)) if values.contains(&value) => Ok(()),
        Some((_, values)) => Err(format!("a connection string in which {name} is {}", values.join(" or ")).into()),
        None => {
            let shown: String = name.chars().take(40).collect();
            Err(format!("a connection string without the parameter \"{}\", which cfn does not support", Visible(shown))
                .into())
        }
    }
}
