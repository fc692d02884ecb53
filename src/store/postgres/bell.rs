//! Hearing of decisions: each is notified after its commit, see `session/committing.rs`.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::PostgresStore;
use super::failure::Place;
use super::session::CHANNEL;
use crate::postgres::{CallError, Connection, Listener};
use crate::settings::PostgresServer;
use crate::store::following::Bell;
use crate::store::{Result, StoreError};

/// The longest wait for a notification that was sent to oneself.
const ECHO: Duration = Duration::from_secs(1);

struct ServerBell {
    listener: Listener,
    schema: String,
    limit: Duration,
    is_heard: bool,
}

impl PostgresStore {
    /// Hears of the decisions in a database, on a connection of its own.
    pub fn bell(server: &PostgresServer) -> Result<Box<dyn Bell>> {
        let limit = server.connect_timeout;
        let place = Place::new(server, limit);
        let not_heard = |error| match error {
            CallError::Refused(error) => place.refused(&error),
            CallError::Lost(detail) => StoreError::Unreachable { location: place.location(), detail },
        };
        let listener = Listener::open(server).map_err(|error| place.not_connected(error))?;
        let backend = listener.connection().run(limit, async |client| {
            client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
            client.query_typed("SELECT pg_backend_pid()", &[]).await
        });
        let backend = backend.map_err(not_heard)?.first().map_or(0, |it| it.get::<_, i32>(0));
        let mut bell = ServerBell { listener, schema: server.schema.clone(), limit, is_heard: false };
        // Over another connection: what comes with the answer to a statement of one's own proves nothing.
        let own = format!("listener {backend}");
        let notified =
            Connection::open(server).map_err(|error| place.not_connected(error))?.run(limit, async |client| {
                client.query_typed("SELECT pg_notify($1, $2)", &[(&CHANNEL, Type::TEXT), (&own, Type::TEXT)]).await
            });
        notified.map_err(not_heard)?;
        bell.is_heard = bell.listener.wait(ECHO, &own);
        Ok(Box::new(bell))
    }
}

impl Bell for ServerBell {
    fn is_heard(&self) -> bool {
        self.is_heard
    }

    fn wait(&mut self, limit: Duration) -> bool {
        let heard = self.listener.wait(limit, &self.schema);
        if heard {
            self.listener.forget();
        }
        heard
    }

    fn is_there(&mut self) -> bool {
        let answered = self.listener.connection().run(self.limit, async |client| client.batch_execute("").await);
        answered.inspect_err(|error| tracing::debug!(?error, "nothing is heard any more")).is_ok()
    }
}
