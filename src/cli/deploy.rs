//! `cfn deploy`.

use std::path::PathBuf;

use super::approval::ApprovalArgs;
use super::argument::{optional, words};
use super::choice::optional_category;
use super::context::{Access, Context};
use super::delivery;
use super::failure::{Failure, FailureKind};
use super::output::{Page, Report};
use crate::model::{AgentType, Category, Exit, SkillName, Version, Visible};
use crate::ops::{self, Deploy, DeployReport};

/// Deploy an approved skill; prints its id
///
/// Stores the files of the skill's folder, records the version and its approval, and maps the skill to agent types, in
/// one transaction. Deploying the same files again adds only missing mappings and approvals; different ones become the
/// next patch version. Of a project's root, and of a folder beyond the limits, only SKILL.md is taken, with a warning.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn deploy 42 jwt-authentication skills/jwt-authentication
  cfn deploy 42 jwt-authentication skills/jwt-authentication/SKILL.md --only-skill-md
  cfn deploy 42 jwt-authentication SKILL.md domain backend-developer,api-designer
  cfn deploy 7 incident-review SKILL.md coordination on-call --priority 1 --required")]
pub(super) struct Args {
    /// Id of the workflow database's pattern that the skill was generated from
    #[arg(value_parser = pattern_id, allow_negative_numbers = true)]
    pattern_id: i64,
    /// Name of the skill: up to 64 letters, digits, '_' and '-'
    skill_name: SkillName,
    /// Path of its folder or SKILL.md; a file of another name replaces SKILL.md and keeps the other files
    content_path: PathBuf,
    /// Category [default for a new skill: domain]
    #[arg(value_parser = optional_category())]
    category: Option<String>,
    /// Agent types to map the skill to, separated by commas
    team_ids: Option<String>,
    /// Version [default: the version declared in the file, if higher, or the next patch version; 1.0.0 for a new skill]
    #[arg(long, value_name = "X.Y.Z")]
    version: Option<Version>,
    /// Priority of the mappings; 1 is loaded first [default for a new mapping: 5]
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=10), value_name = "1..10")]
    priority: Option<i64>,
    /// Always include it, ignoring limits and conditions
    #[arg(long)]
    required: bool,
    /// Include it only for tasks with one of these keywords
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    context: Vec<String>,
    /// Include it only in this phase
    #[arg(long)]
    phase: Option<String>,
    /// Owner of the skill
    #[arg(long)]
    owner: Option<String>,
    /// Team of the skill
    #[arg(long)]
    team: Option<String>,
    /// Tags, overriding the front matter
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    tags: Option<Vec<String>>,
    /// Take SKILL.md alone, not what lies beside it
    #[arg(long)]
    only_skill_md: bool,
    #[command(flatten)]
    approval: ApprovalArgs,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let category = optional(args.category.as_deref()).map(str::parse::<Category>).transpose()?;
    let agents = AgentType::list(args.team_ids.as_deref().unwrap_or_default())?;
    let tags = args.tags.as_deref().map(words);
    let context_words = words(&args.context);
    if agents.is_empty() {
        args.require_no_mapping_flags(&context_words)?;
    }
    let approver = args.approval.approver(context)?;
    let request = Deploy {
        pattern_id: args.pattern_id,
        name: &args.skill_name,
        path: &args.content_path,
        only_skill_file: args.only_skill_md,
        category,
        agents: &agents,
        version: args.version,
        priority: args.priority,
        required: args.required.then_some(true),
        context: Some(context_words.as_slice()).filter(|it| !it.is_empty()),
        phase: optional(args.phase.as_deref()),
        team: optional(args.team.as_deref()),
        tags: tags.as_deref(),
        owner: optional(args.owner.as_deref()),
        approver: approver.as_deref(),
        reason: args.approval.reason(),
        override_rejection: args.approval.override_rejection,
        dry_run: args.dry_run,
    };
    let mut store = context.open_for_few_rows(Access::Write)?;
    let report = ops::deploy(store.as_mut(), &context.files()?, &context.project()?, context.clock, &request)?;
    delivery::start(context, store.as_mut());
    drop(store);
    context.output.about_file(&report.warnings);
    if args.approval.is_given() && !report.approval_recorded {
        context.output.note("these bytes are approved already: no decision is recorded, so no approver and no reason");
    }
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Args {
    /// Without agent types, nothing says which mappings the flags are about.
    fn require_no_mapping_flags(&self, context: &[String]) -> Result<(), Failure> {
        let flags = [
            ("--priority", self.priority.is_some()),
            ("--required", self.required),
            ("--context", !context.is_empty()),
            ("--phase", optional(self.phase.as_deref()).is_some()),
        ];
        let given: Vec<_> = flags.into_iter().filter_map(|(flag, given)| given.then_some(flag)).collect();
        if given.is_empty() {
            return Ok(());
        }
        let hint = format!(
            "Name the agent types after the category, or change mappings with 'cfn skill assign {} --agent AGENT_TYPE'.",
            self.skill_name
        );
        let message = format!("{}: no agent type is named whose mapping to set", given.join(", "));
        Err(Failure::new(FailureKind::InvalidArguments, message, hint))
    }
}

/// clap's own message about numbers does not name the argument.
fn pattern_id(text: &str) -> Result<i64, String> {
    let id = text.parse().ok().filter(|id| *id >= 0);
    id.ok_or_else(|| "the pattern id must be a non-negative integer".to_owned())
}

impl Report for DeployReport {
    fn text(&self, page: &mut Page) {
        match self.id.filter(|_| !self.dry_run) {
            // The old script printed the id alone.
            Some(id) => page.line(id.0),
            None => page.line(format!(
                "dry run: would {} {} {} ({}), adding {} agent types and changing {}",
                if self.created {
                    "create"
                } else if self.new_version {
                    "add a version to"
                } else {
                    "complete"
                },
                self.name,
                Visible(&self.version),
                self.approval_level,
                self.agents_added.len(),
                self.agents_changed.len()
            )),
        }
    }
}
