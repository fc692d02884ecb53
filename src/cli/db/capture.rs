//! `cfn db capture`.

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Visible};
use crate::ops::{self, CaptureReport};

/// Store the content of skills that other programs added
///
/// A file is stored only if its SHA-256 matches the recorded one. The others are listed. Files beside a SKILL.md are
/// stored too, and wait for review: agents get SKILL.md alone until somebody approves all of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db capture
  cfn db capture --bootstrap")]
pub(super) struct Args {
    /// Record hashes for bootstrap skills that have none, trusting their current files
    #[arg(long)]
    bootstrap: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    context.decide(|context| {
        let mut store = context.open(Access::Write)?;
        let report = ops::capture(store.as_mut(), &context.files()?, &context.project()?, args.bootstrap)?;
        context.output.answer(&report)?;
        Ok(Exit::Done)
    })
}

impl Report for CaptureReport {
    fn text(&self, page: &mut Page) {
        text(self, page);
    }
}

pub(super) fn text(report: &CaptureReport, page: &mut Page) {
    for it in &report.alone {
        page.line(format!("{}: stored without the files beside it: {}", Visible(&it.subject), Visible(&it.reason)));
    }
    for it in &report.left {
        page.line(format!(
            "{}: {} ({})",
            Visible(&it.subject.name),
            Visible(&it.reason),
            Visible(&it.subject.content_path)
        ));
    }
    page.line(format!("contents stored: {}, not taken: {}", report.captured.len(), report.left.len()));
}
