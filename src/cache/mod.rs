//! The query cache: answers, stored under the revision of the database that they were computed from. This module has
//! the contract; `ops` knows what an answer is. [`Memory`] is a tier in front of it: it keeps the encoded answers of a
//! long-lived process.
//!
//! # The contract
//!
//! * A [`Key`] names a query and the revision of the tables involved, so an entry never becomes stale. It is written
//!   once, and its time to live only reclaims memory.
//! * [`Cache::get`] returns exactly what was put under this key, signed with this database's secret, or nothing.
//! * A cache never fails. A failure is a miss and a diagnostic; the caller computes the answer.
//! * Do not call a cache with an open transaction: it may wait for the network.

mod disabled;
mod key;
mod memory;
mod notes;
pub mod redis;
mod sealed;
mod server;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::settings::CacheSettings;

pub use disabled::Disabled;
pub use key::{Key, Question, STATISTICS_PREFIX, statistics_name};
pub use memory::{Bounds, Counts, Memory};
pub use notes::{Cost, LEFT_ALONE, Noted, Notes};
pub use sealed::sealed_bytes;
pub use server::{
    Facts, Found, KeyName, KeyPage, LatencyEvent, Lookups, Refusal, Resident, Server, ServerError, ServerResult,
};

/// The prefix of every answer's key.
pub const QUERY_PREFIX: &str = "cache:query:";

/// A store of answers.
pub trait Cache {
    /// Whether queries of this class should use the cache now.
    fn serves(&self, class: Class) -> bool;
    /// The answer stored under this key.
    fn get(&self, key: &Key) -> Option<Vec<u8>>;
    /// Stores an answer.
    fn put(&self, key: &Key, answer: &[u8]);
    /// Removes an answer that could not be used.
    fn forget(&self, key: &Key);
    /// Adds the in-memory hits and misses of a long-lived process to the statistics.
    fn count_memory(&self, class: Class, hits: u64, misses: u64) {
        let _ = (class, hits, misses);
    }
}

/// Classes of queries. Each has its own time to live, and its own measurement of whether the cache saves time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// The skills of an agent type.
    Load,
    /// Lists of skills.
    List,
    /// One skill.
    Show,
    /// The versions and decisions of a skill.
    History,
    /// Reports.
    Analytics,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 5] = [Self::Load, Self::List, Self::Show, Self::History, Self::Analytics];

    /// The word in statistics and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::List => "list",
            Self::Show => "show",
            Self::History => "history",
            Self::Analytics => "analytics",
        }
    }

    /// The time to live of an answer, before jitter.
    #[must_use]
    pub fn ttl(self, settings: &CacheSettings) -> Duration {
        match self {
            Self::Load | Self::List | Self::Show | Self::History => settings.ttl_reads,
            Self::Analytics => settings.ttl_analytics,
        }
    }
}
