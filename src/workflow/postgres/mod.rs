//! PostgreSQL: one connection, used synchronously. The asynchronous client is needed only for its time limits, since a
//! hanging server must not hang cfn; no other module uses it.

mod apply;
mod connect;
mod fit;
mod password;
mod statements;
mod tls;

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_postgres::{Client, Error};

use super::{Delivered, Misfit, Refusal, Result, SCHEMA, WorkflowDatabase, WorkflowError};
use crate::model::Delivery;
use crate::settings::WorkflowServer;

/// Time limit of an answer: long enough for a slow server.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

type ClientResult<T> = std::result::Result<T, Error>;

/// A connection to a workflow database in PostgreSQL.
pub struct Postgres {
    server: String,
    client: Client,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl Postgres {
    /// Connects. The time limit of the settings includes name resolution, TLS handshake and login.
    pub fn connect(server: &WorkflowServer) -> Result<Self> {
        let setup = |why: String| WorkflowError::Setup { server: server.to_string(), why };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| setup(error.to_string()))?;
        match runtime.block_on(connect::first_host(server)) {
            Ok(client) => Ok(Self { server: server.to_string(), client, runtime: Some(runtime) }),
            Err(failed) => {
                runtime.shutdown_background(); // a name look-up may still hang in a thread
                Err(failed.of(server))
            }
        }
    }

    /// Runs an operation within the time limit.
    fn run<T>(&mut self, what: impl AsyncFnOnce(&Client) -> ClientResult<T>) -> Result<T> {
        let server = self.server.clone();
        let Some(runtime) = &self.runtime else {
            return Err(WorkflowError::Broken { server, why: "it was closed".to_owned() });
        };
        // The timer is created inside, since it needs the runtime.
        match runtime.block_on(async { timeout(ANSWER_TIMEOUT, what(&self.client)).await }) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => match error.code() {
                Some(code) if !ends_the_connection(&error) => {
                    Err(WorkflowError::Failed { server, why: sentence(&error), refusal: Refusal::of(code.code()) })
                }
                _ => Err(WorkflowError::Broken { server, why: sentence(&error) }),
            },
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

    fn server(&self) -> &str {
        &self.server
    }

    fn create_tables(&mut self) -> Result<Vec<Misfit>> {
        self.run(async |client| {
            client.batch_execute(SCHEMA).await?;
            fit::misfits(client).await
        })
    }
}

/// Whether the server is shutting down (57P01 to 57P05) or the connection is lost (08).
fn ends_the_connection(error: &Error) -> bool {
    error.code().is_some_and(|it| it.code().starts_with("57P0") || it.code().starts_with("08"))
}

/// The server's message, which the client's error hides, on one line.
fn sentence(error: &Error) -> String {
    let Some(said) = error.as_db_error() else { return with_causes(error) };
    let detail = said.detail().map(|it| format!(" ({it})")).unwrap_or_default();
    format!("{}{detail} [{}]", said.message(), said.code().code())
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
