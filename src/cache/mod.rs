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

mod class;
mod disabled;
mod key;
mod memory;
mod notes;
pub mod redis;
mod sealed;
mod server;

pub use class::Class;
pub use disabled::Disabled;
pub use key::{Key, QUERY_PREFIX, Question, STATISTICS_PREFIX, statistics_name};
pub use memory::{Bounds, Counts, Memory};
pub use notes::{Cost, LEFT_ALONE, Noted, Notes};
pub use sealed::sealed_bytes;
pub use server::{
    Facts, Found, KeyName, KeyPage, LatencyEvent, Lookups, Probe, Refusal, Resident, Server, ServerError, ServerResult,
};

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
