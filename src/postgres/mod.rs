//! PostgreSQL: one connection, used synchronously. The asynchronous client is needed only for its time limits, since a
//! hanging server must not hang cfn, and for sending several statements at once.

mod client_error;
mod connect;
mod password;
mod refusal;
mod tls;

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_postgres::{Client, Error};

use crate::settings::PostgresServer;

pub use self::client_error::{ClientResult, ends_the_connection, sentence};
pub use self::connect::NotConnected;
pub use self::refusal::Refusal;

/// A connection to a server.
#[derive(Debug)]
pub struct Connection {
    client: Client,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

/// Why a call to a server failed.
#[derive(Debug)]
pub enum CallError {
    /// The server refused a statement; the connection can be used further.
    Refused(Error),
    /// The connection is lost, or the server did not answer in time.
    Lost(String),
}

impl Connection {
    /// Connects. The time limit of the settings includes name resolution, TLS handshake and login.
    pub fn open(server: &PostgresServer) -> Result<Self, NotConnected> {
        let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = built.map_err(|error| NotConnected::Setup(error.to_string()))?;
        match runtime.block_on(connect::first_host(server)) {
            Ok(client) => Ok(Self { client, runtime: Some(runtime) }),
            Err(failed) => {
                runtime.shutdown_background(); // a name look-up may still hang in a thread
                Err(failed)
            }
        }
    }

    /// Makes a call within a time limit.
    pub fn run<T>(&self, limit: Duration, call: impl AsyncFnOnce(&Client) -> ClientResult<T>) -> Result<T, CallError> {
        let Some(runtime) = &self.runtime else { return Err(CallError::Lost("it was closed".to_owned())) };
        // The timer is created inside, since it needs the runtime.
        match runtime.block_on(async { timeout(limit, call(&self.client)).await }) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) if error.code().is_some() && !ends_the_connection(&error) => Err(CallError::Refused(error)),
            Ok(Err(error)) => Err(CallError::Lost(sentence(&error))),
            Err(_) => Err(CallError::Lost(format!("no answer within {} s", limit.as_secs()))),
        }
    }

    /// Whether the connection is known to be lost.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
