//! What following came to.

use std::path::PathBuf;

use serde::Serialize;

use super::push::PushReport;
use crate::model::Location;
use crate::store::following::WhyAll;

/// The outcome of `db follow`.
#[derive(Debug, Clone, Serialize)]
pub struct FollowReport {
    /// The URL of the primary.
    pub following: String,
    /// The agent types whose skills it has; `None` for all.
    pub agents: Option<Vec<String>>,
    /// Its label in the usage log of the primary.
    pub origin: String,
    /// Where the database was saved that was there before.
    pub previous: Option<PathBuf>,
    /// The first pull.
    pub pulled: PullReport,
}

/// The outcome of `db unfollow`.
#[derive(Debug, Clone, Serialize)]
pub struct UnfollowReport {
    /// The primary that it followed.
    pub followed: String,
    /// Its last pull, in UTC.
    pub pulled_at: Option<String>,
}

/// The outcome of a pull.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PullReport {
    /// The primary.
    pub primary: Location,
    /// Why everything was pulled; `None` if only changes were.
    pub everything: Option<WhyAll>,
    /// Rows that were added, changed or removed.
    pub rows: u64,
    /// Skills that were removed.
    pub removed_skills: u64,
    /// Bytes that were fetched.
    pub contents: u64,
    /// Bytes that were erased.
    pub erased: u64,
    /// Hashes of bytes that are damaged on the primary. They were not taken.
    pub damaged: Vec<String>,
    /// Whether the primary's change feed misses changes.
    pub feed_is_incomplete: bool,
    /// What was pushed before.
    pub uses: PushReport,
    /// What was pulled is the state of this time there, in UTC.
    pub primary_time: String,
}

impl PullReport {
    /// Whether it changed anything.
    #[must_use]
    pub fn changed_something(&self) -> bool {
        self.everything.is_some()
            || self.uses != PushReport::default()
            || self.rows + self.removed_skills + self.contents + self.erased > 0
    }
}

/// The outcome of a comparison with the primary.
#[derive(Debug, Clone, Serialize)]
pub struct FollowCheck {
    /// The pull before it.
    pub pulled: PullReport,
    /// Rows that were compared.
    pub compared_rows: u64,
    /// SHA-256 of all of them, the same on both sides.
    pub sha256: String,
}
