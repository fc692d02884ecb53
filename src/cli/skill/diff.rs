//! `cfn skill diff`.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, SkillName, Version, Visible};
use crate::ops::{self, Diff, DiffReport, LineChange};

/// Show the differences between two versions of a skill
///
/// Without versions, compares the version that agents get with the current bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill diff postgresql
  cfn skill diff postgresql 1.0.0
  cfn skill diff postgresql 1.0.0 1.0.2 --json")]
pub(super) struct Args {
    /// Name of the skill
    skill_name: SkillName,
    /// Earlier version [default: the newest approved one with other bytes]
    from: Option<Version>,
    /// Later version [default: the current bytes]
    to: Option<Version>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let request = Diff { name: &args.skill_name, from: args.from, to: args.to };
    let report = ops::diff(context.open_for_few_rows()?.as_mut(), &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for DiffReport {
    fn text(&self, page: &mut Page) {
        page.heading(&heading(self));
        for (mark, text) in lines(self) {
            page.diff_line(mark, &text);
        }
    }
}

/// The versions, and the size of the difference.
pub(super) fn heading(diff: &DiffReport) -> String {
    let (name, to) = (Visible(&diff.name), Visible(&diff.to));
    let from = diff.from.as_deref().map_or_else(|| "nothing".to_owned(), |it| Visible(it).to_string());
    format!("{name}: {from} → {to}, {} added, {} removed", diff.added, diff.removed)
}

/// The lines of all hunks, each with its mark.
pub(super) fn lines(diff: &DiffReport) -> Vec<(char, String)> {
    let mut lines = Vec::new();
    for hunk in &diff.hunks {
        lines.push(('@', format!("@ -{} +{} @@", hunk.from_line, hunk.to_line)));
        lines.extend(hunk.lines.iter().map(|it| {
            let mark = match it.change {
                LineChange::Same => ' ',
                LineChange::Added => '+',
                LineChange::Removed => '-',
            };
            (mark, Visible(&it.text).to_string())
        }));
    }
    lines
}
