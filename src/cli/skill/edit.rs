//! `cfn skill edit`.

use clap::builder::NonEmptyStringValueParser;

use crate::cli::approval::decider;
use crate::cli::argument::words;
use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{ApprovalLevel, Category, Exit, SkillName, Visible};
use crate::ops::{self, Edit, EditReport, Lower};

/// Change the fields of skills: category, tags, owner, team, approval level
///
/// Lowering the level is a decision: it needs --lower-level and a reason, and is recorded.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill edit postgresql --tags database,sql --owner ann
  cfn skill edit postgresql redis --category infrastructure
  cfn skill edit postgresql --level escalate --lower-level --reason 'reviewed by the database team'")]
pub(super) struct Args {
    /// Names of the skills
    #[arg(required = true, value_name = "SKILL_NAME")]
    skill_names: Vec<SkillName>,
    /// Category; raises the approval level to that of the category
    #[arg(long, value_parser = choice::category())]
    category: Option<Category>,
    /// New tags; an empty text removes all
    #[arg(long, value_delimiter = ',', value_name = "TAG[,TAG]")]
    tags: Option<Vec<String>>,
    /// Owner; an empty text removes it
    #[arg(long)]
    owner: Option<String>,
    /// Team; an empty text removes it
    #[arg(long)]
    team: Option<String>,
    /// Approval level: auto, escalate or human
    #[arg(long, value_parser = choice::level())]
    level: Option<ApprovalLevel>,
    /// Allow a lower level
    #[arg(long, requires_all = ["level", "reason"])]
    lower_level: bool,
    /// Reason, recorded with the decision
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: Option<String>,
    /// Name of the approver [env: CFN_APPROVER] [default: git's global user.email, else the system user]
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    approver: Option<String>,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let tags = args.tags.as_ref().map(|it| words(it));
    let approver = decider(context, args.approver.as_deref())?;
    let lower = args.reason.as_deref().filter(|_| args.lower_level).map(|reason| Lower { approver: &approver, reason });
    let request = Edit {
        names: &args.skill_names,
        category: args.category,
        tags: tags.as_deref(),
        owner: args.owner.as_deref().map(str::trim),
        team: args.team.as_deref().map(str::trim),
        level: args.level,
        actor: &approver,
        lower,
        dry_run: args.dry_run,
    };
    if [args.category.is_some(), tags.is_some(), args.owner.is_some(), args.team.is_some(), args.level.is_some()]
        .into_iter()
        .all(|given| !given)
    {
        let fields = "--category, --tags, --owner, --team or --level";
        return Err(Failure::input("there is nothing to change", format!("Name a field with {fields}.")));
    }
    let report = ops::edit(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for EditReport {
    fn text(&self, page: &mut Page) {
        let dry = if self.dry_run { "dry run: " } else { "" };
        for it in &self.skills {
            let changed = if it.changed.is_empty() { "unchanged".to_owned() } else { it.changed.join(", ") };
            page.line(format!("{dry}{}: {changed}", Visible(&it.name)));
        }
    }
}
