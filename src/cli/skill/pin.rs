//! `cfn skill pin` and `cfn skill unpin`.

use crate::cli::approval::decider;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{AgentType, Exit, SkillName, Version, Visible};
use crate::ops::{self, ChangedPin, Pin, PinReport};

/// Serve one version of a skill, whatever comes later
///
/// If the pinned version is not approved, agents do not get the skill. A pin for an agent type wins over one for all.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill pin postgresql 1.2.0
  cfn skill pin postgresql 1.1.0 --agent tester,reviewer
  cfn skill pin postgresql 1.2.0 --dry-run --json")]
pub(super) struct PinArgs {
    /// Name of the skill
    skill_name: SkillName,
    /// Version to serve
    version: Version,
    /// Pin it only for these agent types, which it is mapped to
    #[arg(long, value_delimiter = ',', value_name = "AGENT_TYPE[,AGENT_TYPE]")]
    agent: Vec<AgentType>,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

/// Serve the newest approved version of a skill again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill unpin postgresql
  cfn skill unpin postgresql --agent tester")]
pub(super) struct UnpinArgs {
    /// Name of the skill
    skill_name: SkillName,
    /// End only the pins of these agent types
    #[arg(long, value_delimiter = ',', value_name = "AGENT_TYPE[,AGENT_TYPE]")]
    agent: Vec<AgentType>,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn pin(context: &Context, args: &PinArgs) -> Result<Exit, Failure> {
    let PinArgs { skill_name, version, agent, dry_run } = args;
    let actor = decider(context, None)?;
    set(context, &Pin { name: skill_name, version: Some(*version), agents: agent, actor: &actor, dry_run: *dry_run })
}

pub(super) fn unpin(context: &Context, args: &UnpinArgs) -> Result<Exit, Failure> {
    let UnpinArgs { skill_name, agent, dry_run } = args;
    let actor = decider(context, None)?;
    set(context, &Pin { name: skill_name, version: None, agents: agent, actor: &actor, dry_run: *dry_run })
}

fn set(context: &Context, request: &Pin<'_>) -> Result<Exit, Failure> {
    let report = ops::pin(context.open(Access::Write)?.as_mut(), context.clock, request)?;
    context.output.about_file(&report.warnings);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for PinReport {
    fn text(&self, page: &mut Page) {
        let dry = if self.dry_run { "dry run: " } else { "" };
        for ChangedPin { agent_type, version, previous_version } in &self.pins {
            let agent = agent_type.as_ref().map(|it| format!(" for {}", Visible(it))).unwrap_or_default();
            let change = match (previous_version, version) {
                (Some(before), Some(now)) if before == now => format!("is already pinned to {}", Visible(now)),
                (Some(before), Some(now)) => format!("pinned to {}, before to {}", Visible(now), Visible(before)),
                (None, Some(now)) => format!("pinned to {}", Visible(now)),
                (Some(before), None) => format!("no longer pinned to {}", Visible(before)),
                (None, None) => "was not pinned".to_owned(),
            };
            page.line(format!("{dry}{}{agent}: {change}", Visible(&self.name)));
        }
    }
}
