//! `cfn db archive` and `cfn db unarchive`.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Visible};
use crate::ops::{self, MonthsReport};
use crate::settings::Settings;
use crate::store::{ArchiveReport, ArchivedDays, FileArchive, UnarchiveReport};

/// Move old rows of the usage log to a compressed file or to another server; reports keep counting them
///
/// The rows are there for good before any of them leaves the log. After an interruption, run the command again: it continues.
/// Reports stay correct meanwhile. To a server, postgresql://HOST/DATABASE, whole months are moved; late rows of a month that
/// is there stay in the log. Put the server's password in ~/.pgpass: the URL is kept in the database.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db archive --before 2026-01-01 --to usage-2025.jsonl.gz
  cfn db archive --before 2026-01 --to 'postgresql://cfn@archive.example.com/usage'
  cfn db unarchive usage-2025.jsonl.gz")]
pub(super) struct Args {
    /// Move rows from before this day, or month (UTC)
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    before: Date,
    /// Archive file to write, or server
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Move the rows of an archive back into the usage log
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db unarchive usage-2025.jsonl.gz
  cfn db unarchive 'postgresql://cfn@archive.example.com/usage' --month 2025-11")]
pub(super) struct BackArgs {
    /// Archive file written by 'cfn db archive', or server
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Month to move back from a server
    #[arg(long, value_name = "YYYY-MM", value_parser = day)]
    month: Option<Date>,
}

/// A day, or the first day of a month.
fn day(text: &str) -> Result<Date, String> {
    let whole = if text.len() == "2026-01".len() { format!("{text}-01") } else { text.to_owned() };
    whole.parse().map_err(|_| "expected a day, as 2026-01-01, or a month, as 2026-01".to_owned())
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if let Some(url) = server_of(&args.to) {
        return to_server(context, url, args.before);
    }
    let to = context.settings.file_of_a_database("--to", args.to.as_os_str())?;
    let mut progress = context.output.progress("archiving the usage log");
    let mut store = context.open(Access::Write)?;
    // What leaves the log of a follower is no longer pushed.
    context.pull(store.as_mut())?;
    let days = ArchivedDays { first: None, before: args.before.to_string() };
    let report = store.care().archive(&days, &mut FileArchive::at(&to), &mut |done, all| {
        progress.at(count(done), count(all));
    })?;
    drop(progress);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

/// The URL of a server with archives.
fn server_of(place: &Path) -> Option<&str> {
    place.to_str().filter(|it| Settings::names_a_server(it))
}

fn to_server(context: &Context, url: &str, before: Date) -> Result<Exit, Failure> {
    if before.day() != 1 {
        return Err(Failure::input("only whole months are moved to a server", "Name one as --before 2026-01."));
    }
    let mut place = context.archive_server(url)?;
    let mut store = context.open(Access::Write)?;
    context.pull(store.as_mut())?;
    let mut progress = context.output.progress("archiving the usage log");
    let report = ops::archive_months(store.as_mut(), before, url, &mut place, &mut |done, all| {
        progress.at(count(done), count(all));
    })?;
    drop(progress);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

pub(super) fn run_back(context: &Context, args: &BackArgs) -> Result<Exit, Failure> {
    let mut progress = context.output.progress("restoring archived rows");
    let mut at = |done, all| progress.at(count(done), count(all));
    let mut store = context.open(Access::Write)?;
    let report = match (server_of(&args.file), args.month) {
        (None, None) => {
            let file = context.settings.file_of_a_database("the archive", args.file.as_os_str())?;
            let returned = store.care().unarchive(&mut FileArchive::at(&file), &mut at);
            returned.map_err(Failure::of_reading_an_archive)?
        }
        (Some(url), Some(month)) => {
            let mut place = context.archive_server(url)?;
            ops::unarchive_month(store.as_mut(), month.first_of_month(), &mut place, &mut at)?
        }
        (None, Some(_)) => {
            return Err(Failure::input("--month is about a server", "Leave it out: a file is moved back as a whole."));
        }
        (Some(_), None) => {
            return Err(Failure::input(
                "no month is named",
                "Name one as --month 2026-01; 'cfn db status' lists them.",
            ));
        }
    };
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

impl Report for MonthsReport {
    fn text(&self, page: &mut Page) {
        if self.months.is_empty() {
            return page.line(format!("no months to move before {}", self.before));
        }
        for it in &self.months {
            page.line(format!("{}: {} moved to {}", it.month, counted(it.moved, "row"), Visible(&self.path)));
            if it.kept > 0 {
                page.line(format!("  {} rows stay in the log: they changed meanwhile", it.kept));
            }
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
