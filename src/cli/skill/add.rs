//! `cfn skill add`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;

use crate::cli::approval::decider;
use crate::cli::argument::{optional, words};
use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{AgentType, ApprovalLevel, Argument, Category, Exit, Review, SkillName, Version, Visible};
use crate::ops::{self, Add, AddReport};

/// Add a hand-written skill; prints its name
///
/// It waits for review, unless --approve is given or its level is auto. To change an existing skill, use 'cfn update'.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill add skills/postgresql
  cfn skill add skills/postgresql/SKILL.md --agents backend-developer --category domain
  cfn skill add notes.md --name release-notes --approve --approver ann")]
pub(super) struct Args {
    /// Skill file, or its folder
    #[arg(required_unless_present = "content_path")]
    path: Option<PathBuf>,
    /// Skill file, as in the old tool's create: a new skill, of level human unless another one is given
    #[arg(
        long,
        hide_short_help = true,
        value_name = "PATH",
        conflicts_with = "path",
        requires_all = ["name", "category"]
    )]
    content_path: Option<PathBuf>,
    /// Name [default: that of the file, else of its folder]
    #[arg(long, value_name = "SKILL_NAME")]
    name: Option<SkillName>,
    /// Category [default: that of the file, else domain]
    #[arg(long, value_parser = choice::category())]
    category: Option<Category>,
    /// Approval level: auto, escalate or human; not below that of the category [default: that of the category]
    #[arg(long, alias = "approval-level", value_name = "LEVEL", value_parser = choice::level())]
    level: Option<ApprovalLevel>,
    /// Version [default: that of the file, else 1.0.0]
    #[arg(long, value_name = "X.Y.Z")]
    version: Option<Version>,
    /// Agent types to map it to
    #[arg(long, value_delimiter = ',', value_name = "AGENT_TYPE[,AGENT_TYPE]")]
    agents: Vec<AgentType>,
    /// Team
    #[arg(long)]
    team: Option<String>,
    /// Tags [default: those of the file]
    #[arg(long, value_delimiter = ',', value_name = "TAG[,TAG]")]
    tags: Option<Vec<String>>,
    /// Owner [default: that of the file]
    #[arg(long)]
    owner: Option<String>,
    /// Approve it immediately
    #[arg(long)]
    approve: bool,
    /// Name of the approver [env: CFN_APPROVER] [default: git's global user.email, else the system user]
    #[arg(long, requires = "approve", value_parser = NonEmptyStringValueParser::new())]
    approver: Option<String>,
    /// Reason, recorded with the approval
    #[arg(long, requires = "approve", value_name = "TEXT")]
    reason: Option<String>,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let approver = args.approve.then(|| decider(context, args.approver.as_deref())).transpose()?;
    let tags = args.tags.as_ref().map(|it| words(it));
    let creates = args.content_path.is_some();
    let nothing = || Failure::input("no file is named", "Name the skill's file, or its folder.");
    let request = Add {
        path: args.path.as_ref().or(args.content_path.as_ref()).ok_or_else(nothing)?,
        must_be_new: creates,
        level: args.level.or(creates.then_some(ApprovalLevel::Human)),
        version: args.version,
        name: args.name.as_ref(),
        category: args.category,
        agents: &args.agents,
        team: optional(args.team.as_deref()).or(creates.then_some("default")),
        tags: tags.as_deref(),
        owner: optional(args.owner.as_deref()).or(creates.then_some("unknown")),
        approver: approver.as_deref(),
        reason: optional(args.reason.as_deref()),
        dry_run: args.dry_run,
    };
    let (files, project) = (context.files()?, context.project()?);
    let report = ops::add(context.open(Access::Write)?.as_mut(), &files, &project, context.clock, &request)?;
    context.output.about_file(&report.warnings);
    if report.review == Review::Pending && !report.dry_run {
        let (name, argument) = (Visible(&report.name), Argument(&report.name));
        context.output.note(&format!("{name} waits for review: 'cfn skill approve {argument}'"));
    }
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for AddReport {
    fn text(&self, page: &mut Page) {
        let (name, version) = (Visible(&self.name), Visible(&self.version));
        match (self.dry_run, self.created) {
            (false, _) => page.line(name),
            (true, true) => page.line(format!("dry run: would add {name} {version}")),
            (true, false) => page.line(format!("dry run: {name} {version} is there already, with the same bytes")),
        }
    }
}
