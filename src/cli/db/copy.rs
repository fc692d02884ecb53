//! `cfn db copy`.

use std::ffi::OsString;

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::numbers::duration;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Visible};
use crate::ops::{self, CopyPart, CopyReport};

/// Copy a whole database to another engine, or back
///
/// A database is a file, or postgresql://HOST/DATABASE. The source is read in one snapshot and not changed; others may write to
/// it meanwhile, and what they write is not copied. The target must be new or empty. It is written in one step: after an
/// interruption, nothing is there. Before that, its rows are read again and compared with what was copied. Ids are kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db copy --from skills.db --to 'postgresql://cfn@db.example.com/skills' --dry-run
  cfn db copy --from skills.db --to 'postgresql://cfn@db.example.com/skills'
  cfn db copy --from 'postgresql://cfn@db.example.com/skills' --to skills.db --replace")]
pub(super) struct Args {
    /// Database to copy
    #[arg(long, value_name = "DATABASE")]
    from: OsString,
    /// Database to write
    #[arg(long, value_name = "DATABASE")]
    to: OsString,
    /// Report what would be copied, and rows that the target cannot hold, without writing anything
    #[arg(long)]
    dry_run: bool,
    /// Replace the target, if it is a skills database; one in a file is saved beside it
    #[arg(long)]
    replace: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let of = |option: &'static str| move |failure: Failure| failure.of_database_named_by(option);
    let from = context.with_named_database("--from", &args.from).opening(Access::Read).map_err(of("--from"))?;
    let source = from.copied().map_err(|error| of("--from")(error.into()))?;
    let to = context.with_named_database("--to", &args.to).opening(Access::Write).map_err(of("--to"))?;
    let mut target = to.copy_target(args.replace).map_err(|error| of("--to")(error.into()))?;
    if let (Some(held), false) = (target.replaces(), args.yes || args.dry_run) {
        context.confirm(&format!("this would replace {}, which has {held}", to.location()))?;
    }
    let mut progress = context.output.progress("copying").with_rate();
    let mut report_progress = |part, done, all| match part {
        CopyPart::Rows => progress.at(count(done), count(all)),
        CopyPart::Indexes => progress.now("making indexes"),
        CopyPart::Proof => {
            progress.now("comparing");
            progress.at(count(done), count(all));
        }
    };
    let report = if args.dry_run {
        ops::weigh_copy(source.as_ref(), target.as_mut(), to.location(), &mut report_progress)?
    } else {
        ops::copy(source.as_ref(), target, to.location(), &mut report_progress)?
    };
    drop(progress);
    for it in &report.left_out {
        context.output.warn(&format!("not copied, because it is not cfn's: {it}"));
    }
    context.output.answer(&report)?;
    Ok(if report.refused_rows > 0 { Exit::Refused } else { Exit::Done })
}

fn count(rows: u64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

impl Report for CopyReport {
    fn text(&self, page: &mut Page) {
        let would = if self.dry_run { "would copy" } else { "copied" };
        page.line(format!("{would} {} from {} to {}", counted(self.rows, "row"), self.from, self.to));
        for it in self.tables.iter().filter(|it| it.rows > 0) {
            page.line(format!("  {}: {}", it.table, counted(it.rows, "row")));
        }
        if self.other_values > 0 {
            let (values, keep) = (counted(self.other_values, "value"), if self.dry_run { "would be" } else { "are" });
            page.line(format!("{values} of another type than the column {keep} kept beside the row"));
        }
        for it in &self.refused {
            page.line(format!("refused: {} {}, {}: {}", it.table, Visible(&it.row), it.column, it.why));
        }
        if self.refused_rows > self.refused.len() as u64 {
            let more = self.refused_rows - self.refused.len() as u64;
            page.line(format!("refused: {} more", counted(more, "row")));
        }
        if let (Some(replaced), true) = (&self.replaced, self.dry_run) {
            page.line(format!("would replace {}, which has {replaced}", self.to));
        }
        if let Some(previous) = &self.previous {
            page.line(format!("the previous database was saved to {}", Visible(previous.to_string_lossy())));
        }
        if !self.dry_run {
            let [copied, compared] = [self.copy_ms, self.proof_ms].map(|it| duration(to_f64(it)));
            page.line(format!("SHA-256 of all rows, on both sides: {}", self.sha256));
            page.line(format!("copied in {copied}, compared in {compared}"));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a duration is shown in milliseconds")]
fn to_f64(milliseconds: u64) -> f64 {
    milliseconds as f64
}
