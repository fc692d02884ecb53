//! Waiting for what happens in another process.

use std::thread;
use std::time::{Duration, Instant};

/// Waits until something holds; a busy machine may take its time.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
