//! What `BEGIN` began on a connection.

use std::ops::Deref;

use rusqlite::Connection;

/// Ends by [`commit`](Self::commit), or else is undone. rusqlite's own type holds on to the connection before it is known whether a read can go on with it.
pub(super) struct Begun<'a>(pub(super) &'a Connection);

impl Begun<'_> {
    pub(super) fn commit(self) -> rusqlite::Result<()> {
        self.0.execute_batch("COMMIT")
    }
}

impl Deref for Begun<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            let _ = self.0.execute_batch("ROLLBACK"); // SQLite does so itself where this fails
        }
    }
}
