//! `cfn skill lint`.

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Visible};
use crate::ops::{self, ConfusableReport, LintReport};
use crate::skill_file::Severity;

/// Validate all stored skills, or find descriptions that an agent may confuse
///
/// By default, only bytes that cannot be used are errors. Exits 1 on an error. Similar descriptions are no errors.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill lint --strict
  cfn skill lint --confusable
  cfn skill lint --confusable --threshold 0.8 --json")]
pub(super) struct Args {
    /// Report every deviation from the specification as an error
    #[arg(long, conflicts_with = "confusable")]
    strict: bool,
    /// List pairs of skills with similar descriptions, instead
    #[arg(long)]
    confusable: bool,
    /// Minimum similarity of a pair, from 0.1 to 1
    #[arg(long, default_value = "0.5", value_parser = threshold, requires = "confusable", conflicts_with = "strict")]
    threshold: f64,
}

fn threshold(typed: &str) -> Result<f64, String> {
    let number = typed.parse().ok().filter(|it| (0.1..=1.0).contains(it));
    number.ok_or_else(|| "it must be a number from 0.1 to 1".to_owned())
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut store = context.open_for_few_rows(Access::Read)?;
    let mut progress = context.output.progress("reading");
    let mut at = |done, all| progress.at(done, all);
    if args.confusable {
        let report = ops::confusable(store.as_mut(), args.threshold, &mut at)?;
        drop(progress);
        context.output.answer(&report)?;
        return Ok(Exit::Done);
    }
    let report = ops::lint(store.as_mut(), args.strict, &mut at)?;
    drop(progress);
    context.output.answer(&report)?;
    Ok(Exit::done_if(report.invalid == 0, Exit::Input))
}

impl Report for LintReport {
    fn text(&self, page: &mut Page) {
        for skill in &self.skills {
            let name = Visible(&skill.name);
            for finding in &skill.findings {
                let label = if finding.kind == Severity::Error { "error" } else { "warning" };
                let line = finding.line.unwrap_or_default();
                page.line(format!("{name}:{line}: {label}: {}", Visible(&finding.reason)));
            }
            if let Some(why) = &skill.unreadable {
                page.line(format!("{name}: error: {}", Visible(why)));
            }
        }
        page.line(format!("{}, {} with errors", counted(self.checked, "skill"), self.invalid));
    }
}

impl Report for ConfusableReport {
    fn text(&self, page: &mut Page) {
        for pair in &self.pairs {
            let [one, other] = &pair.names;
            page.line(format!("{:.2}  {}  {}", pair.similarity, Visible(one), Visible(other)));
            page.line(format!("      {}", Visible(pair.shared.join(", "))));
        }
        let more = if self.truncated { "; there are more pairs: raise --threshold" } else { "" };
        let (skills, pairs) = (counted(self.compared, "skill"), counted(self.pairs.len(), "similar pair"));
        page.line(format!("{skills} compared, {pairs}{more}"));
    }
}
