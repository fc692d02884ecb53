//! `cfn db capture`.

use crate::cli::Verdict;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::Visible;
use crate::ops::{self, CaptureReport};

/// Store the bytes of skills that other programs added
///
/// Files are taken only where their SHA-256 is the recorded one. Those that are not are named.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db capture
  cfn db capture --bootstrap")]
pub(super) struct Args {
    /// Record the hash of bootstrap skills that have none: their files are trusted as they are now
    #[arg(long)]
    bootstrap: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    let mut store = context.open(Access::Write)?;
    let report = ops::capture(&mut store, &context.files()?, &context.project()?, args.bootstrap)?;
    context.output.answer(&report)?;
    Ok(Verdict::Done)
}

impl Report for CaptureReport {
    fn text(&self, page: &mut Page) {
        text(self, page);
    }
}

pub(super) fn text(report: &CaptureReport, page: &mut Page) {
    for it in &report.left {
        page.line(format!("{}: {} ({})", Visible(&it.name), Visible(&it.reason), Visible(&it.content_path)));
    }
    page.line(format!("contents stored: {}, not taken: {}", report.captured.len(), report.left.len()));
}
