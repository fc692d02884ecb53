//! `cfn skill assign` and `cfn skill unassign`.

use clap::builder::{RangedI64ValueParser, TypedValueParser};
use serde_json::{Map, Value};

use crate::cli::approval::decider;
use crate::cli::argument::words;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::named::Named;
use crate::cli::output::{Page, Report};
use crate::model::{AgentType, Conditions, Exit, Visible};
use crate::ops::{self, Assign, AssignReport, MappingChange, Unassign};

/// Map skills to agent types, or change the mappings
///
/// Adds missing mappings. In existing ones, changes only the given options.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill assign postgresql --agent backend-developer,reviewer
  cfn skill assign postgresql redis --agent backend-developer --priority 1 --required
  cfn skill assign postgresql --agent tester --context database,migration --phase build
  cfn skill assign postgresql --agent tester --disable")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct AssignArgs {
    #[command(flatten)]
    target: Target,
    /// Priority: 1 (first) to 10 [default for a new mapping: 5]
    #[arg(long, value_name = "N", value_parser = RangedI64ValueParser::<i64>::new().range(1..=10))]
    priority: Option<i64>,
    /// Always include the skill, ignoring limits and conditions
    #[arg(long, conflicts_with = "optional")]
    required: bool,
    /// Apply limits and conditions again
    #[arg(long)]
    optional: bool,
    /// Only for tasks with one of these keywords; an empty text removes the condition
    #[arg(long, value_delimiter = ',', value_name = "WORD[,WORD]")]
    context: Option<Vec<String>>,
    /// Only in this phase; an empty text removes the condition
    #[arg(long)]
    phase: Option<String>,
    /// All conditions, as a JSON object: {"taskContext": […], "phase": …}; one word is a keyword of the context
    #[arg(long, value_name = "JSON", value_parser = clap::builder::StringValueParser::new().try_map(|it| conditions(&it)))]
    condition: Option<Map<String, Value>>,
    /// Enable a disabled mapping
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Keep the mapping, but do not use it
    #[arg(long)]
    disable: bool,
}

/// Remove mappings of skills to agent types
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill unassign postgresql --agent reviewer
  cfn skill unassign postgresql redis --agent reviewer,tester --dry-run")]
pub(super) struct UnassignArgs {
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, clap::Args)]
struct Target {
    #[command(flatten)]
    named: Named,
    /// Agent types
    #[arg(long, required = true, value_delimiter = ',', value_name = "AGENT_TYPE[,AGENT_TYPE]")]
    agent: Vec<AgentType>,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

/// A JSON object, or the old tool's keyword.
fn conditions(text: &str) -> Result<Map<String, Value>, String> {
    let is_keyword = text.starts_with(char::is_alphabetic) && serde_json::from_str::<Value>(text).is_err();
    if is_keyword {
        return Ok(Map::from_iter([("taskContext".to_owned(), Value::from(vec![text]))]));
    }
    let fields = serde_json::from_str(text).map_err(|error| format!("it is not a JSON object: {error}"))?;
    Conditions::check(&fields).map(|()| fields)
}

pub(super) fn assign(context: &Context, args: &AssignArgs) -> Result<Exit, Failure> {
    let context_words = args.context.as_ref().map(|it| words(it));
    let request = Assign {
        names: args.target.named.names(),
        agents: &args.target.agent,
        priority: args.priority,
        required: chosen(args.required, args.optional),
        context: context_words.as_deref(),
        phase: args.phase.as_deref().map(str::trim),
        condition: args.condition.as_ref(),
        enabled: chosen(args.enable, args.disable),
        only_add: args.target.named.by_option(),
        dry_run: args.target.dry_run,
    };
    let report = ops::assign(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

pub(super) fn unassign(context: &Context, args: &UnassignArgs) -> Result<Exit, Failure> {
    let target = &args.target;
    let actor = decider(context, None)?;
    let request =
        Unassign { names: target.named.names(), agents: &target.agent, actor: &actor, dry_run: target.dry_run };
    let report = ops::unassign(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

/// The value of two opposite flags; `None` if neither is given.
fn chosen(yes: bool, no: bool) -> Option<bool> {
    (yes || no).then_some(yes)
}

impl Report for AssignReport {
    fn text(&self, page: &mut Page) {
        let dry = if self.dry_run { "dry run: " } else { "" };
        for it in &self.mappings {
            let change = match it.change {
                MappingChange::Added => "added",
                MappingChange::Changed => "changed",
                MappingChange::Unchanged => "unchanged",
                MappingChange::Kept => "exists already, and was not changed",
                MappingChange::Removed => "removed",
                MappingChange::Absent => "not assigned",
            };
            page.line(format!("{dry}{} for {}: {change}", Visible(&it.name), Visible(&it.agent_type)));
        }
    }
}
