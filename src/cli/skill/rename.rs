//! `cfn skill rename`.

use clap::builder::NonEmptyStringValueParser;

use crate::cli::approval::decider;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, SkillName, Visible};
use crate::ops::{self, Rename, RenameReport};

/// Rename a skill
///
/// It keeps its versions, decisions, mappings and usage. Every command goes on to accept the old name, and no other
/// skill can take it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill rename postgres postgresql
  cfn skill rename PostgreSQL postgresql --reason 'lower case, as all others'
  cfn skill rename postgres postgresql --dry-run --json")]
pub(super) struct Args {
    /// Name of the skill
    skill_name: SkillName,
    /// New name
    #[arg(value_name = "NEW_NAME")]
    new_name: SkillName,
    /// Reason, recorded in the history
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: Option<String>,
    /// Who renames it [env: CFN_APPROVER] [default: git's global user.email, else the system user]
    #[arg(long, value_name = "WHO", value_parser = NonEmptyStringValueParser::new())]
    approver: Option<String>,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let actor = decider(context, args.approver.as_deref())?;
    let request = Rename {
        name: &args.skill_name,
        to: &args.new_name,
        actor: &actor,
        reason: args.reason.as_deref(),
        dry_run: args.dry_run,
    };
    let report = ops::rename(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for RenameReport {
    fn text(&self, page: &mut Page) {
        let dry = if self.dry_run { "dry run: " } else { "" };
        page.line(format!("{dry}renamed {} to {}", Visible(&self.previous_name), Visible(&self.name)));
        let former: Vec<String> = self.former_names.iter().map(|it| Visible(it).to_string()).collect();
        page.line(format!("former names: {}", former.join(", ")));
    }
}
