//! The workflow database in PostgreSQL.

mod apply;
mod columns;
mod fit;
mod statements;

use std::time::Duration;

use tokio_postgres::Client;

use super::{ANSWER_TIMEOUT, Delivered, Misfit, Result, SCHEMA, WorkflowDatabase, WorkflowError};
use crate::model::Delivery;
use crate::postgres::{CallError, ClientResult, Connection, NotConnected, Refusal, sentence};
use crate::settings::PostgresServer;

/// After so long without one, the server is asked whether it still answers anybody: a row takes less.
const SILENCE: Duration = Duration::from_secs(3);

/// A connection to a workflow database in PostgreSQL.
pub struct Postgres {
    server: String,
    connection: Connection,
}

impl Postgres {
    /// Connects. The time limit of the settings includes name resolution, TLS handshake and login.
    pub fn connect(server: &PostgresServer) -> Result<Self> {
        let connection = Connection::open(server).map_err(|error| not_connected(error, server.to_string()))?;
        Ok(Self { server: server.to_string(), connection })
    }

    /// Makes a call within the time limit.
    fn run<T>(&mut self, call: impl AsyncFnOnce(&Client) -> ClientResult<T>) -> Result<T> {
        let server = self.server.clone();
        self.connection.run_within(ANSWER_TIMEOUT, SILENCE, call).map_err(|error| match error {
            CallError::Refused(error) => {
                let refusal = error.code().map_or(Refusal::Other, |it| Refusal::of(it.code()));
                WorkflowError::Failed { server, why: sentence(&error), refusal }
            }
            CallError::Lost(why) => WorkflowError::Broken { server, why },
        })
    }
}

fn not_connected(error: NotConnected, server: String) -> WorkflowError {
    match error {
        NotConnected::Setup(why) => WorkflowError::Setup { server, why },
        NotConnected::Host(why, refusal) => WorkflowError::Unreachable { server, why, refusal },
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
