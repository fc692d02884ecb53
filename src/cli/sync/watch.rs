//! `cfn sync --watch`: delivers events as they are queued.

use std::thread;
use std::time::Duration;

use super::deliver::deliver;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::model::Exit;
use crate::ops::Retry;

/// Pause between looks at the outbox.
const PAUSE: Duration = Duration::from_millis(500);

/// Maximum pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Runs until it is interrupted, or the skills database fails.
pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let mut store = context.open_long_lived(Access::Write)?;
    let (mut pause, mut said) = (PAUSE, String::new());
    loop {
        match deliver(context, store.as_mut(), Retry::Due) {
            Ok(report) => {
                if report.settled() > 0 {
                    context.output.answer(&report)?;
                }
                (pause, said) = (PAUSE, String::new());
            }
            Err(failure) if failure.is_about_a_service() => {
                pause = (pause * 2).min(LONGEST_PAUSE);
                if failure.message != said {
                    context.output.warn(&failure.message);
                    said = failure.message;
                }
            }
            Err(failure) => return Err(failure),
        }
        thread::sleep(pause);
    }
}
