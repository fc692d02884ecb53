//! The delivery that other commands start: in a session of its own, silent, one process at a time.

use crate::cli::Verdict;
use crate::cli::context::{Access, Context};
use crate::cli::delivery::Turn;
use crate::cli::failure::Failure;
use crate::ops::{self, NextStep, Retry};

/// Delivers as long as anything is due. The turn is given back before the last look: who queued something and found the turn
/// taken relies on it.
pub(super) fn run(context: &Context) -> Result<Verdict, Failure> {
    // A terminal that closes must not end it; where that fails, it leads a session already.
    let _ = rustix::process::setsid();
    let database = context.settings.database()?;
    let mut store = context.open_long_lived(Access::Write)?;
    while ops::next_step(&mut store, context.clock)? == NextStep::Deliver {
        let Some(turn) = Turn::take(&database) else { break };
        let report = ops::sync(&mut store, context.clock, Retry::Due, &mut context.workflow()?, &mut |_| {})?;
        drop(turn);
        if report.settled() == 0 {
            break; // what is due waits for something that is not
        }
    }
    Ok(Verdict::Done)
}
