//! PostgreSQL: one connection, used synchronously. The asynchronous client is needed only for its time limits, since a
//! hanging server must not hang cfn, and for sending several statements at once.

mod client_error;
mod connect;
mod listener;
mod password;
mod refusal;
mod tls;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem::replace;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_postgres::{Client, Error};

use self::connect::Heard;
use crate::settings::PostgresServer;

pub use self::client_error::{ClientResult, ends_the_connection, sentence};
pub use self::connect::NotConnected;
pub use self::listener::Listener;
pub use self::refusal::Refusal;

/// The longest wait for the answer to the last statement, when a connection ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// A connection to a server.
pub struct Connection {
    client: Arc<Client>,
    /// The settings, with the host that is used.
    server: PostgresServer,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    /// Whether a call failed for which the connection cannot be used further.
    is_lost: Cell<bool>,
    /// The answer that nobody has waited for.
    posted: RefCell<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
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
        Self::hearing(server, None)
    }

    /// The same, for a connection that hears notifications.
    fn hearing(server: &PostgresServer, heard: Option<Heard>) -> Result<Self, NotConnected> {
        let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = built.map_err(|error| NotConnected::Setup(error.to_string()))?;
        match runtime.block_on(connect::first_host(server, heard)) {
            Ok((client, host)) => {
                let server = PostgresServer { hosts: vec![host], ..server.clone() };
                let (client, is_lost, posted) = (Arc::new(client), Cell::new(false), RefCell::default());
                Ok(Self { client, server, runtime: Some(runtime), is_lost, posted })
            }
            Err(failed) => {
                runtime.shutdown_background(); // a name look-up may still hang in a thread
                Err(failed)
            }
        }
    }

    /// Waits for something that the connection brings; `None` once it is closed.
    fn block_on<T>(&self, what: impl Future<Output = T>) -> Option<T> {
        self.runtime.as_ref().map(|it| it.block_on(what))
    }

    /// Makes a call within a time limit. A server that is silent for longer than `silence` meanwhile, and answers on no other
    /// connection either, ends it too.
    pub fn run_within<T>(
        &self,
        limit: Duration,
        silence: Duration,
        call: impl AsyncFnOnce(&Client) -> ClientResult<T>,
    ) -> Result<T, CallError> {
        self.watched(silence, Some(limit), call)
    }

    /// Makes a call within a time limit.
    pub fn run<T>(&self, limit: Duration, call: impl AsyncFnOnce(&Client) -> ClientResult<T>) -> Result<T, CallError> {
        let Some(runtime) = &self.runtime else { return Err(CallError::Lost("it was closed".to_owned())) };
        // The timer is created inside, since it needs the runtime.
        self.ended(limit, runtime.block_on(async { timeout(limit, call(&self.client)).await.ok() }))
    }

    /// Makes a call that may take long. Whenever it was silent for so long, another connection asks whether the server still
    /// answers anybody; if not, the call ends.
    pub fn run_while_alive<T>(
        &self,
        silence: Duration,
        call: impl AsyncFnOnce(&Client) -> ClientResult<T>,
    ) -> Result<T, CallError> {
        self.watched(silence, None, call)
    }

    fn watched<T>(
        &self,
        silence: Duration,
        limit: Option<Duration>,
        call: impl AsyncFnOnce(&Client) -> ClientResult<T>,
    ) -> Result<T, CallError> {
        let Some(runtime) = &self.runtime else { return Err(CallError::Lost("it was closed".to_owned())) };
        let (began, mut is_said) = (Instant::now(), false);
        let answer = runtime.block_on(async {
            let mut call = pin!(call(&self.client));
            loop {
                if let Ok(answer) = timeout(silence, &mut call).await {
                    return Some(answer);
                }
                if !replace(&mut is_said, true) {
                    tracing::debug!("{} has not answered for {} s, and is waited for", self.server, silence.as_secs());
                }
                if limit.is_some_and(|it| began.elapsed() >= it) || !self.is_alive().await {
                    return None;
                }
            }
        });
        self.ended(began.elapsed(), answer)
    }

    /// Sends a statement without waiting for its answer. Later calls come after it.
    pub fn post(&self, sql: &'static str) {
        let Some(runtime) = &self.runtime else { return };
        let client = Arc::clone(&self.client);
        let mut posted: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            if let Err(error) = client.batch_execute(sql).await {
                tracing::debug!(%error, sql, "a statement that nobody waited for failed");
            }
        });
        let is_answered = runtime.block_on(async {
            // The first poll passes it to the task of the connection, which then sends it.
            let answered = poll_fn(|context| Poll::Ready(posted.as_mut().poll(context).is_ready())).await;
            yield_now().await;
            answered
        });
        self.posted.replace(Some(posted).filter(|_| !is_answered));
    }

    /// Whether the server answers on another connection: a refusal is an answer too.
    async fn is_alive(&self) -> bool {
        match connect::first_host(&self.server, None).await {
            // An empty statement: a pooler that stands in front passes it on.
            Ok((client, _)) => timeout(self.server.connect_timeout, client.batch_execute("")).await.is_ok(),
            Err(NotConnected::Host(_, refusal)) => refusal.is_some(),
            Err(NotConnected::Setup(_)) => false,
        }
    }

    fn ended<T>(&self, waited: Duration, answer: Option<ClientResult<T>>) -> Result<T, CallError> {
        let why = match answer {
            Some(Ok(done)) => return Ok(done),
            Some(Err(error)) if error.code().is_some() && !ends_the_connection(&error) => {
                return Err(CallError::Refused(error));
            }
            Some(Err(error)) => sentence(&error),
            None => format!("no answer within {} s", waited.as_secs()),
        };
        self.give_up();
        Err(CallError::Lost(why))
    }

    /// Says that the connection cannot be used further.
    pub fn give_up(&self) {
        self.is_lost.set(true);
    }

    /// Whether the connection is known to be lost.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.is_lost.get() || self.client.is_closed()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("client", &self.client)
            .field("is_lost", &self.is_lost)
            .finish_non_exhaustive()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A pooler cannot use its connection to the server further if its client leaves within a transaction.
            if let Some(posted) = self.posted.take().filter(|_| !self.is_closed()) {
                let _ = runtime.block_on(async { timeout(FAREWELL, posted).await });
            }
            runtime.shutdown_background();
        }
    }
}
