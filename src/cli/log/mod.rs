//! `cfn log`.

mod batch;
mod show;

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;

use super::context::{Access, Context};
use super::failure::Failure;
use super::output::{Page, Report};
use super::{Verdict, optional};
use crate::model::{AgentType, Outcome, SkillName};
use crate::ops::{self, Execution, LogReport};

/// Log one execution of a skill
///
/// The row keeps the skill's level, origin, version and content hash: those that the agent got in this task, else the current ones.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  cfn log postgresql --agent-id dev-1 --agent-type developer --task-id task-100 --exit-code 0
  cfn log sql --agent-id a1 --agent-type tester --confidence-before 0.6 --confidence-after 0.8
  cfn log --batch < executions.jsonl
  cfn log show --task task-100"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    one: One,
    /// Log the executions on stdin, one JSON object a line: the keys are these options with '_', and skill
    #[arg(long, conflicts_with_all = ["skill", "agent_id", "agent_type"])]
    batch: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::Args),
}

#[derive(Debug, clap::Args)]
struct One {
    /// The skill
    #[arg(required_unless_present = "batch")]
    skill: Option<SkillName>,
    /// Which agent
    #[arg(long, value_name = "ID", required_unless_present = "batch", value_parser = NonEmptyStringValueParser::new())]
    agent_id: Option<String>,
    /// Of what kind
    #[arg(long, value_name = "TYPE", required_unless_present = "batch")]
    agent_type: Option<AgentType>,
    /// For which task
    #[arg(long, value_name = "ID")]
    task_id: Option<String>,
    /// In which phase
    #[arg(long)]
    phase: Option<String>,
    /// How long it took
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(i64).range(0..=MOST))]
    execution_ms: Option<i64>,
    /// 0 is success
    #[arg(long, value_name = "CODE", allow_negative_numbers = true)]
    exit_code: Option<i64>,
    /// The agent's confidence before, 0 to 1
    #[arg(long, value_name = "0..1", value_parser = share)]
    confidence_before: Option<f64>,
    /// And after, 0 to 1
    #[arg(long, value_name = "0..1", value_parser = share)]
    confidence_after: Option<f64>,
    /// The share of the skill's tests that passed, 0 to 1
    #[arg(long, value_name = "0..1", value_parser = share)]
    test_pass_rate: Option<f64>,
    /// Tokens that did not have to be spent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=MOST))]
    tokens_avoided: Option<i64>,
    /// Money that did not have to be spent
    #[arg(long, value_name = "USD", value_parser = amount)]
    cost_avoided_usd: Option<f64>,
}

/// The most milliseconds or tokens of one execution; sums of millions of rows must not overflow.
const MOST: i64 = 1_000_000_000_000;

/// A number from 0 to 1.
fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|it| (0.0..=1.0).contains(it)).ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

/// An amount of money that sums of millionths can hold.
fn amount(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|it| (0.0..=1e6).contains(it))
        .ok_or_else(|| "must be an amount from 0 to 1000000".to_owned())
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    if let Some(Command::Show(args)) = &args.command {
        return show::run(context, args);
    }
    let Some(execution) = args.one.execution() else { return batch::run(context) };
    let mut store = context.open(Access::Write)?;
    let report = ops::log(&mut store, context.clock, &execution)?;
    context.deliver_later(&mut store);
    drop(store);
    context.output.answer(&report)?;
    Ok(Verdict::Done)
}

impl One {
    fn execution(&self) -> Option<Execution> {
        Some(Execution {
            skill: self.skill.clone()?,
            agent_id: self.agent_id.clone()?,
            agent_type: self.agent_type.clone()?,
            task_id: optional(self.task_id.as_deref()).map(str::to_owned),
            phase: optional(self.phase.as_deref()).map(str::to_owned),
            outcome: Outcome {
                execution_ms: self.execution_ms,
                exit_code: self.exit_code,
                confidence_before: self.confidence_before,
                confidence_after: self.confidence_after,
                test_pass_rate: self.test_pass_rate,
                tokens_avoided: self.tokens_avoided,
                cost_avoided_usd: self.cost_avoided_usd,
            },
        })
    }
}

impl Report for LogReport {
    /// Nothing: a script that logs does not want an answer.
    fn text(&self, _page: &mut Page) {}
}
