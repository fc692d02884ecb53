//! `cfn skill restore`.

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, SkillName, Visible};
use crate::ops::{self, Restore, StatusReport};

/// Make deprecated or archived skills active again
///
/// Agents get their approved versions again. Nothing else changes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill restore postgresql
  cfn skill restore postgresql redis --dry-run")]
pub(super) struct Args {
    /// Names of the skills
    #[arg(required = true, value_name = "SKILL_NAME")]
    skill_names: Vec<SkillName>,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let request = Restore { names: &args.skill_names, dry_run: args.dry_run };
    let report = ops::restore(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for StatusReport {
    fn text(&self, page: &mut Page) {
        let dry = if self.dry_run { "dry run: " } else { "" };
        for skill in &self.skills {
            let (name, before) = (Visible(&skill.name), Visible(&skill.previous_status));
            page.line(if skill.previous_status == skill.status.as_str() {
                format!("{dry}{name} is {before} already")
            } else {
                format!("{dry}{name}: {before} → {}", skill.status)
            });
        }
    }
}
