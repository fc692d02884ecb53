//! PostgreSQL: one connection, used synchronously. The asynchronous client is needed only for its time limits, since a
//! hanging server must not hang cfn; no other module uses it.

mod apply;
mod client_error;
mod connect;
mod fit;
mod password;
mod statements;
mod tls;

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_postgres::Client;

use self::client_error::{ClientResult, ends_the_connection, sentence};
use super::{Delivered, Misfit, Refusal, Result, SCHEMA, WorkflowDatabase, WorkflowError};
use crate::model::Delivery;
use crate::settings::WorkflowServer;

/// Time limit of an answer: long enough for a slow server.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

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
