//! `cfn sync retry`.

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::Exit;
use crate::ops::{self, RetryReport};

/// Queue all dead letters again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn sync retry && cfn sync")]
pub(super) struct Args {}

pub(super) fn run(context: &Context, _args: &Args) -> Result<Exit, Failure> {
    let report = ops::retry(context.open(Access::Write)?.as_mut())?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for RetryReport {
    fn text(&self, page: &mut Page) {
        page.line(format!("{} queued again", self.waiting_again));
    }
}
