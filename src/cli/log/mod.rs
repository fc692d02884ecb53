//! `cfn log`.

mod batch;
mod fields;
mod show;
mod stop;

use clap::Subcommand;

use super::context::{Access, Context};
use super::delivery;
use super::failure::Failure;
use super::output::{Page, Report};
use crate::model::Exit;
use crate::ops::{self, LogReport};

/// Log one execution of a skill
///
/// The row records the skill's level, origin, version and content hash: those that the agent loaded in this task, or
/// else the current ones.
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
    one: fields::Fields,
    /// Log executions from stdin, one JSON object per line, with the long options ('_' for '-') and skill as keys
    #[arg(long, conflicts_with = "Fields")]
    batch: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::Args),
}

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    if let Some(Command::Show(args)) = &args.command {
        return show::run(context, args);
    }
    if args.batch {
        return batch::run(context);
    }
    let execution = args.one.execution()?;
    let mut store = context.open_for_few_rows(Access::Write)?;
    let report = ops::log(store.as_mut(), context.clock, &execution)?;
    delivery::start(context, store.as_mut());
    drop(store);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for LogReport {
    /// Prints nothing: scripts that log want no output.
    fn text(&self, _page: &mut Page) {}
}
