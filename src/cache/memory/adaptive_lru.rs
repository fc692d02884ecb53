//! A least-recently-used order that finds its own length.
//!
//! It is one order in three parts: `recent`, `tail` (the least recently used quarter) and `evicted`, which keeps keys only. What
//! leaves one part at its old end enters the next at its new end, so a hit says where in the order it was: one in `evicted` would
//! have been answered by a longer list, and a tail without hits is not needed.

use std::hash::Hash;

use hashlink::LruCache;

/// The share of the capacity that is the tail: a quarter.
const TAIL: usize = 4;

/// How many times its capacity of look-ups a list waits before it decides to shrink.
const WINDOW: u64 = 8;

/// A part of the order that answers fewer than one look-up in a thousand is not worth its memory.
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

/// Where the look-ups since the last decision ended.
#[derive(Debug, Default)]
struct Window {
    look_ups: u64,
    in_tail: u64,
    in_evicted: u64,
}

impl<K: Hash + Eq, V> AdaptiveLru<K, V> {
    /// An empty list, with the smallest capacity.
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

    /// An entry, without counting it as a use.
    pub(super) fn peek(&self, key: &K) -> Option<&V> {
        self.recent.peek(key).or_else(|| self.tail.peek(key))
    }

    /// Makes an entry that was asked for the most recently used.
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

    /// Notes that a key was asked for in vain: one that was here a while ago says that more room would have paid.
    pub(super) fn miss(&mut self, key: &K) {
        self.window.look_ups += 1;
        if self.evicted.remove(key).is_some() {
            self.window.in_evicted += 1;
            self.capacity = (self.capacity + 1).min(self.most);
        }
        self.decide();
    }

    /// Adds an entry as the most recently used. What is too much leaves with [`evict`](Self::evict).
    pub(super) fn insert(&mut self, key: K, value: V) {
        self.evicted.remove(&key);
        self.recent.insert(key, value);
        self.balance();
    }

    /// Takes an entry out, whose key is not remembered.
    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.recent.remove(key).or_else(|| self.tail.remove(key))
    }

    /// Whether there are more entries than the capacity allows.
    pub(super) fn is_over(&self) -> bool {
        self.len() > self.capacity
    }

    /// Takes the least recently used entry out and remembers its key, as long as a list of the largest capacity would have it.
    pub(super) fn evict(&mut self) -> Option<V> {
        let (key, value) = self.tail.remove_lru().or_else(|| self.recent.remove_lru())?;
        self.evicted.insert(key, ());
        while self.evicted.len() > self.most - self.capacity {
            self.evicted.remove_lru();
        }
        Some(value)
    }

    /// Lets the oldest of the recent ones be the youngest of the tail.
    fn balance(&mut self) {
        while self.recent.len() > self.capacity - self.capacity / TAIL {
            let Some((key, value)) = self.recent.remove_lru() else { return };
            self.tail.insert(key, value);
        }
    }

    /// At the end of a window, drops a tail that nobody used while nobody missed what had been evicted either.
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
