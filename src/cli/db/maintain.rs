//! `cfn db maintain`.

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::numbers::bytes;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Visible};
use crate::ops;
use crate::store::{MaintainReport, file_care};

/// Reclaim free space and refresh statistics, if worthwhile
///
/// Also brings the index of 'cfn search' up to date, if there is one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db maintain
  cfn db maintain --json")]
pub(super) struct Args {}

pub(super) fn run(context: &Context, _args: &Args) -> Result<Exit, Failure> {
    let mut store = context.open(Access::Write)?;
    let mut report = file_care(store.as_mut())?.maintain()?;
    let mut progress = context.output.progress("indexing");
    if let Some(why) = ops::update_index(store.as_mut(), &mut |done, all| progress.at(done, all))? {
        report.notes.push(format!("the search index is not up to date: {}", Visible(why)));
    }
    drop(progress);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for MaintainReport {
    fn text(&self, page: &mut Page) {
        for note in &self.notes {
            page.line(note);
        }
        if self.vacuumed {
            page.line("rewrote the file");
        }
        if self.analyzed {
            page.line("refreshed the statistics");
        }
        let [before, after] = [self.bytes_before, self.bytes_after];
        let gained = bytes(before.saturating_sub(after));
        page.line(format!("{} before, {} after: {gained} gained", bytes(before), bytes(after)));
    }
}
