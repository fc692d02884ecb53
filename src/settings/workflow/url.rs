//! `postgresql://user:password@host:port/database?parameter=value`, as other PostgreSQL clients read it.

use std::path::Path;
use std::time::Duration;

use super::{RootCertificates, SslMode, WorkflowServer};
use crate::settings::percent;

/// What is wrong with a URL; never a part of it.
type Wrong = &'static str;

const SHAPE: Wrong = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE with special characters written as %XX";
const PARAMETER: Wrong = "a URL with no other parameters than sslmode, sslrootcert, passfile, connect_timeout, application_name, \
    options, host, port, user, password and dbname";

/// Changes a server to what the URL says of it.
pub(super) fn apply(url: &str, server: &mut WorkflowServer, current_folder: &Path) -> Result<(), Wrong> {
    let rest = url.strip_prefix("postgresql://").or_else(|| url.strip_prefix("postgres://")).ok_or(SHAPE)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    if !user.is_empty() {
        server.user = Some(decoded(user)?);
    }
    if !password.is_empty() {
        server.password = Some(decoded(password)?.into());
    }
    if !database.is_empty() {
        server.database = decoded(database)?;
    }
    apply_place(place, server)?;
    for pair in query.split('&').filter(|it| !it.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or(SHAPE)?;
        parameter(name, decoded(value)?, server, current_folder)?;
    }
    Ok(())
}

/// `host:port`, where a host may be `[::1]`.
fn apply_place(place: &str, server: &mut WorkflowServer) -> Result<(), Wrong> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(SHAPE)?;
            (host, port.strip_prefix(':').unwrap_or(port))
        }
        None => place.split_once(':').unwrap_or((place, "")),
    };
    if host.contains(',') {
        return Err("a URL with one host");
    }
    if !host.is_empty() {
        server.host = decoded(host)?;
    }
    if !port.is_empty() {
        server.port = number(port)?;
    }
    Ok(())
}

fn parameter(name: &str, value: String, server: &mut WorkflowServer, current_folder: &Path) -> Result<(), Wrong> {
    match name {
        "sslmode" => server.ssl_mode = SslMode::parse(&value)?,
        "sslrootcert" => server.root_certificates = RootCertificates::parse(&value, |it| current_folder.join(it)),
        "passfile" => server.password_file = Some(current_folder.join(value)),
        "connect_timeout" => server.connect_timeout = Duration::from_secs(number::<u64>(&value)?.clamp(1, 600)),
        "options" => server.options = Some(value),
        "application_name" => {} // it is cfn
        "host" => server.host = value,
        "port" => server.port = number(&value)?,
        "user" => server.user = Some(value),
        "password" => server.password = Some(value.into()),
        "dbname" => server.database = value,
        _ => return Err(PARAMETER),
    }
    Ok(())
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, Wrong> {
    text.parse().map_err(|_| "a URL with whole numbers as port and connect_timeout")
}

fn decoded(text: &str) -> Result<String, Wrong> {
    percent::decoded(text).ok_or(SHAPE)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use super::super::{RootCertificates, SslMode, WorkflowServer, WorkflowSettings};
    use crate::settings::{BadSetting, Secret};

    fn resolve(environment: &[(&str, &str)]) -> Result<WorkflowSettings, BadSetting> {
        let lookup = |name: &str| environment.iter().find(|it| it.0 == name).map(|it| OsString::from(it.1));
        WorkflowSettings::resolve(&lookup, Path::new("/here"))
    }

    fn server(url: &str) -> Option<WorkflowServer> {
        resolve(&[("CFN_POSTGRES_URL", url), ("PHASE4_POSTGRES_HOST", "other")]).ok().map(|it| it.server)
    }

    #[test]
    fn a_url_wins_and_says_everything() {
        let url =
            "postgresql://me%40work:p%3Aw@[::1]:6543/my%20db?sslmode=verify-full&sslrootcert=ca.pem&connect_timeout=3";
        let server = server(url);
        assert!(server.is_some());
        let Some(server) = server else { return };
        assert_eq!((server.host.as_str(), server.port, server.database.as_str()), ("::1", 6543, "my db"));
        assert_eq!(server.user.as_deref(), Some("me@work"));
        assert_eq!(server.password.as_ref().map(Secret::reveal), Some("p:w"));
        assert_eq!(server.ssl_mode, SslMode::VerifyFull);
        assert_eq!(server.root_certificates, RootCertificates::File(PathBuf::from("/here/ca.pem")));
        assert_eq!(server.connect_timeout, Duration::from_secs(3));
    }

    #[test]
    fn a_socket_is_a_folder() {
        let host = |url: &str| server(url).map(|it| it.host);
        assert_eq!(host("postgres://%2Frun%2Fpostgresql/db").as_deref(), Some("/run/postgresql"));
        assert_eq!(host("postgres:///db?host=/run/postgresql").as_deref(), Some("/run/postgresql"));
    }

    #[test]
    fn a_bad_url_is_refused_and_never_shown() {
        for url in
            ["hunter2", "postgres://u:hunter2@h:port/d", "postgres://u:hunter2%f@h/d", "postgres://u@h/d?hunter2=1"]
        {
            let message = resolve(&[("CFN_POSTGRES_URL", url)]).map_err(|error| error.to_string());
            assert!(message.as_ref().is_err_and(|it| it.contains("CFN_POSTGRES_URL")), "{url}: {message:?}");
            assert!(message.is_err_and(|it| !it.contains("hunter2")), "{url}");
        }
    }

    #[test]
    fn variables_have_the_old_defaults_and_no_secret_is_shown() {
        let found = resolve(&[("PHASE4_POSTGRES_HOST", "db"), ("PHASE4_POSTGRES_PASS", "hunter2")]);
        assert_eq!(
            found.as_ref().ok().map(|it| it.server.to_string()).as_deref(),
            Some("db:5432/workflow_codification")
        );
        assert!(!format!("{found:?}").contains("hunter2"));
        assert!(found.is_ok_and(|it| !it.enabled && it.budget == Duration::from_millis(25)));
        assert!(resolve(&[("PHASE4_POSTGRES_PORT", "x")]).is_err());
        assert!(resolve(&[("CFN_SYNC_BUDGET_MS", "x")]).is_err());
    }
}
