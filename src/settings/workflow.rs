//! Settings of the workflow database: its server, and which events are queued for it. Only the path of the password
//! file is resolved here; connecting reads the file.

use std::path::Path;
use std::time::Duration;

use super::bad::{boolean, number, text};
use super::given::Environment;
use super::postgres::Protection;
use super::{BadSetting, PostgresServer, Secret, Source};

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

/// The settings of the workflow database.
pub(super) fn server(environment: &Environment, current_folder: &Path) -> Result<PostgresServer, BadSetting> {
    let mut server = PostgresServer::unnamed(environment, current_folder)?;
    "workflow_codification".clone_into(&mut server.database);
    if let Some(text) = text(environment, "CFN_POSTGRES_URL")? {
        let wrong = |expected| BadSetting::hidden(Source::Variable("CFN_POSTGRES_URL"), expected);
        let protection = server.name(&text, current_folder).map_err(wrong)?;
        return server.protected(protection, environment, current_folder);
    }
    take_old_variables(&mut server, environment)?;
    server.protected(Protection::default(), environment, current_folder)
}

/// The variables of a delivery but the passwords; `None` if the connection string has one, or is wrong.
pub(super) fn without_passwords(environment: &Environment, current_folder: &Path) -> Option<Environment> {
    let public = environment.without(&["PGPASSWORD", "PHASE4_POSTGRES_PASS"]);
    server(&public, current_folder).ok()?.password.is_none().then_some(public)
}

fn take_old_variables(server: &mut PostgresServer, environment: &Environment) -> Result<(), BadSetting> {
    let host = &mut server.hosts[0];
    if let Some(name) = text(environment, "PHASE4_POSTGRES_HOST")? {
        host.name = name;
    }
    if let Some(port) = environment.get("PHASE4_POSTGRES_PORT") {
        let parsed = port.to_str().and_then(|it| it.trim().parse().ok());
        host.port =
            parsed.ok_or_else(|| BadSetting::variable("PHASE4_POSTGRES_PORT", port, "a port from 0 to 65535"))?;
    }
    if let Some(database) = text(environment, "PHASE4_POSTGRES_DB")? {
        server.database = database;
    }
    server.user = text(environment, "PHASE4_POSTGRES_USER")?.or(server.user.take());
    server.password = text(environment, "PHASE4_POSTGRES_PASS")?.map(Secret::from).or(server.password.take());
    Ok(())
}
