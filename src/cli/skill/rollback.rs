//! `cfn skill rollback`.

use crate::cli::Verdict;
use crate::cli::approval::ApprovalArgs;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::model::{SkillName, Version};
use crate::ops::{self, Rollback};

/// Make an earlier version's bytes the newest version again; prints the new version
///
/// The earlier bytes are recorded as the next patch version; nothing is removed. Bytes that are not approved do not come back.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill rollback postgresql 1.0.0
  cfn skill rollback postgresql 1.0.0 --reason 'the new one slowed migrations down'")]
pub(super) struct Args {
    /// The skill
    skill_name: SkillName,
    /// The version whose bytes come back
    to_version: Version,
    #[command(flatten)]
    approval: ApprovalArgs,
    /// Do everything but the commit, and say what would be done
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    let request = Rollback {
        name: &args.skill_name,
        to: args.to_version,
        reason: args.approval.reason(),
        approver: args.approval.approver(context),
        override_rejection: args.approval.override_rejection,
        dry_run: args.dry_run,
    };
    let report = ops::rollback(&mut context.open(Access::Write)?, context.clock, &request)?;
    context.output.about_file(&report.warnings);
    context.output.answer(&report)?;
    Ok(Verdict::Done)
}
