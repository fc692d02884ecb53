//! `cfn sync --watch`: delivers what waits, as it comes.

use std::thread;
use std::time::Duration;

use super::deliver;
use crate::cli::Verdict;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::ops::Retry;

/// How often the outbox is looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Ends when it is interrupted, or when the database itself fails.
pub(super) fn run(context: &Context) -> Result<Verdict, Failure> {
    let mut store = context.open_long_lived(Access::Write)?;
    let (mut pause, mut said) = (PAUSE, String::new());
    loop {
        match deliver(context, &mut store, Retry::Due) {
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
