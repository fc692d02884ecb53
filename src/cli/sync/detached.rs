//! The background delivery that other commands start: silent, in its own session, one process at a time.

use crate::cli::context::{Access, Context};
use crate::cli::delivery::Turn;
use crate::cli::failure::Failure;
use crate::model::Exit;
use crate::ops::{self, NextStep, Retry};

/// Delivers until nothing is due. It releases the lock before its last look at the queue: a process that queued an
/// event and found the lock taken relies on this.
pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    // A closing terminal must not end it. This fails only if it leads a session already.
    let _ = rustix::process::setsid();
    let database = context.settings.database()?;
    let mut store = context.open_long_lived(Access::Write)?;
    while ops::next_step(store.as_mut(), context.clock)? == NextStep::Deliver {
        let Some(turn) = Turn::take(&database) else { break };
        let report = ops::sync(store.as_mut(), context.clock, Retry::Due, &mut context.workflow()?, &mut |_| {})?;
        drop(turn);
        if report.settled() == 0 {
            break; // what is due waits for something that is not
        }
    }
    Ok(Exit::Done)
}
