//! The query cache: answers that were given before, under the state of the database that they were given for. The contract is
//! here; what an answer is and when it is fresh is known by `ops`. [`Memory`] is another tier, in front of it: it keeps what a
//! process that stays has answered, as it was sent.
//!
//! # The contract
//!
//! * A [`Key`] names a question and the state of the tables that its answer is made of, so an entry never becomes wrong; it is
//!   written once, and its time to live only reclaims memory.
//! * What [`Cache::get`] gives back is exactly what was put under this very key with this database's secret, or nothing.
//! * A cache never fails. What goes wrong with it is a miss and a diagnostic; the caller computes the answer.
//! * No transaction may be open while a cache is asked: it may wait for a network.

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

/// What every key of an answer begins with.
pub const QUERY_PREFIX: &str = "cache:query:";

/// A place for answers.
pub trait Cache {
    /// Whether it is worth asking about questions of this class, now.
    fn serves(&self, class: Class) -> bool;
    /// What was put under this key.
    fn get(&self, key: &Key) -> Option<Vec<u8>>;
    /// Keeps an answer.
    fn put(&self, key: &Key, answer: &[u8]);
    /// Removes what was got and could not be used.
    fn forget(&self, key: &Key);
    /// Counts what a process that stays answered from its memory, and what it did not, beside the cache's own statistics.
    fn count_memory(&self, class: Class, hits: u64, misses: u64) {
        let _ = (class, hits, misses);
    }
}

/// Kinds of questions: whether a cache pays, and how long an answer is kept, is decided by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// What an agent gets.
    Load,
    /// Lists of skills.
    List,
    /// One skill.
    Show,
    /// Its versions and decisions.
    History,
    /// Reports.
    Analytics,
}

impl Class {
    /// All of them.
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

    /// How long an answer is kept, before jitter.
    #[must_use]
    pub fn ttl(self, settings: &CacheSettings) -> Duration {
        match self {
            Self::Load | Self::List | Self::Show | Self::History => settings.ttl_reads,
            Self::Analytics => settings.ttl_analytics,
        }
    }
}
