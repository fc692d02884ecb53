//! Waits for locks of other processes.
//!
//! SQLite's own busy timeout sleeps up to 100 ms between attempts, far longer than most locks are held; hundreds of
//! processes that retry every millisecond take the processor from the lock's holder. Therefore pauses grow with the
//! time waited, with jitter, and shrink again towards the deadline, so that the longest waiters retry most often.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::store::{LockWaits, Tally};

/// The lock waits of a database's connections.
#[derive(Debug, Default)]
pub(super) struct Waits {
    count: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Waits {
    pub(super) fn began(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds a pause.
    pub(super) fn slept(&self, time: Duration) {
        self.nanoseconds.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn so_far(&self) -> LockWaits {
        let time = Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed));
        LockWaits { count: self.count.load(Ordering::Relaxed), time }
    }
}

/// Minimum pause, at the start and the end of a wait.
const SHORTEST: Duration = Duration::from_millis(1);

/// Maximum pause; longer ones would leave a free lock unused.
const LONGEST: Duration = Duration::from_millis(25);

/// A wait for a lock.
#[derive(Debug)]
pub(super) struct Wait {
    since: Instant,
    most: Duration,
}

impl Wait {
    /// Starts a wait of at most `most`.
    pub(super) fn new(most: Duration) -> Self {
        Self { since: Instant::now(), most }
    }

    /// Sleeps before the next attempt, and returns the pause; `None` after the deadline.
    pub(super) fn pause(&self) -> Option<Duration> {
        let waited = self.since.elapsed();
        let left = self.most.checked_sub(waited).filter(|it| !it.is_zero())?;
        let before = Instant::now();
        thread::sleep(length(waited, left, RandomState::new().hash_one(0)));
        Some(before.elapsed())
    }
}

/// A wait of a connection for a lock; it is counted when the connection begins the next one, or is closed.
#[derive(Debug)]
pub(super) struct LockWait {
    wait: Wait,
    slept: Duration,
}

impl LockWait {
    pub(super) fn new(most: Duration) -> Self {
        Self { wait: Wait::new(most), slept: Duration::ZERO }
    }

    /// Sleeps before the next attempt, and returns the pause; `None` after the deadline.
    pub(super) fn pause(&mut self) -> Option<Duration> {
        let pause = self.wait.pause()?;
        self.slept += pause;
        Some(pause)
    }
}

impl Drop for LockWait {
    fn drop(&mut self) {
        if !self.slept.is_zero() {
            Tally::waited(self.slept);
        }
    }
}

/// An eighth of the time waited or left, times 0.5 to 1.5.
fn length(waited: Duration, left: Duration, random: u64) -> Duration {
    let middle = (waited.min(left) / 8).clamp(SHORTEST, LONGEST);
    let share = u32::try_from(random % 1024).unwrap_or_default();
    (middle / 2 + middle * share / 1024).min(left)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LONGEST, Wait, length};

    #[test]
    fn pauses_grow_differ_and_end_with_the_time() {
        let ms = Duration::from_millis;
        assert_eq!(length(ms(0), ms(5000), 0), Duration::from_micros(500));
        assert!(length(ms(0), ms(5000), 1023) < Duration::from_micros(1500));
        assert!(length(ms(80), ms(5000), 0) == ms(5) && length(ms(80), ms(5000), 512) == ms(10));
        assert!(length(ms(4000), ms(1000), 1023) < LONGEST * 2);
        assert_eq!(length(ms(4996), ms(4), 0), Duration::from_micros(500), "the longest waiter retries most often");
        assert_eq!(length(ms(5000), Duration::from_micros(10), 512), Duration::from_micros(10));
        let wait = Wait::new(ms(20));
        let mut slept = Duration::ZERO;
        while let Some(pause) = wait.pause() {
            slept += pause;
        }
        assert!(slept > Duration::ZERO && wait.pause().is_none());
    }
}
