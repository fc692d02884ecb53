//! `cfn coord context`.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::coordination::CONTEXT_TTL_S;
use crate::model::{Exit, TaskId, Visible};
use crate::ops::{self, ContextReport};

/// Longest time to live, in seconds.
const LONGEST_TTL_S: u64 = 366 * 24 * 3600;

/// Set fields of the context that the agents of a task share, or show it
///
/// Fields that are not named stay as they are. The time to live of the whole context begins anew.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn coord context t1 mode=standard success-criteria='all tests pass'
  cfn coord context t1 --json")]
pub(super) struct Args {
    /// The task
    #[arg(value_name = "TASK")]
    task: String,
    /// Fields to set; without any, the context is shown
    #[arg(value_name = "KEY=VALUE")]
    fields: Vec<String>,
    /// Seconds after which Redis removes the context
    #[arg(long, value_name = "SECONDS", default_value_t = CONTEXT_TTL_S,
        value_parser = clap::value_parser!(u64).range(1..=LONGEST_TTL_S))]
    ttl: u64,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let task: TaskId = args.task.parse()?;
    let fields = args.fields.iter().map(|it| field(it)).collect::<Result<Vec<_>, _>>()?;
    let mut redis = context.coordination()?;
    let report = if fields.is_empty() {
        ops::context_of(&mut redis, task)?
    } else {
        ops::set_context(&mut redis, task, &fields, args.ttl)?
    };
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

fn field(typed: &str) -> Result<(String, String), Failure> {
    match typed.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Failure::input(
            format!("invalid field {typed:?}: not KEY=VALUE"),
            "Nothing was changed; write fields such as mode=standard.",
        )),
    }
}

impl Report for ContextReport {
    fn text(&self, page: &mut Page) {
        for (name, value) in &self.fields {
            page.line(format!("{}={}", Visible(name), Visible(value)));
        }
    }
}
