//! `cfn coord state`.

use super::json::json;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, TaskId, Visible};
use crate::ops::{self, StateReport};

/// Set the state of a task for a day, or show it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn coord state t1 '{\"phase\": \"validation\", \"iteration\": 2}'
  cfn coord state t1")]
pub(super) struct Args {
    /// The task
    #[arg(value_name = "TASK")]
    task: String,
    /// The new state; without it, the state is shown
    #[arg(value_name = "JSON")]
    state: Option<String>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let task: TaskId = args.task.parse()?;
    let state = args.state.as_deref().map(|it| json("the state", it)).transpose()?;
    let mut redis = context.coordination()?;
    let report = match state {
        Some(state) => ops::set_state(&mut redis, task, &state)?,
        None => ops::state_of(&mut redis, task)?,
    };
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for StateReport {
    fn text(&self, page: &mut Page) {
        if self.written {
            page.line(format!("the state of task {} is set", self.task_id));
        } else {
            page.line(Visible(self.state.to_string()));
        }
    }
}
