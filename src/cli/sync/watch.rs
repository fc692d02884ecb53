//! `cfn sync --watch`: follows decisions of the primary as they are made, and delivers events as they are queued.

use std::time::{Duration, Instant};

use super::deliver::deliver;
use super::watched::Watched;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::interruption::Interruption;
use crate::model::Exit;
use crate::ops::Retry;

/// Pause between looks at the outbox.
const PAUSE: Duration = Duration::from_millis(500);

/// Maximum pause after failures of deliveries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Maximum pause after failures of pulls: decisions are urgent when the primary is there again.
const LONGEST_PULL_PAUSE: Duration = Duration::from_secs(5);

/// The longest time in which a signal is not noticed.
const MOMENT: Duration = Duration::from_millis(100);

/// Runs until a signal ends it, which is a good end, or the skills database fails.
pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let interruption = Interruption::listen()?;
    let mut store = context.open_long_lived(Access::Write)?;
    let mut primary = Watched::of(context);
    let mut pulls = Turns::new(context.settings.follow_pause()?, LONGEST_PULL_PAUSE);
    let mut deliveries = Turns::new(PAUSE, LONGEST_PAUSE);
    while !interruption.stopped() {
        if pulls.are_due() {
            pulls.took(context, primary.pull(store.as_mut()))?;
        }
        if deliveries.are_due() {
            let delivered = deliver(context, store.as_mut(), Retry::Due);
            let report = delivered.as_ref().ok().filter(|it| it.settled() > 0);
            report.map_or(Ok(()), |it| context.output.answer(it))?;
            deliveries.took(context, delivered)?;
        }
        while !interruption.stopped() && !pulls.are_due() && !deliveries.are_due() {
            let next = pulls.due.min(deliveries.due).saturating_duration_since(Instant::now());
            if primary.is_told_within(next.min(MOMENT)) {
                pulls.due = Instant::now();
            }
        }
    }
    Ok(Exit::Done)
}

/// When something is done the next time.
struct Turns {
    due: Instant,
    usual: Duration,
    pause: Duration,
    longest: Duration,
    /// The last failure, which is said once.
    said: String,
}

impl Turns {
    fn new(usual: Duration, longest: Duration) -> Self {
        Self { due: Instant::now(), usual, pause: usual, longest: longest.max(usual), said: String::new() }
    }

    fn are_due(&self) -> bool {
        self.due <= Instant::now()
    }

    /// Plans the next turn. Only a failure of a service, or of a database that is busy, is one that passes.
    fn took<T>(&mut self, context: &Context, done: Result<T, Failure>) -> Result<(), Failure> {
        match done {
            Ok(_) => (self.pause, self.said) = (self.usual, String::new()),
            Err(failure) if failure.is_about_a_service() || failure.code == Exit::Busy => {
                self.pause = (self.pause * 2).min(self.longest);
                if failure.message != self.said {
                    context.output.warn(&failure.message);
                    self.said = failure.message;
                }
            }
            Err(failure) => return Err(failure),
        }
        self.due = Instant::now() + self.pause;
        Ok(())
    }
}
