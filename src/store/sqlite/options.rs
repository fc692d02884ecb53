//! What a database in a file is opened for.

use std::time::Duration;

use crate::settings::Queued;
use crate::store::Durability;

/// Options for opening, with defaults for a short command.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Maximum wait for a lock.
    pub busy_timeout: Duration,
    /// Overrides the durability requested by transactions.
    pub synchronous: Option<Durability>,
    /// For a long-lived process: no memory mapping, since truncating a mapped file would kill it with SIGBUS, and a
    /// check before each transaction that the path still names the open file.
    pub long_lived: bool,
    /// For reading or writing a few scattered rows.
    pub few_rows: bool,
    /// For work on all skills, whose memory must not grow with the database.
    pub all_rows: bool,
    /// The events to queue for the workflow database.
    pub queued: Queued,
}

impl Default for Options {
    fn default() -> Self {
        let busy_timeout = Duration::from_secs(5);
        Self {
            busy_timeout,
            synchronous: None,
            long_lived: false,
            few_rows: false,
            all_rows: false,
            queued: Queued::Nothing,
        }
    }
}
