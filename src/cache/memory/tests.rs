use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Bounds, Counts, Memory};
use crate::cache::Class;

const TTL: Duration = Duration::from_secs(300);

fn bounds(fewest: usize, most: usize, bytes: usize) -> Bounds {
    Bounds { fewest, most, bytes, time_to_live: TTL }
}

/// Queries a cache in which each answer equals its key and has one byte; returns the hits.
fn asks(memory: &mut Memory<u32, u32>, keys: impl IntoIterator<Item = u32>) -> u32 {
    let now = Instant::now();
    let mut hits = 0;
    for key in keys {
        if let Some(found) = memory.get(Class::Load, &key, now, |_| true) {
            assert_eq!(*found, key);
            hits += 1;
        } else {
            memory.insert(Class::Load, key, key, 1, now);
        }
    }
    hits
}

fn counts(memory: &Memory<u32, u32>, class: Class) -> Counts {
    memory.counts().find(|it| it.0 == class).map(|it| it.1).unwrap_or_default()
}

/// A naive implementation: a list with the most recently used entry last.
#[derive(Debug, Default)]
struct Naive {
    entries: Vec<(u8, u32, usize, Instant)>,
    counts: Counts,
}

impl Naive {
    fn get(&mut self, key: u8, now: Instant, fresh: bool) -> Option<u32> {
        let found = self.entries.iter().position(|it| it.0 == key).map(|at| self.entries.remove(at));
        let served = found.filter(|it| fresh && now - it.3 < TTL);
        self.entries.extend(served);
        *(if served.is_some() { &mut self.counts.hits } else { &mut self.counts.misses }) += 1;
        served.map(|it| it.1)
    }

    fn insert(&mut self, key: u8, value: u32, bytes: usize, now: Instant, bound: usize) {
        self.entries.retain(|it| it.0 != key);
        if bytes <= bound {
            self.entries.push((key, value, bytes, now));
        }
    }

    fn make_room(&mut self, capacity: usize, bound: usize) {
        while self.entries.len() > capacity || self.bytes() > bound {
            self.entries.remove(0);
            self.counts.evictions += 1;
        }
    }

