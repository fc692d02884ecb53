//! `cfn skill approve`, `cfn skill reject` and `cfn skill escalate`.

use clap::builder::NonEmptyStringValueParser;

use crate::cli::approval::decider;
use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{ApprovalLevel, Category, Decision, Exit, HashPrefix, SkillName, Status, Version, Visible};
use crate::ops::{self, Also, Before, Review, ReviewMany, ReviewManyReport, ReviewReport, Reviewed};

const NOT_WITH_ALL_PENDING: [&str; 5] = ["skill_names", "skill", "decision", "version", "hash"];

/// Approve versions of skills
///
/// With --hash, the approval fails if the content changed since it was reviewed. With --all-pending, skills that cannot
/// be approved are reported, the others are approved, and the exit code is 7.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill approve postgresql --approver me@example.com
  cfn skill approve postgresql redis jwt --approver ann --reason 'read them'
  cfn skill approve --all-pending --category testing --approver ann
  cfn skill approve postgresql --approver ann --hash \"$(sha256sum < SKILL.md | cut -c1-64)\"")]
pub(super) struct ApproveArgs {
    #[command(flatten)]
    args: Args,
    /// As in the old tool: approved, which also makes the skills active, or rejected, which also archives them
    #[arg(long, hide_short_help = true, value_parser = choice::verdict())]
    decision: Option<Decision>,
    /// Approve all skills that wait for review
    #[arg(long, conflicts_with_all = NOT_WITH_ALL_PENDING)]
    all_pending: bool,
    /// Accept bytes that were revoked; needs --reason
    #[arg(long, requires = "reason")]
    override_rejection: bool,
    /// Only skills of this category
    #[arg(long, requires = "all_pending", conflicts_with_all = NOT_WITH_ALL_PENDING, value_parser = choice::category())]
    category: Option<Category>,
    /// Only skills of this approval level: auto, escalate or human
    #[arg(long, requires = "all_pending", conflicts_with_all = NOT_WITH_ALL_PENDING, value_parser = choice::level())]
    level: Option<ApprovalLevel>,
}

/// Reject versions of skills; agents no longer get their content
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill reject postgresql --approver me@example.com --reason 'drops a table'
  cfn skill reject postgresql redis --approver ann --reason 'copies of another team'")]
pub(super) struct RejectArgs {
    #[command(flatten)]
    args: Args,
}

/// Pass decisions on to an expert; agents do not get the skills until then
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill escalate postgresql --reason 'touches production data' --to ann@example.com")]
pub(super) struct EscalateArgs {
    #[command(flatten)]
    args: Args,
    /// Expert who should decide [default: that of the category in the settings, 'experts']
    #[arg(long, value_name = "WHO", value_parser = NonEmptyStringValueParser::new())]
    to: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Args {
    /// Names of the skills
    #[arg(value_name = "SKILL_NAME")]
    skill_names: Vec<SkillName>,
    /// Name of a skill, as in the old tool
    #[arg(long, hide_short_help = true, value_name = "SKILL_NAME", conflicts_with = "skill_names")]
    skill: Vec<SkillName>,
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
    #[arg(long, alias = "reasoning", value_name = "TEXT", default_value = "")]
    reason: String,
    /// Report the decisions, without committing them
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn approve(context: &Context, args: &ApproveArgs) -> Result<Exit, Failure> {
    if !args.all_pending {
        let (decision, status) = match args.decision {
            None => (Decision::Approved, None),
            Some(Decision::Approved) => (Decision::Approved, Some(Status::Active)),
            Some(_) => (Decision::Rejected, Some(Status::Archived)),
        };
        return decide(
            context,
            &args.args,
            decision,
            None,
            Also { status, override_rejection: args.override_rejection, ..Also::default() },
        );
    }
    let which = Reviewed::Pending { category: args.category, level: args.level };
    let also = Also { override_rejection: args.override_rejection, ..Also::default() };
    many(context, &args.args, which, Decision::Approved, None, also)
}

pub(super) fn reject(context: &Context, args: &RejectArgs) -> Result<Exit, Failure> {
    decide(context, &args.args, Decision::Rejected, None, Also::default())
}

pub(super) fn escalate(context: &Context, args: &EscalateArgs) -> Result<Exit, Failure> {
    if args.args.reason.trim().is_empty() {
        return Err(Failure::input(
            "an escalation needs a reason",
            "Tell the expert with --reason TEXT what to look at.",
        ));
    }
    // The old tool raised the level with its escalation.
    let least_level = (!args.args.skill.is_empty()).then_some(ApprovalLevel::Escalate);
    let also = Also { least_level, ..Also::default() };
    decide(context, &args.args, Decision::Escalated, args.to.as_deref(), also)
}

fn decide(context: &Context, args: &Args, decision: Decision, to: Option<&str>, also: Also) -> Result<Exit, Failure> {
    let names = if args.skill.is_empty() { &args.skill_names } else { &args.skill };
    let name = match names.as_slice() {
        [] => return Err(Failure::input("no skill is named", "Name the skills to decide about.")),
        [name] => name,
        names if args.version.is_none() && args.hash.is_none() => {
            return many(context, args, Reviewed::Named(names), decision, to, also);
        }
        _ => {
            let hint = "Decide about one skill at a time, or leave them out.";
            return Err(Failure::input("--version and --hash are about one skill", hint));
        }
    };
    let approver = decider(context, args.approver.as_deref())?;
    let request = Review {
        name,
        version: args.version,
        expected: args.hash.clone(),
        decision,
        approver: &approver,
        reason: &args.reason,
        escalated_to: to,
        experts: &experts(context, decision),
        before: Before::Any,
        also,
        dry_run: args.dry_run,
    };
    let report = ops::review(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

fn many(
    context: &Context,
    args: &Args,
    which: Reviewed<'_>,
    decision: Decision,
    to: Option<&str>,
    also: Also,
) -> Result<Exit, Failure> {
    let approver = decider(context, args.approver.as_deref())?;
    let request = ReviewMany {
        which,
        decision,
        approver: &approver,
        reason: &args.reason,
        escalated_to: to,
        experts: &experts(context, decision),
        also,
        dry_run: args.dry_run,
    };
    let report = ops::review_many(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    for it in &report.refused {
        context.output.warn(&format!("not approved: {}", Visible(&it.reason)));
    }
    context.output.answer(&report)?;
    Ok(Exit::done_if(report.refused.is_empty(), Exit::Refused))
}

/// The experts of categories, for an escalation.
fn experts(context: &Context, decision: Decision) -> Vec<(Category, String)> {
    if decision == Decision::Escalated { context.settings.experts() } else { Vec::new() }
}

impl Report for ReviewReport {
    fn text(&self, page: &mut Page) {
        let hash = self.content_hash.get(..12).unwrap_or(&self.content_hash);
        let (name, version) = (Visible(&self.name), Visible(&self.version));
        let to = self.escalated_to.as_ref().map_or_else(String::new, |it| format!(", to {}", Visible(it)));
        let dry = if self.dry_run { "dry run: " } else { "" };
        page.line(format!("{dry}{} {name} {version} ({}){to}", self.decision, Visible(hash)));
    }
}

impl Report for ReviewManyReport {
    fn text(&self, page: &mut Page) {
        if self.decisions.is_empty() && self.refused.is_empty() {
            return page.line("no skill waits for review");
        }
        self.decisions.iter().for_each(|it| it.text(page));
    }
}
