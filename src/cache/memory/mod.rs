//! An in-memory LRU cache of answers, whose capacity adapts to its hits. The caller decides on each lookup whether an
//! answer is still fresh.

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

/// A limited number of answers.
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

/// The statistics of a class of requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Hits.
    pub hits: u64,
    /// Misses.
    pub misses: u64,
    /// Evicted entries.
    pub evictions: u64,
    /// Current entries.
    pub entries: usize,
    /// Their size in bytes.
    pub bytes: usize,
}

impl<K: Hash + Eq, V> Memory<K, V> {
    /// An empty cache.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let order = AdaptiveLru::new(bounds.fewest, bounds.most);
        Self { order, bounds, bytes: 0, counts: BTreeMap::new() }
    }

    /// The answer to a request. An expired answer, or one that is not `is_fresh`, is removed.
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

    /// Adds an answer of this size. One larger than the whole cache is not kept.
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

    /// The current capacity in entries.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.order.capacity()
    }

    /// The statistics of each class.
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
