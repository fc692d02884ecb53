//! Waiting for notifications, on a connection of its own.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::Connection;
use super::connect::NotConnected;
use crate::settings::PostgresServer;

/// A connection that hears what the server notifies.
#[derive(Debug)]
pub struct Listener {
    connection: Connection,
    heard: UnboundedReceiver<String>,
}

impl Listener {
    /// Connects. What to listen to is said over [`connection`](Self::connection).
    pub fn open(server: &PostgresServer) -> Result<Self, NotConnected> {
        let (sender, heard) = unbounded_channel();
        Ok(Self { connection: Connection::hearing(server, Some(sender))?, heard })
    }

    /// The connection.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Waits until this payload is heard; returns whether it was. Without a connection it returns `false` at once.
    pub fn wait(&mut self, limit: Duration, payload: &str) -> bool {
        let heard = &mut self.heard;
        let listened = self.connection.block_on(async {
            timeout(limit, async {
                while let Some(it) = heard.recv().await {
                    if it == payload {
                        return true;
                    }
                }
                false
            })
            .await
        });
        matches!(listened, Some(Ok(true)))
    }

    /// Forgets what was heard and not waited for.
    pub fn forget(&mut self) {
        while self.heard.try_recv().is_ok() {}
    }
}
