//! Answers of recent requests, kept in the process: the least recently used leave first, and how many stay follows what that
//! brings. Nothing here knows what an answer is, or when it is still right: whoever asks says so each time.

mod adaptive_lru;
mod bounds;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::hash::Hash;
use std::time::Instant;

use self::adaptive_lru::AdaptiveLru;
use super::Class;

pub use bounds::Bounds;

/// A bounded number of answers, by what was asked.
#[derive(Debug)]
pub struct Memory<K, V> {
    order: AdaptiveLru<K, Entry<V>>,
    bounds: Bounds,
    bytes: usize,
    counts: BTreeMap<Class, Counts>,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    class: Class,
    bytes: usize,
    since: Instant,
}

/// What a class of requests had of the cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that were answered from it.
    pub hits: u64,
    /// Requests that were not.
    pub misses: u64,
    /// Entries that had to make room.
    pub evictions: u64,
    /// Entries that are in it now.
    pub entries: usize,
    /// Their bytes.
    pub bytes: usize,
}

impl<K: Hash + Eq, V> Memory<K, V> {
    /// An empty one.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let order = AdaptiveLru::new(bounds.fewest, bounds.most);
        Self { order, bounds, bytes: 0, counts: BTreeMap::new() }
    }

    /// The answer to a request, if it is here, not too old and `is_fresh`; one that is not leaves.
    pub fn get(&mut self, class: Class, key: &K, now: Instant, is_fresh: impl FnOnce(&V) -> bool) -> Option<&V> {
        let found = self.order.peek(key);
        let lives = |it: &Entry<V>| now.saturating_duration_since(it.since) < self.bounds.time_to_live;
        let serves = found.is_some_and(|it| lives(it) && is_fresh(&it.value));
        let counts = self.counts.entry(class).or_default();
        if serves {
            counts.hits += 1;
            self.order.hit(key);
        } else {
            counts.misses += 1;
            match self.order.remove(key) {
                Some(outdated) => self.left(&outdated),
                None => self.order.miss(key),
            }
        }
        self.make_room(); // the capacity may be less now
        if serves { self.order.peek(key).map(|it| &it.value) } else { None }
    }

    /// Keeps the answer to a request, of so many bytes; one that is larger than the whole cache is not kept.
    pub fn insert(&mut self, class: Class, key: K, value: V, bytes: usize, now: Instant) {
        if let Some(replaced) = self.order.remove(&key) {
            self.left(&replaced);
        }
        if bytes > self.bounds.bytes {
            return;
        }
        self.order.insert(key, Entry { value, class, bytes, since: now });
        self.bytes += bytes;
        let counts = self.counts.entry(class).or_default();
        counts.entries += 1;
        counts.bytes += bytes;
        self.make_room();
    }

    /// How many entries it allows itself now.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.order.capacity()
    }

    /// What each class had of it so far.
    pub fn counts(&self) -> impl Iterator<Item = (Class, Counts)> {
        self.counts.iter().map(|(class, counts)| (*class, *counts))
    }

    fn make_room(&mut self) {
        while self.order.is_over() || self.bytes > self.bounds.bytes {
            let Some(evicted) = self.order.evict() else { return };
            self.left(&evicted);
            self.counts.entry(evicted.class).or_default().evictions += 1;
        }
    }

    fn left(&mut self, entry: &Entry<V>) {
        self.bytes -= entry.bytes;
        let counts = self.counts.entry(entry.class).or_default();
        counts.entries -= 1;
        counts.bytes -= entry.bytes;
    }
}
