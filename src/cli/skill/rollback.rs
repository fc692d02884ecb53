//! `cfn skill rollback`.

use crate::cli::approval::ApprovalArgs;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::model::{Exit, SkillName, Version};
use crate::ops::{self, Rollback};

/// Return to the content of an earlier version; prints the new version
///
/// The earlier content is recorded as the next patch version; nothing is removed. It must be approved.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill rollback postgresql 1.0.0
  cfn skill rollback postgresql 1.0.0 --reason 'the new one slowed migrations down'")]
pub(super) struct Args {
    /// Name of the skill
    skill_name: SkillName,
    /// Version to return to
    to_version: Version,
    #[command(flatten)]
    approval: ApprovalArgs,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let approver = args.approval.approver(context)?;
    let request = Rollback {
        name: &args.skill_name,
        to: args.to_version,
        reason: args.approval.reason(),
        approver: approver.as_deref(),
        override_rejection: args.approval.override_rejection,
        dry_run: args.dry_run,
    };
    let report = ops::rollback(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    context.output.about_file(&report.warnings);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}
