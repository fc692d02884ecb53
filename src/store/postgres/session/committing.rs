//! The end of a transaction that wrote, and the position after it that replicas must have.

use std::time::Duration;

use futures_util::future::join;
use tokio::time::timeout;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::Session;
use crate::postgres::{CallError, ends_the_connection, sentence};
use crate::store::file_error::file_error;
use crate::store::postgres::position::Position;
use crate::store::postgres::position_file::{Look, Pending};
use crate::store::{Result, StoreError};

/// The longest wait for the position of a server that has answered, and for the answer to a notification.
const FAREWELL: Duration = Duration::from_secs(1);

/// Wakes those who follow the database. It is a transaction of its own that waits for no disk: NOTIFY keeps every other one out up
/// to the end of its commit.
const NOTIFY: &str = "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)";

/// The channel; the payload is the schema.
pub(in crate::store::postgres) const CHANNEL: &str = "cfn";

impl Session {
    /// Commits, with what waits to be sent. Unless a statement was answered with an error, the answer is no rollback.
    pub(in crate::store::postgres) fn commit(&self) -> Result<()> {
        if self.beginning.get().is_some() && !self.ahead.has_writes() {
            self.beginning.take();
            return Ok(()); // there was no statement
        }
        if self.beginning.get().is_some() && !self.checked.get() {
            self.flush()?; // nothing is committed to an unknown schema
        }
        let pending = self.pending()?;
        self.over.set(true);
        let (committed, position) = self.send_commit(pending.is_some());
        match pending {
            // Nobody knows what was committed: it stays pending.
            Some(_) if matches!(committed, Err(StoreError::OutcomeUnknown { .. })) => {}
            Some(pending) if committed.is_err() || position.is_some() => pending.ended(position),
            Some(_) | None => {}
        }
        committed
    }

    /// Notes that a write is about to be committed, if replicas are read.
    fn pending(&self) -> Result<Option<Pending>> {
        let Some(file) = &self.positions else { return Ok(None) };
        let failed = |error| file_error("noting what is written failed for", file.path(), error);
        file.begin().map(Some).map_err(failed)
    }

    /// Commits, and returns the position after it, if asked for and known.
    fn send_commit(&self, asks_position: bool) -> (Result<()>, Option<Position>) {
        let unknown = |detail| StoreError::OutcomeUnknown { location: self.place.location(), detail };
        let sent = self.send(async |client| {
            let position = async { if asks_position { Position::of(client).await.ok().flatten() } else { None } };
            let notified = async {
                if self.decides.get() {
                    self.notify(client).await;
                }
            };
            let ((committed, position), ()) = join(join(client.batch_execute("COMMIT"), position), notified).await;
            Ok((committed, position))
        });
        let (opened, written, done) = match sent {
            Ok(answers) => answers,
            Err(CallError::Refused(error)) => return (Err(self.refused(&error)), None),
            Err(CallError::Lost(detail)) => return (Err(unknown(detail)), None),
        };
        let (done, position) = match done {
            Ok(done) => done,
            Err(error) => (Err(error), None),
        };
        let opened = opened.map_or(Ok(()), |it| it.begun.and(it.locked));
        let committed = opened.and(written).and(done).map_err(|error| {
            if error.code().is_some() && !ends_the_connection(&error) {
                return self.refused(&error);
            }
            self.connection.give_up();
            unknown(sentence(&error))
        });
        (committed, position)
    }

    /// Sends a notification, and waits for its answer if that is near: a pooler cannot use a connection further that is left
    /// without it.
    async fn notify(&self, client: &Client) {
        let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&CHANNEL, Type::TEXT), (&self.schema, Type::TEXT)];
        if let Ok(Err(error)) = timeout(FAREWELL, client.query_typed(NOTIFY, &parameters)).await {
            tracing::debug!(%error, "followers were not notified");
        }
    }

    /// What the server has written or replayed.
    pub(in crate::store::postgres) fn position(
        &self,
        limit: Duration,
    ) -> std::result::Result<Option<Position>, CallError> {
        self.connection.run(limit, Position::of)
    }

    /// Notes the position of the server when the connection ends: everything that was read is from before it.
    pub(in crate::store::postgres) fn note_at_the_end(&self, look: Look) {
        self.noting.replace(Some(look));
    }

    /// Says that the connection is not used further.
    pub(in crate::store::postgres) fn give_up(&self) {
        self.connection.give_up();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(look) = self.noting.take().filter(|_| !self.is_closed())
            && let Ok(Some(position)) = self.position(FAREWELL)
        {
            look.settle(position);
        }
    }
}
