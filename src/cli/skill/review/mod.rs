//! `cfn skill review`.

mod report;
mod screen;
mod session;

use clap::builder::NonEmptyStringValueParser;

use self::report::SessionReport;
use self::session::Session;
use crate::cli::approval::decider;
use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::model::{ApprovalLevel, Category, Exit, SkillName};
use crate::ops::{self, Reviewed};

/// Review skills one by one on a terminal
///
/// Shows each skill with its changes since the last approved version, its risk and its findings, and asks for a
/// decision, which is committed at once. A decision is about the bytes that were shown: if the skill changed meanwhile, it
/// is shown again. For scripts, use 'cfn skill approve A B C' or 'cfn skill approve --all-pending'.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill review
  cfn skill review postgresql redis
  cfn skill review --pending --category testing --approver ann@example.com")]
pub(super) struct Args {
    /// Names of the skills [default: all that wait for review, longest first]
    #[arg(value_name = "SKILL_NAME")]
    skill_names: Vec<SkillName>,
    /// Review all skills that wait for review
    #[arg(long, conflicts_with = "skill_names")]
    pending: bool,
    /// Only skills of this category
    #[arg(long, conflicts_with = "skill_names", value_parser = choice::category())]
    category: Option<Category>,
    /// Only skills of this approval level: auto, escalate or human
    #[arg(long, conflicts_with = "skill_names", value_parser = choice::level())]
    level: Option<ApprovalLevel>,
    /// Name of the approver [env: CFN_APPROVER] [default: git's global user.email, else the system user]
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    approver: Option<String>,
    /// Report the decisions, without committing them
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let alone = || {
        let hint = "Decide with 'cfn skill approve A B C', or with 'cfn skill approve --all-pending'.";
        Failure::input("a review needs a terminal", hint)
    };
    let conversation = context.output.conversation().ok_or_else(alone)?;
    let approver = decider(context, args.approver.as_deref())?;
    let which = match args.skill_names.as_slice() {
        [] => Reviewed::Pending { category: args.category, level: args.level },
        names => Reviewed::Named(names),
    };
    let mut store = context.open_long_lived(Access::Write)?;
    let names = ops::to_review(store.as_mut(), context.clock, &which)?;
    let experts = context.settings.experts();
    let session = Session {
        conversation: &conversation,
        store: store.as_mut(),
        clock: context.clock,
        approver: &approver,
        experts: &experts,
        report: SessionReport { left: names.len(), dry_run: args.dry_run, ..SessionReport::default() },
    };
    let report = session.run(&names)?;
    context.output.answer(&report)?;
    Ok(Exit::done_if(report.refused.is_empty(), Exit::Refused))
}
