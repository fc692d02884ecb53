//! `cfn skill approve` and `cfn skill reject`.

use clap::builder::NonEmptyStringValueParser;

use crate::cli::approval::decider;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{Decision, Exit, HashPrefix, SkillName, Version, Visible};
use crate::ops::{self, Review, ReviewReport};

/// Approve a version of a skill
///
/// With --hash, the approval fails if the content changed since it was reviewed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill approve postgresql --approver me@example.com
  cfn skill approve postgresql --approver ann --hash \"$(sha256sum < SKILL.md | cut -c1-64)\"")]
pub(super) struct ApproveArgs {
    #[command(flatten)]
    args: Args,
}

/// Reject a version of a skill; agents no longer get its content
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill reject postgresql --approver me@example.com --reason 'drops a table'")]
pub(super) struct RejectArgs {
    #[command(flatten)]
    args: Args,
}

#[derive(Debug, clap::Args)]
struct Args {
    /// Name of the skill
    skill_name: SkillName,
    /// Name of the approver [env: CFN_APPROVER] [default: git's global user.email, else the system user]
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    approver: Option<String>,
    /// Version [default: the current one]
    #[arg(long, value_name = "X.Y.Z")]
    version: Option<Version>,
    /// SHA-256 of the reviewed content, or at least its first 8 digits
    #[arg(long, value_name = "SHA256")]
    hash: Option<HashPrefix>,
    /// Reason, recorded with the decision
    #[arg(long, default_value = "")]
    reason: String,
}

pub(super) fn approve(context: &Context, args: &ApproveArgs) -> Result<Exit, Failure> {
    decide(context, &args.args, Decision::Approved)
}

pub(super) fn reject(context: &Context, args: &RejectArgs) -> Result<Exit, Failure> {
    decide(context, &args.args, Decision::Rejected)
}

fn decide(context: &Context, args: &Args, decision: Decision) -> Result<Exit, Failure> {
    let approver = decider(context, args.approver.as_deref())?;
    let request = Review {
        name: &args.skill_name,
        version: args.version,
        expected: args.hash.clone(),
        decision,
        approver: &approver,
        reason: &args.reason,
    };
    let report = ops::review(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for ReviewReport {
    fn text(&self, page: &mut Page) {
        let hash = self.content_hash.get(..12).unwrap_or(&self.content_hash);
        page.line(format!("{} {} {} ({})", self.decision, Visible(&self.name), Visible(&self.version), Visible(hash)));
    }
}
