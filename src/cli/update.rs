//! `cfn update`.

use std::path::{Path, PathBuf};

use super::amend;
use super::approval::ApprovalArgs;
use super::argument::optional;
use super::choice::{optional_boolean, optional_change_type};
use super::context::{Access, Context};
use super::delivery;
use super::failure::{Failure, FailureKind};
use super::named::NamedOne;
use super::output::{Page, Report};
use crate::model::{Argument, ChangeType, EdgeCaseName, Exit, InvalidVersion, SkillName, Version, Visible};
use crate::ops::{self, Update, UpdateReport};

/// Replace a skill's content with a new version; prints the version
///
/// Files, version and approval are recorded in one transaction. A folder replaces all files. The version is given before the file, or counted from
/// the current one by --patch, --minor or --major. Tags, category, owner and approval level are taken from the new
/// file's front matter, if it has them.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "\
cfn update [OPTIONS] <SKILL_NAME> <NEW_VERSION> <UPDATE_PATH> [CHANGE_TYPE] [NOTIFY_AGENTS]
       cfn update [OPTIONS] <SKILL_NAME> <UPDATE_PATH> --patch|--minor|--major",
    after_help = "\
Examples:
  cfn update postgresql skills/postgresql --patch
  cfn update postgresql skills/postgresql/SKILL.md --minor --resolves 7
  cfn update postgresql 1.0.2 skills/postgresql/SKILL.md
  cfn update postgresql 1.1.0 skills/postgresql/SKILL.md minor true"
)]
pub(super) struct Args {
    #[command(flatten)]
    named: NamedOne,
    /// New version, X.Y.Z; not with --patch, --minor or --major
    #[arg(value_name = "NEW_VERSION", required_unless_present = "skill")]
    version_or_path: Option<PathBuf>,
    /// Path of the new folder or SKILL.md; a file of another name replaces SKILL.md and keeps the other files
    #[arg(required_unless_present_any = ["patch", "minor", "major", "skill"])]
    update_path: Option<PathBuf>,
    /// Required change of the version number [default: patch]
    #[arg(value_parser = optional_change_type())]
    change_type: Option<String>,
    /// Print the agent types that use the skill [env: ENABLE_AGENT_NOTIFICATIONS]
    #[arg(value_parser = optional_boolean())]
    notify_agents: Option<String>,
    #[command(flatten)]
    step: StepArgs,
    /// Resolve these edge cases of the skill together with the update
    #[arg(long, value_name = "ID|HASH", value_delimiter = ',')]
    resolves: Vec<EdgeCaseName>,
    /// Take SKILL.md alone, not what lies beside it
    #[arg(long)]
    only_skill_md: bool,
    #[command(flatten)]
    approval: ApprovalArgs,
    #[command(flatten)]
    row: amend::AmendArgs,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

/// The step by which the version is counted.
#[derive(Debug, clap::Args)]
#[group(multiple = false, conflicts_with = "skill")]
struct StepArgs {
    /// Count the version: 1.2.3 becomes 1.2.4
    #[arg(long)]
    patch: bool,
    /// Count the version: 1.2.3 becomes 1.3.0
    #[arg(long)]
    minor: bool,
    /// Count the version: 1.2.3 becomes 2.0.0
    #[arg(long)]
    major: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let name = args.named.name()?;
    let Some(first) = &args.version_or_path else {
        args.require_no_decision(name)?;
        return amend::run(context, name, &args.row, args.dry_run);
    };
    let (version, path, change_type) = args.file(name, first)?;
    let approver = args.approval.approver(context)?;
    let request = Update {
        name,
        version,
        path,
        only_skill_file: args.only_skill_md,
        change_type,
        notify_agents: notify_agents(context, args.notify_agents.as_deref())?,
        approver: approver.as_deref(),
        reason: args.approval.reason(),
        override_rejection: args.approval.override_rejection,
        resolves: &args.resolves,
        dry_run: args.dry_run,
    };
    let mut store = context.open_for_few_rows(Access::Write)?;
    let report = ops::update(store.as_mut(), &context.files()?, &context.project()?, context.clock, &request)?;
    delivery::start(context, store.as_mut());
    drop(store);
    context.output.about_file(&report.warnings);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

fn notify_agents(context: &Context, typed: Option<&str>) -> Result<bool, Failure> {
    match optional(typed) {
        None => Ok(context.settings.notify_agents()?),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => {
            let message = format!("NOTIFY_AGENTS must be true or false, not \"{}\"", Visible(other));
            Err(Failure::input(message, "Run the command with --help to see its arguments."))
        }
    }
}

impl StepArgs {
    fn change_type(&self) -> Option<ChangeType> {
        let steps = [(self.patch, ChangeType::Patch), (self.minor, ChangeType::Minor), (self.major, ChangeType::Major)];
        steps.into_iter().find_map(|(asked, step)| asked.then_some(step))
    }
}

impl Args {
    /// With `--skill`, nothing is decided: other bytes wait for review.
    fn require_no_decision(&self, name: &SkillName) -> Result<(), Failure> {
        if !self.approval.is_given() && self.resolves.is_empty() {
            return Ok(());
        }
        let name = Argument(name.as_str());
        Err(Failure::new(
            FailureKind::InvalidArguments,
            "--approver, --reason, --override-rejection and --resolves are not for --skill, which decides nothing",
            format!("Run 'cfn update --patch {name} FILE', or decide later with 'cfn skill approve {name}'."),
        ))
    }

    /// The version, unless it is to be counted, the file, and the change type. With a step there are two arguments: the
    /// skill and the file, whatever the file's name looks like.
    fn file<'a>(
        &'a self,
        name: &SkillName,
        first: &'a Path,
    ) -> Result<(Option<Version>, &'a Path, ChangeType), Failure> {
        if let Some(step) = self.step.change_type() {
            return match self.update_path {
                None => Ok((None, first, step)),
                Some(_) => Err(Failure::new(
                    FailureKind::InvalidArguments,
                    format!("--{step} counts the version, so only the skill and its file are named"),
                    format!("Run 'cfn update --{step} {} FILE', or leave --{step} out.", Argument(name.as_str())),
                )),
            };
        }
        let typed = first.to_string_lossy();
        let version: Version = typed.parse().map_err(|error: InvalidVersion| {
            Failure::new(
                FailureKind::InvalidArguments,
                format!("invalid value '{}' for '<NEW_VERSION>': {error}", Visible(&typed)),
                "Name the version before the file, or have it counted: 'cfn update NAME FILE --patch'.",
            )
        })?;
        let missing = || Failure::internal("the file of an update is missing");
        let path = self.update_path.as_deref().ok_or_else(missing)?;
        let change_type = optional(self.change_type.as_deref()).map_or(Ok(ChangeType::Patch), str::parse)?;
        Ok((Some(version), path, change_type))
    }
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
