//! The limits of the in-memory cache, from the memory available to the process.

use std::time::Duration;

use crate::linux::memory_limit;

/// Minimum number of entries, even on the smallest machine.
const FEWEST: usize = 50;

const ENTRIES_PER_GIB: u64 = 100;

/// The cache gets 1/256 of the memory (40 KB per entry), but at most [`MOST_BYTES`].
const SHARE: u64 = 256;
const MOST_BYTES: u64 = 64 * MIB;

const TIME_TO_LIVE: Duration = Duration::from_secs(300);

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

/// The limits of a memory cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Initial and minimum capacity in entries.
    pub fewest: usize,
    /// Maximum capacity in entries.
    pub most: usize,
    /// Maximum total size of answers and keys, in bytes.
    pub bytes: usize,
    /// Time to live of an answer. It only reclaims memory: each answer's revision is checked when it is used.
    pub time_to_live: Duration,
}

impl Bounds {
    /// The limits for a machine with this much memory: 100 entries per GiB.
    #[must_use]
    pub fn for_memory(bytes: u64) -> Self {
        let entries = u128::from(bytes) * u128::from(ENTRIES_PER_GIB) / u128::from(GIB);
        Self {
            fewest: FEWEST,
            most: usize::try_from(entries).unwrap_or(usize::MAX).max(FEWEST),
            bytes: usize::try_from((bytes / SHARE).clamp(MIB, MOST_BYTES)).unwrap_or(usize::MAX),
            time_to_live: TIME_TO_LIVE,
        }
    }

    /// The limits for this machine or container.
    #[must_use]
    pub fn of_machine() -> Self {
        Self::for_memory(memory_limit().unwrap_or(GIB))
    }
}

#[cfg(test)]
mod tests {
    use super::{Bounds, GIB, MIB};

    #[test]
    fn a_hundred_entries_per_gib_and_at_least_fifty() {
        let of = |bytes: u64| (Bounds::for_memory(bytes).most, Bounds::for_memory(bytes).bytes as u64 / MIB);
        assert_eq!(of(0), (50, 1));
        assert_eq!(of(512 * MIB), (50, 2));
        assert_eq!(of(8 * GIB), (800, 32));
        assert_eq!(of(24 * GIB), (2400, 64));
        assert_eq!(of(u64::MAX).1, 64);
        let machine = Bounds::of_machine();
        assert!(machine.fewest == 50 && machine.most >= 50 && machine.bytes as u64 >= MIB);
    }
}
