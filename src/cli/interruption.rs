//! Handles Ctrl-C and SIGTERM: the command ends where its work is whole, and leaves no files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli::failure::{Failure, FailureKind};
use crate::linux::ProcessStatus;
use crate::model::Exit;

/// Knows whether a signal interrupted this run.
#[derive(Debug)]
pub(in crate::cli) struct Interruption {
    stop: Arc<AtomicBool>,
    /// The first signal, or 0.
    signal: Arc<AtomicUsize>,
}

impl Interruption {
    /// Starts listening. Signals that the caller ignores, as with `nohup` and a shell's `&`, stay ignored. A second
    /// signal kills the process; the next run removes its files.
    pub(in crate::cli) fn listen() -> Result<Self, Failure> {
        let (stop, signal) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let status = ProcessStatus::own();
        for number in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|it| !status.ignores(*it)) {
            let value = usize::try_from(number).unwrap_or_default();
            flag::register_conditional_default(number, Arc::clone(&stop))
                .and_then(|_| flag::register_usize(number, Arc::clone(&signal), value))
                .and_then(|_| flag::register(number, Arc::clone(&stop)))
                .map_err(|error| Failure::internal(&error.to_string()))?;
        }
        Ok(Self { stop, signal })
    }

    /// The flag that the signal sets.
    pub(in crate::cli) fn flag(&self) -> &Arc<AtomicBool> {
        &self.stop
    }

    /// Whether there was a signal.
    pub(in crate::cli) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Gives an interrupted run the exit code of its signal.
    pub(in crate::cli) fn verdict(&self, ran: Result<Exit, Failure>) -> Result<Exit, Failure> {
        if !self.stopped() {
            return ran;
        }
        let signal = u8::try_from(self.signal.load(Ordering::Relaxed)).unwrap_or(u8::MAX);
        match ran {
            Ok(_) => Ok(Exit::Signal(signal)),
            // The signal may have caused the failure.
            Err(_) => {
                Err(Failure::new(FailureKind::Interrupted, "interrupted before there was a report", "Run it again.")
                    .by_signal(signal))
            }
        }
    }
}
