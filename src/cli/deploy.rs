//! `cfn deploy`.

use std::path::PathBuf;

use super::context::{Access, Context};
use super::failure::Failure;
use super::output::{Page, Report};
use super::{Verdict, optional, words};
use crate::model::{AgentType, Category, SkillName, Version, Visible};
use crate::ops::{self, Deploy, DeployReport};

/// Deploy an approved skill; prints its id
///
/// Stores the file's bytes, records the version and its approval, and maps the skill to agent types, in one transaction. Deploying
/// the same bytes again adds only what is missing; other bytes become the next patch version.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn deploy 42 jwt-authentication skills/jwt-authentication/SKILL.md
  cfn deploy 42 jwt-authentication SKILL.md domain backend-developer,api-designer
  cfn deploy 7 incident-review SKILL.md coordination on-call --priority 1 --required")]
pub(super) struct Args {
    /// The pattern in the workflow database that the skill was generated from
    #[arg(value_parser = clap::value_parser!(i64).range(0..), allow_negative_numbers = true)]
    pattern_id: i64,
    /// The skill: letters, digits, '_' and '-', at most 64
    skill_name: SkillName,
    /// Its file
    content_path: PathBuf,
    /// coordination, testing, infrastructure, domain or foundation; kept, or domain for a new skill, if left out
    category: Option<String>,
    /// Agent types that get it, separated by commas
    team_ids: Option<String>,
    /// The version, instead of the next patch version (1.0.0 for a new skill)
    #[arg(long, value_name = "X.Y.Z")]
    version: Option<Version>,
    /// The place of the skill among those of an agent type: 1 is first
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(i64).range(1..=10), value_name = "1..10")]
    priority: i64,
    /// Hand it out whatever the limits and conditions
    #[arg(long)]
    required: bool,
    /// Hand it out only for tasks with one of these keywords
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    context: Vec<String>,
    /// Hand it out only in this phase
    #[arg(long)]
    phase: Option<String>,
    /// Who is responsible for the skill
    #[arg(long)]
    owner: Option<String>,
    /// The team that the skill belongs to
    #[arg(long)]
    team: Option<String>,
    /// Tags, instead of those of the front matter
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    tags: Option<Vec<String>>,
    /// Who approves
    #[arg(long)]
    approver: Option<String>,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    /// Do everything but the commit, and say what would be done
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    let category = optional(args.category.as_deref()).map(str::parse::<Category>).transpose()?;
    let agents = AgentType::list(args.team_ids.as_deref().unwrap_or_default())?;
    let tags = args.tags.as_deref().map(words);
    let request = Deploy {
        pattern_id: args.pattern_id,
        name: &args.skill_name,
        path: &args.content_path,
        category,
        agents: &agents,
        version: args.version,
        priority: args.priority,
        required: args.required,
        conditions: args.conditions(),
        team: optional(args.team.as_deref()),
        tags: tags.as_deref(),
        owner: optional(args.owner.as_deref()),
        approver: optional(args.approver.as_deref()),
        reason: optional(args.reason.as_deref()),
        dry_run: args.dry_run,
    };
    let mut store = context.open(Access::Write)?;
    let report = ops::deploy(&mut store, &context.files(), &context.project(), context.clock, &request)?;
    context.deliver_later(&mut store);
    drop(store);
    context.output.about_file(&report.warnings);
    context.output.answer(&report)?;
    Ok(Verdict::Done)
}

impl Args {
    fn conditions(&self) -> Option<String> {
        let words = words(&self.context);
        let mut fields = serde_json::Map::new();
        if !words.is_empty() {
            fields.insert("taskContext".into(), words.into());
        }
        if let Some(phase) = optional(self.phase.as_deref()) {
            fields.insert("phase".into(), phase.into());
        }
        (!fields.is_empty()).then(|| serde_json::Value::Object(fields).to_string())
    }
}

impl Report for DeployReport {
    fn text(&self, page: &mut Page) {
        match self.id.filter(|_| !self.dry_run) {
            // The old script's contract: the id, alone.
            Some(id) => page.line(id.0),
            None => page.line(format!(
                "dry run: would {} {} {} ({}), adding {} agent types",
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
                self.agents_added.len()
            )),
        }
    }
}
