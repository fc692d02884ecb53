//! `cfn db maintain`.

use serde::Serialize;

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::numbers::bytes;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Visible};
use crate::ops;
use crate::skill_folder::Materialized;
use crate::store::{MaintainReport, Maintenance, Store};

/// Reclaim free space and refresh statistics, if worthwhile
///
/// Also brings the index of 'cfn search' up to date, if there is one, and removes materialized folders of skills that
/// no version has and nobody used for 30 days.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db maintain
  cfn db maintain --if-due --quiet
  cfn db maintain --json")]
pub(super) struct Args {
    /// Do only what is due and keeps nobody waiting, for a schedule
    #[arg(long)]
    if_due: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut store = context.open(Access::Write)?;
    let mut report = store.care().maintain(if args.if_due { Maintenance::IfDue } else { Maintenance::Thorough })?;
    let mut progress = context.output.progress("indexing");
    if let Some(why) = ops::update_index(store.as_mut(), &mut |done, all| progress.at(done, all))? {
        report.notes.push(format!("the search index is not up to date: {}", Visible(why)));
    }
    drop(progress);
    let removed_folders = remove_unused(context, store.as_mut()).unwrap_or_else(|error| {
        report.notes.push(format!("materialized folders were not looked after: {}", Visible(error.to_string())));
        0
    });
    context.output.answer(&Maintained { report, removed_folders })?;
    Ok(Exit::Done)
}

/// Removes materialized folders that are of no use any more; their number.
fn remove_unused(context: &Context, store: &mut dyn Store) -> ops::Result<usize> {
    let now = context.clock.now().as_second();
    let Some(folder) = context.settings.materialize_folder() else { return Ok(0) };
    let Some(materialized) = Materialized::open(&folder, now)? else { return Ok(0) };
    Ok(ops::remove_unused(store.read()?.as_ref(), &materialized, now)?.len())
}

/// What was done.
#[derive(Serialize)]
struct Maintained {
    #[serde(flatten)]
    report: MaintainReport,
    /// Number of materialized folders that were removed.
    removed_folders: usize,
}

impl Report for Maintained {
    fn text(&self, page: &mut Page) {
        if self.removed_folders > 0 {
            let folders = counted(self.removed_folders, "materialized folder");
            page.line(format!("removed {folders} of no version that nobody used for 30 days"));
        }
        self.report.text(page);
    }
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
