//! `cfn cache clear`.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::Exit;
use crate::ops::{self, ClearReport};

/// Remove cached answers and statistics, and no other keys
///
/// This covers every database whose queries the server caches. It loses only time: answers are computed and cached
/// again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn cache clear
  cfn cache clear --redis-url redis://cache.example.com --json")]
pub(super) struct Args {}

pub(super) fn run(context: &Context, _args: &Args) -> Result<Exit, Failure> {
    let settings = context.require_cache()?;
    let report = ops::clear(Context::connect_cache(&settings)?.as_mut())?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for ClearReport {
    fn text(&self, page: &mut Page) {
        page.line(format!(
            "removed {}, and the statistics of {}",
            counted(self.answers, "answer"),
            counted(self.statistics, "database")
        ));
    }
}
