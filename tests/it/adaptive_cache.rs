//! What the memory cache gains by finding its own size: hits of a workload that is drawn from a seed, so that the counts are exact.

use std::time::Instant;

use cfn::bench::Zipf;
use cfn::cache::{Bounds, Class, Memory};

const GIB: u64 = 1024 * 1024 * 1024;

/// Agents of a large fleet: 2,000 different requests, the popular ones much more often than the others.
const DIFFERENT: u32 = 2000;
const REQUESTS: u32 = 100_000;

/// An agent with five skills of 4 KB.
const ANSWER: usize = 22_000;

/// Hits of so many requests, from an empty cache on.
fn hits(bounds: Bounds) -> (u32, usize) {
    let (mut memory, now, mut hits) = (Memory::new(bounds), Instant::now(), 0);
    for request in Zipf::new(DIFFERENT, 4).take(REQUESTS as usize) {
        if memory.get(Class::Load, &request, now, |()| true).is_some() {
            hits += 1;
        } else {
            memory.insert(Class::Load, request, (), ANSWER, now);
        }
    }
    (hits, memory.capacity())
}

#[test]
fn the_adaptive_cache_answers_three_of_four_requests_where_fifty_entries_answer_two_of_five() {
    let fixed = Bounds { most: 50, ..Bounds::for_memory(8 * GIB) };
    let mut table = Vec::new();
    let mut row = |what: &str, bounds| {
        let (hits, entries) = hits(bounds);
        table.push(format!("{what}: {hits} hits with {entries} entries at the end"));
        hits * 100 / REQUESTS
    };
    let rate = row("50 entries", fixed);
    assert!((38..=42).contains(&rate), "{rate} %");
    let rates = [1, 2, 4, 8, 16].map(|gib| row(&format!("adaptive, {gib} GiB"), Bounds::for_memory(gib * GIB)));
    assert!(rates[3] >= 75 && rates.is_sorted(), "{rates:?}");
    insta::assert_snapshot!(table.join("\n"), @r"
    50 entries: 40338 hits with 50 entries at the end
    adaptive, 1 GiB: 50555 hits with 100 entries at the end
    adaptive, 2 GiB: 61174 hits with 200 entries at the end
    adaptive, 4 GiB: 71842 hits with 400 entries at the end
    adaptive, 8 GiB: 82889 hits with 800 entries at the end
    adaptive, 16 GiB: 93673 hits with 1599 entries at the end
    ");
}
