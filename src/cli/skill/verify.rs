//! `cfn skill verify`.

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, SkillName, Visible};
use crate::ops::{self, VerifyReport};

/// Verify stored content and files against the approved hashes
///
/// Includes enabled bootstrap skills. Exits 7 on any difference.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill verify
  cfn skill verify postgresql --json")]
pub(super) struct Args {
    /// Name of the skill [default: all]
    skill_name: Option<SkillName>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut store = context.open(Access::Read)?;
    let mut progress = context.output.progress("verifying");
    let (files, project) = (context.files()?, context.project()?);
    let mut at = |done, all| progress.at(done, all);
    let report = ops::verify(store.as_mut(), &files, &project, args.skill_name.as_ref(), &mut at)?;
    drop(progress);
    context.output.answer(&report)?;
    Ok(Exit::done_if(report.differences.is_empty(), Exit::Refused))
}

impl Report for VerifyReport {
    fn text(&self, page: &mut Page) {
        for it in &self.differences {
            page.line(format!("{}: {}", Visible(it.subject.to_string()), Visible(&it.reason)));
        }
        page.line(format!(
            "{} checked, {}",
            counted(self.checked, "skill"),
            counted(self.differences.len(), "difference")
        ));
    }
}
