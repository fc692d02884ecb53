//! Questions to services that may hang, each on a thread of its own.

use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// The most time for a service to say anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// The most time for everything that is asked of a service that answers, on a busy machine.
const AT_MOST: Duration = Duration::from_secs(5);

/// A question that was asked.
pub(super) struct Asked<T> {
    answer: Receiver<T>,
    since: Instant,
}

impl<T: Send + 'static> Asked<T> {
    /// Asks. The thread ends with the process if there is never an answer.
    pub(super) fn ask(work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, answer) = mpsc::sync_channel(1);
        let started = thread::Builder::new().name("doctor".to_owned()).spawn(move || {
            let _ = sender.send(work()); // the asker may have given up
        });
        if let Err(error) = started {
            tracing::debug!(%error, "no thread could be started"); // the closed channel tells the asker
        }
        Self { answer, since: Instant::now() }
    }

    /// The answer, if it comes in time.
    pub(super) fn answer(self) -> Option<T> {
        self.answer.recv_timeout(AT_MOST.saturating_sub(self.since.elapsed())).ok()
    }
}
