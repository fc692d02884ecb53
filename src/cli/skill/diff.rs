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
        let (name, to) = (Visible(&self.name), Visible(&self.to));
        let from = self.from.as_deref().map_or_else(|| "nothing".to_owned(), |it| Visible(it).to_string());
        page.heading(&format!("{name}: {from} → {to}, {} added, {} removed", self.added, self.removed));
        for hunk in &self.hunks {
            page.line(format!("@@ -{} +{} @@", hunk.from_line, hunk.to_line));
            for line in &hunk.lines {
                let mark = match line.change {
                    LineChange::Same => ' ',
                    LineChange::Added => '+',
                    LineChange::Removed => '-',
                };
                page.line(format!("{mark}{}", Visible(&line.text)));
            }
        }
    }
}
