//! `cfn db archive` and `cfn db unarchive`.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Visible};
use crate::store::{ArchiveReport, UnarchiveReport};

/// Move old rows of the usage log to a compressed file; reports keep counting them
///
/// The file is synced to disk before any row leaves the log. After an interruption, run the command again: it continues
/// with the same file. Reports stay correct meanwhile.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db archive --before 2026-01-01 --to usage-2025.jsonl.gz
  cfn db unarchive usage-2025.jsonl.gz")]
pub(super) struct Args {
    /// Move rows from before this day (UTC)
    #[arg(long, value_name = "YYYY-MM-DD")]
    before: Date,
    /// Archive file to write
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Move the rows of an archive back into the usage log
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db unarchive usage-2025.jsonl.gz")]
pub(super) struct BackArgs {
    /// Archive file written by 'cfn db archive'
    file: PathBuf,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let to = context.absolute(&args.to);
    let mut progress = context.output.progress("archiving the usage log");
    let mut store = context.open(Access::Write)?;
    let report =
        store.care().archive(&args.before.to_string(), &to, &mut |done, all| progress.at(count(done), count(all)))?;
    drop(progress);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

pub(super) fn run_back(context: &Context, args: &BackArgs) -> Result<Exit, Failure> {
    let from = context.absolute(&args.file);
    let mut progress = context.output.progress("restoring archived rows");
    let mut store = context.open(Access::Write)?;
    let report = store.care().unarchive(&from, &mut |done, all| progress.at(count(done), count(all)))?;
    drop(progress);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

fn count(rows: u64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

impl Report for ArchiveReport {
    fn text(&self, page: &mut Page) {
        if self.rows == 0 {
            return page.line(format!("no rows before {}", self.before));
        }
        page.line(format!("{} moved to {}", counted(self.moved, "row"), Visible(self.path.to_string_lossy())));
        if self.kept > 0 {
            page.line(format!("{} rows stay in the log: they changed meanwhile", self.kept));
        }
    }
}

impl Report for UnarchiveReport {
    fn text(&self, page: &mut Page) {
        page.line(format!("{} of {} rows restored", self.returned, self.rows));
        if self.renumbered > 0 {
            page.line(format!("{} of them have new ids: their old ids are in use", self.renumbered));
        }
    }
}
