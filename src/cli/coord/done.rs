//! `cfn coord done`.

use super::json::json;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::coordination::{Completion, CompletionStatus};
use crate::model::Exit;
use crate::ops::{self, CompletionReport};

/// Say that an agent is done
///
/// Whoever waits for the agent or for its task learns it, also the fleet's own programs.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn coord done t1 coder-1-1 --confidence 0.92
  cfn coord done t1 tester-1-1 --failed --result '{\"tests\": 50, \"passed\": 41}'")]
pub(super) struct Args {
    /// The task
    #[arg(value_name = "TASK")]
    task: String,
    /// The agent
    #[arg(value_name = "AGENT")]
    agent: String,
    /// The agent's own confidence in its work, from 0 to 1
    #[arg(long, value_name = "X", value_parser = confidence)]
    confidence: Option<f64>,
    /// What it found or made; kept for a day
    #[arg(long, value_name = "JSON")]
    result: Option<String>,
    /// The iteration of the task
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    iteration: u32,
    /// The agent did not do what it was to do
    #[arg(long)]
    failed: bool,
}

fn confidence(text: &str) -> Result<f64, String> {
    let parsed = text.parse().ok().filter(|it| (0.0..=1.0).contains(it));
    parsed.ok_or_else(|| "a confidence is a number from 0 to 1".to_owned())
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let completion = Completion {
        agent_id: args.agent.parse()?,
        task_id: args.task.parse()?,
        status: if args.failed { CompletionStatus::Failed } else { CompletionStatus::Completed },
        iteration: args.iteration,
        confidence: args.confidence,
        result: args.result.as_deref().map(|it| json("the result", it)).transpose()?,
        timestamp: context.clock.iso_time(),
    };
    let report = ops::complete(&mut context.coordination()?, completion)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for CompletionReport {
    fn text(&self, page: &mut Page) {
        page.line(format!("agent {} of task {} is done", self.0.agent_id, self.0.task_id));
    }
}
