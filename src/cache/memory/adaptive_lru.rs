//! An LRU list that adapts its capacity.
//!
//! It is one list in three parts: `recent`, `tail` (the least recently used quarter) and `evicted`, which has only
//! keys. The oldest entry of each part moves to the newest end of the next. A hit therefore shows its position: a
//! larger list would have had a key in `evicted`, and a tail without hits is not needed.
//!
//! Cache crates with better eviction have a fixed capacity. What matters here is the capacity: memory is used only as
//! far as it brings hits. The lists themselves are a crate's.

use std::hash::Hash;

use hashlink::LruCache;

/// The tail is this fraction of the capacity: a quarter.
const TAIL: usize = 4;

/// Lookups before a decision to shrink, in multiples of the capacity.
const WINDOW: u64 = 8;

/// A part that answers fewer than one in this many lookups is not worth its memory.
const WORTH: u64 = 1000;

#[derive(Debug)]
pub(super) struct AdaptiveLru<K, V> {
    recent: LruCache<K, V>,
    tail: LruCache<K, V>,
    evicted: LruCache<K, ()>,
    capacity: usize,
    fewest: usize,
    most: usize,
    window: Window,
}

/// The lookups since the last decision.
#[derive(Debug, Default)]
struct Window {
    look_ups: u64,
    in_tail: u64,
    in_evicted: u64,
}

impl<K: Hash + Eq, V> AdaptiveLru<K, V> {
    /// An empty list with the minimum capacity.
    pub(super) fn new(fewest: usize, most: usize) -> Self {
        Self {
            recent: LruCache::new_unbounded(),
            tail: LruCache::new_unbounded(),
            evicted: LruCache::new_unbounded(),
            capacity: fewest,
            fewest,
            most: most.max(fewest),
            window: Window::default(),
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    fn len(&self) -> usize {
        self.recent.len() + self.tail.len()
    }

    /// Returns an entry without counting a use.
    pub(super) fn peek(&self, key: &K) -> Option<&V> {
        self.recent.peek(key).or_else(|| self.tail.peek(key))
    }

    /// Makes an entry the most recently used one.
    pub(super) fn hit(&mut self, key: &K) {
        self.window.look_ups += 1;
        if self.recent.get(key).is_none()
            && let Some((key, value)) = self.tail.remove_entry(key)
        {
            self.window.in_tail += 1;
            self.recent.insert(key, value);
        }
        self.decide();
    }

    /// Counts a miss. A recently evicted key shows that a larger capacity would have helped.
    pub(super) fn miss(&mut self, key: &K) {
        self.window.look_ups += 1;
        if self.evicted.remove(key).is_some() {
            self.window.in_evicted += 1;
            self.capacity = (self.capacity + 1).min(self.most);
        }
        self.decide();
    }

    /// Adds an entry as the most recently used one. Call [`evict`](Self::evict) while [`is_over`](Self::is_over).
    pub(super) fn insert(&mut self, key: K, value: V) {
        self.evicted.remove(&key);
        self.recent.insert(key, value);
        self.balance();
    }

    /// Removes an entry without remembering its key.
    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.recent.remove(key).or_else(|| self.tail.remove(key))
    }

    /// Whether there are more entries than the capacity allows.
    pub(super) fn is_over(&self) -> bool {
        self.len() > self.capacity
    }

    /// Removes the least recently used entry, and remembers its key for as long as a list of the maximum capacity would
    /// keep it.
    pub(super) fn evict(&mut self) -> Option<V> {
        let (key, value) = self.tail.remove_lru().or_else(|| self.recent.remove_lru())?;
        self.evicted.insert(key, ());
        while self.evicted.len() > self.most - self.capacity {
            self.evicted.remove_lru();
        }
        Some(value)
    }

    /// Moves the oldest recent entries to the tail.
    fn balance(&mut self) {
        while self.recent.len() > self.capacity - self.capacity / TAIL {
            let Some((key, value)) = self.recent.remove_lru() else { return };
            self.tail.insert(key, value);
        }
    }

    /// At the end of a window, shrinks the list if neither the tail nor evicted keys were requested.
    fn decide(&mut self) {
        self.balance();
        if self.window.look_ups < WINDOW * self.capacity as u64 {
            return;
        }
        let Window { look_ups, in_tail, in_evicted } = std::mem::take(&mut self.window);
        if (in_tail + in_evicted) * WORTH < look_ups {
            self.capacity = (self.capacity - self.capacity / TAIL).max(self.fewest);
        }
    }
}
