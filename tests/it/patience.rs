//! Waiting for what happens in another process.

use std::sync::atomic::{AtomicBool, Ordering};
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

/// Is set when it is dropped: also when a test fails, whose other threads would go on for ever.
pub struct SetAtEnd<'a>(pub &'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does something again and again, as fast as it can, while `work` runs. It is told how often it was done before.
pub fn meanwhile(mut again: impl FnMut(u64) + Send, work: impl FnOnce()) {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut turns = 0;
            while !ended.load(Ordering::Relaxed) {
                again(turns);
                turns += 1;
            }
        });
        let _ended = SetAtEnd(&ended);
        work();
    });
}