    fn bytes(&self) -> usize {
        self.entries.iter().map(|it| it.2).sum()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Get { key: u8, fresh: bool },
    Insert { key: u8, bytes: usize },
    Wait { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..24_u8, prop::bool::weighted(0.9)).prop_map(|(key, fresh)| Step::Get { key, fresh }),
        8 => (0..24_u8, 0..40_usize).prop_map(|(key, bytes)| Step::Insert { key, bytes }),
        1 => (1..200_u64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_behaves_like_a_list_in_order_of_use(
        fewest in 1..12_usize, more in 0..12_usize, bound in 1..200_usize, steps in prop::collection::vec(step(), 1..400),
    ) {
        let bounds = bounds(fewest, fewest + more, bound);
        let (mut memory, mut naive, mut now) = (Memory::new(bounds), Naive::default(), Instant::now());
        for (number, step) in (0..).zip(steps) {
            match step {
                Step::Get { key, fresh } => {
                    let found = memory.get(Class::Load, &key, now, |_| fresh).copied();
                    prop_assert_eq!(found, naive.get(key, now, fresh), "step {}", number);
                }
                Step::Insert { key, bytes } => {
                    memory.insert(Class::Load, key, number, bytes, now);
                    naive.insert(key, number, bytes, now, bound);
                }
                Step::Wait { seconds } => now += Duration::from_secs(seconds),
            }
            prop_assert!((bounds.fewest..=bounds.most).contains(&memory.capacity()));
            naive.make_room(memory.capacity(), bound);
            let expected = Counts { entries: naive.entries.len(), bytes: naive.bytes(), ..naive.counts };
            let counted = memory.counts().next().map(|it| it.1).unwrap_or_default();
            prop_assert_eq!(counted, expected, "step {}", number);
        }
        for (key, value, ..) in naive.entries {
            let found = memory.get(Class::Load, &key, now, |_| true).copied();
            prop_assert!(found.is_none_or(|it| it == value), "{} is {:?}, not {}", key, found, value);
        }
    }
}

#[test]
fn an_answer_stays_for_its_time_and_no_longer() {
    let mut memory = Memory::new(bounds(4, 4, 100));
    let start = Instant::now();
    memory.insert(Class::Load, 1, 1, 1, start);
    assert!(memory.get(Class::Load, &1, start + Duration::from_secs(299), |_| true).is_some());
    assert!(memory.get(Class::Load, &1, start + TTL, |_| true).is_none(), "use does not extend its time");
    assert!(memory.get(Class::Load, &1, start, |_| true).is_none(), "and it is gone");
    assert_eq!(counts(&memory, Class::Load), Counts { hits: 1, misses: 2, ..Counts::default() });
}

#[test]
fn a_stale_answer_is_removed() {
    let mut memory = Memory::new(bounds(4, 4, 100));
    let now = Instant::now();
    memory.insert(Class::Load, 1, 7, 1, now);
    assert!(memory.get(Class::Load, &1, now, |it| *it == 8).is_none());
    assert!(memory.get(Class::Load, &1, now, |it| *it == 7).is_none());
    assert_eq!(counts(&memory, Class::Load), Counts { misses: 2, ..Counts::default() });
}

#[test]
fn bytes_are_bounded_whatever_the_number_of_entries() {
    let mut memory = Memory::new(bounds(100, 100, 1000));
    let now = Instant::now();
    (0..10).for_each(|key| memory.insert(Class::Load, key, key, 100, now));
    assert_eq!(counts(&memory, Class::Load), Counts { entries: 10, bytes: 1000, ..Counts::default() });
    memory.insert(Class::Load, 10, 10, 250, now);
    let after = Counts { entries: 8, bytes: 950, evictions: 3, ..Counts::default() };
    assert_eq!(counts(&memory, Class::Load), after, "the three oldest made room");
    memory.insert(Class::Load, 11, 11, 1001, now);
    assert_eq!(counts(&memory, Class::Load), after, "an answer larger than the whole cache is not kept");
    memory.insert(Class::Load, 10, 10, 1001, now);
    assert!(memory.get(Class::Load, &10, now, |_| true).is_none(), "nor is what it would replace");
}

#[test]
fn it_grows_up_to_its_limit_while_growing_adds_hits() {
    let mut memory = Memory::new(bounds(50, 200, 10_000));
    asks(&mut memory, (0..100).cycle().take(300));
    assert_eq!(memory.capacity(), 100, "all that is asked again and again has room");
    assert_eq!(asks(&mut memory, (0..100).cycle().take(1000)), 1000);
    asks(&mut memory, (0..200).cycle().take(1000));
    assert_eq!((memory.capacity(), asks(&mut memory, 0..200)), (200, 200));
    asks(&mut memory, (0..300).cycle().take(3000));
    assert_eq!(memory.capacity(), 200);
}

#[test]
fn it_does_not_grow_for_keys_requested_once() {
    let mut memory = Memory::new(bounds(50, 200, 10_000));
    assert_eq!(asks(&mut memory, 0..100_000), 0);
    assert_eq!((memory.capacity(), counts(&memory, Class::Load).entries), (50, 50));
}

#[test]
fn it_shrinks_when_space_is_unused() {
    let mut memory = Memory::new(bounds(50, 800, 10_000));
    asks(&mut memory, (0..700).cycle().take(10_000));
    assert!((700..=800).contains(&memory.capacity()), "{}", memory.capacity());
    assert_eq!(asks(&mut memory, (0..10).cycle().take(40_000)), 40_000);
    assert_eq!((memory.capacity(), counts(&memory, Class::Load).entries), (50, 50));
    assert_eq!(counts(&memory, Class::Load).bytes, 50);
}

#[test]
fn each_class_has_its_own_counts() {
    let mut memory = Memory::new(bounds(2, 2, 100));
    let now = Instant::now();
    memory.insert(Class::Load, 1, 1, 5, now);
    memory.insert(Class::List, 2, 2, 7, now);
    assert!(memory.get(Class::List, &2, now, |_| true).is_some());
    memory.insert(Class::List, 3, 3, 9, now);
    assert_eq!(counts(&memory, Class::Load), Counts { evictions: 1, ..Counts::default() });
    assert_eq!(counts(&memory, Class::List), Counts { hits: 1, entries: 2, bytes: 16, ..Counts::default() });
}
