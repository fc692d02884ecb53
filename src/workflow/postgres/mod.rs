//! PostgreSQL: one connection, driven from a thread that waits. The asynchronous client is here for its time limits only:
//! a server that hangs must not hang cfn, and this is the only place in cfn that knows of it.

mod apply;
mod password;
mod tls;

use std::io;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::time::{timeout, timeout_at};
use tokio_postgres::config::SslMode as ClientSslMode;
use tokio_postgres::{Client, Config};

use super::{Delivered, Result, SCHEMA, WorkflowDatabase, WorkflowError};
use crate::model::Delivery;
use crate::name_service;
use crate::settings::{SslMode, WorkflowServer};

/// How long an answer may take; a slow server is waited for, a dead one not for ever.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// A network that swallows packets is noticed after about this long.
const SILENCE: Duration = Duration::from_secs(30);

/// A connection to a workflow database in PostgreSQL.
pub struct Postgres {
    server: String,
    client: Client,
    /// Taken when it is dropped.
    runtime: Option<Runtime>,
}

impl Postgres {
    /// Connects; the name look-up, the TLS handshake and the log-in are within the server's time limit.
    pub fn connect(server: &WorkflowServer) -> Result<Self> {
        let setup = |why: String| WorkflowError::Setup { server: server.to_string(), why };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| setup(error.to_string()))?;
        let until = Instant::now() + server.connect_timeout;
        let (config, remark) = config(server, until);
        let ways = Ways::of(server).map_err(setup)?;
        let connected =
            runtime.block_on(async { timeout_at(until.into(), find_and_connect(server, config, ways, until)).await });
        let why = match connected {
            Ok(Ok(client)) => return Ok(Self { server: server.to_string(), client, runtime: Some(runtime) }),
            Ok(Err(why)) => why,
            Err(_) => format!("no answer within {} ms", server.connect_timeout.as_millis()),
        };
        runtime.shutdown_background(); // a name look-up may still hang in a thread
        let why = remark.map_or_else(|| why.clone(), |remark| format!("{why}; {remark}"));
        Err(WorkflowError::Unreachable { server: server.to_string(), why })
    }

    /// Runs something on the connection, within the limit for an answer.
    fn run<T>(&mut self, what: impl AsyncFnOnce(&Client) -> ClientResult<T>) -> Result<T> {
        let server = self.server.clone();
        let Some(runtime) = &self.runtime else {
            return Err(WorkflowError::Broken { server, why: "it was closed".to_owned() });
        };
        // The limit is made inside: a timer needs the runtime around it.
        let answer = runtime.block_on(async { timeout(ANSWER_TIMEOUT, what(&self.client)).await });
        match answer {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) if error.as_db_error().is_some() && !apply::ends_the_connection(&error) => {
                Err(WorkflowError::Failed { server, why: apply::sentence(&error) })
            }
            Ok(Err(error)) => Err(WorkflowError::Broken { server, why: apply::sentence(&error) }),
            Err(_) => {
                let why = format!("no answer within {} s", ANSWER_TIMEOUT.as_secs());
                Err(WorkflowError::Broken { server, why })
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl WorkflowDatabase for Postgres {
    fn deliver(&mut self, deliveries: &[Delivery]) -> Result<Vec<Delivered>> {
        self.run(async |client| apply::deliver(client, deliveries).await)
    }

    fn create_tables(&mut self) -> Result<()> {
        self.run(async |client| client.batch_execute(SCHEMA).await)
    }
}

/// How to connect, and how to go on where TLS fails.
struct Ways {
    first: Way,
    without_tls: Option<Way>,
}

struct Way {
    mode: ClientSslMode,
    tls: tls::Connector,
}

impl Ways {
    fn of(server: &WorkflowServer) -> std::result::Result<Self, String> {
        let plain = || tls::unverified().map(|tls| Way { mode: ClientSslMode::Disable, tls });
        if server.host.starts_with('/') || server.ssl_mode == SslMode::Disable {
            return Ok(Self { first: plain()?, without_tls: None }); // a Unix socket has no TLS
        }
        let tls = tls::connector(server.ssl_mode, &server.root_certificates)?;
        Ok(if server.ssl_mode == SslMode::Prefer {
            Self { first: Way { mode: ClientSslMode::Prefer, tls }, without_tls: Some(plain()?) }
        } else {
            Self { first: Way { mode: ClientSslMode::Require, tls }, without_tls: None }
        })
    }
}

type ClientResult<T> = std::result::Result<T, tokio_postgres::Error>;

/// Connects to the first of the host's addresses that answers; says why it could not.
async fn find_and_connect(
    server: &WorkflowServer,
    mut config: Config,
    ways: Ways,
    until: Instant,
) -> std::result::Result<Client, String> {
    if server.host.starts_with('/') {
        config.host(&server.host); // the folder of a socket
    } else {
        let host = server.host.clone();
        let found = tokio::task::spawn_blocking(move || name_service::addresses(&host, until)).await;
        for address in found.map_err(io::Error::other).flatten().map_err(|error| error.to_string())? {
            config.host(&server.host).hostaddr(address); // the name is what the certificate is for
        }
    }
    connect(config, ways).await.map_err(|error| apply::sentence(&error))
}

async fn connect(mut config: Config, ways: Ways) -> ClientResult<Client> {
    match (connect_once(&mut config, ways.first).await, ways.without_tls) {
        (Err(error), Some(way)) if tls::failed(&error) => {
            tracing::debug!(%error, "TLS failed, going on without it");
            connect_once(&mut config, way).await
        }
        (outcome, _) => outcome,
    }
}

async fn connect_once(config: &mut Config, way: Way) -> ClientResult<Client> {
    let (client, connection) = config.ssl_mode(way.mode).connect(way.tls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Everything but where it is and the protection; and what was wrong with the password file, should the server not let cfn in.
fn config(server: &WorkflowServer, until: Instant) -> (Config, Option<String>) {
    let mut config = Config::new();
    config
        .port(server.port)
        .dbname(&server.database)
        .application_name("cfn")
        .connect_timeout(server.connect_timeout)
        .tcp_user_timeout(SILENCE)
        .keepalives_idle(SILENCE / 3)
        .keepalives_interval(SILENCE / 6)
        .keepalives_retries(4);
    let user = server.user.clone().or_else(|| name_service::user(until));
    if let Some(user) = &user {
        config.user(user);
    }
    if let Some(options) = &server.options {
        config.options(options);
    }
    let (password, remark) = password::find(server, user.as_deref().unwrap_or_default());
    if let Some(password) = password {
        config.password(password.reveal());
    }
    (config, remark)
}
