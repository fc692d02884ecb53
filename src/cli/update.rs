//! `cfn update`.

use std::path::PathBuf;

use super::approval::ApprovalArgs;
use super::argument::optional;
use super::choice::{optional_boolean, optional_change_type};
use super::context::{Access, Context};
use super::delivery;
use super::failure::Failure;
use super::output::{Page, Report};
use crate::model::{ChangeType, Exit, SkillName, Version, Visible};
use crate::ops::{self, Update, UpdateReport};

/// Replace a skill's content with a new version; prints the version
///
/// Content, version and approval are recorded in one transaction. Tags, category, owner and approval level are taken
/// from the new file's front matter, if it has them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn update postgresql 1.0.2 skills/postgresql/SKILL.md
  cfn update postgresql 1.1.0 skills/postgresql/SKILL.md minor true")]
pub(super) struct Args {
    /// Name of the skill
    skill_name: SkillName,
    /// New version, X.Y.Z
    new_version: Version,
    /// Path of the new file
    update_path: PathBuf,
    /// Required change of the version number [default: patch]
    #[arg(value_parser = optional_change_type())]
    change_type: Option<String>,
    /// Print the agent types that use the skill [env: ENABLE_AGENT_NOTIFICATIONS]
    #[arg(value_parser = optional_boolean())]
    notify_agents: Option<String>,
    #[command(flatten)]
    approval: ApprovalArgs,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let change_type = optional(args.change_type.as_deref()).map_or(Ok(ChangeType::Patch), str::parse)?;
    let notify_agents = match optional(args.notify_agents.as_deref()) {
        None => context.settings.notify_agents()?,
        Some("true") => true,
        Some("false") => false,
        Some(other) => {
            let message = format!("NOTIFY_AGENTS must be true or false, not \"{}\"", Visible(other));
            return Err(Failure::input(message, "Run the command with --help to see its arguments."));
        }
    };
    let request = Update {
        name: &args.skill_name,
        version: args.new_version,
        path: &args.update_path,
        change_type,
        notify_agents,
        approver: args.approval.approver(context),
        reason: args.approval.reason(),
        override_rejection: args.approval.override_rejection,
        dry_run: args.dry_run,
    };
    let mut store = context.open(Access::Write)?;
    let report = ops::update(store.as_mut(), &context.files()?, &context.project()?, context.clock, &request)?;
    delivery::start(context, store.as_mut());
    drop(store);
    context.output.about_file(&report.warnings);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for UpdateReport {
    fn text(&self, page: &mut Page) {
        if self.dry_run {
            return page.line(format!(
                "dry run: would update {} from {} to {}",
                self.name,
                Visible(&self.previous_version),
                self.version
            ));
        }
        page.line(&self.version);
        for agent in self.agents.iter().flatten() {
            page.line(format!("  - {}", Visible(agent)));
        }
    }
}
