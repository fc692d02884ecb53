//! A position in the history of a server: what it had written, or replayed.

use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Row};

use crate::postgres::ClientResult;

/// The server that a position is of, its timeline, and the position. A standby switches its timeline where its primary did: what
/// it knows of that is in its control file, and in its connection to the primary, which not every role may see.
const POSITION: &str = "SELECT (SELECT system_identifier::text FROM pg_control_system()),
       CASE WHEN pg_is_in_recovery()
         THEN greatest((SELECT timeline_id FROM pg_control_checkpoint()),
           (SELECT min_recovery_end_timeline FROM pg_control_recovery()),
           (SELECT max(received_tli) FROM pg_stat_wal_receiver))
         ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END,
       (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END
         - '0/0'::pg_lsn)::bigint";

/// A position in the write-ahead log of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// The server's system identifier, which its standbys share.
    pub(super) system: String,
    pub(super) timeline: i32,
    pub(super) lsn: i64,
}

impl Position {
    /// What a server has written, or replayed.
    pub(super) async fn of(client: &Client) -> ClientResult<Option<Self>> {
        Ok(client.query_typed(POSITION, &[]).await?.first().and_then(Self::read))
    }

    fn read(row: &Row) -> Option<Self> {
        Some(Self { system: row.try_get(0).ok()?, timeline: row.try_get(1).ok()?, lsn: row.try_get(2).ok()? })
    }

    /// Whether both are of the same history.
    pub(super) fn shares_history(&self, other: &Self) -> bool {
        (&self.system, self.timeline) == (&other.system, other.timeline)
    }

    /// The later one; the new one if it is of another history.
    pub(super) fn later(old: Option<Self>, new: Option<Self>) -> Option<Self> {
        match (old, new) {
            (Some(old), Some(new)) if old.shares_history(&new) && old.lsn > new.lsn => Some(old),
            (old, new) => new.or(old),
        }
    }
}
