//! `cfn coord clear`.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{AgentId, Exit};
use crate::ops::{self, ClearedReport};

/// Remove what Redis has of a task, or of one of its agents
///
/// Removes the keys of all programs of the fleet that bear the task's id. It looks through the keys of the server a
/// page at a time, and blocks it for none.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn coord clear t1
  cfn coord clear t1 coder-1-1 --json")]
pub(super) struct Args {
    /// The task
    #[arg(value_name = "TASK")]
    task: String,
    /// Only what is about this agent
    #[arg(value_name = "AGENT")]
    agent: Option<String>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let (task, agent) = (args.task.parse()?, args.agent.as_deref().map(str::parse::<AgentId>).transpose()?);
    let report = ops::clear_task(&mut context.coordination()?, task, agent)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for ClearedReport {
    fn text(&self, page: &mut Page) {
        let whose = match &self.agent_id {
            Some(agent) => format!("agent {agent} of task {}", self.task_id),
            None => format!("task {}", self.task_id),
        };
        page.line(format!("removed {} of {whose}", counted(self.removed, "key")));
    }
}
