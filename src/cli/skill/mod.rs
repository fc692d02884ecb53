//! `cfn skill …`.

mod history;
mod list;
mod restore;
mod review;
mod rollback;
mod show;
mod validate;
mod verify;

use clap::Subcommand;

use super::context::Context;
use super::failure::Failure;
use super::{analytics, bench, deploy, load, log, update};
use crate::model::Exit;

pub(super) use history::Args as HistoryArgs;
pub(super) use list::Args as ListArgs;
pub(super) use show::Args as ShowArgs;

/// Inspect, review and maintain skills
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill list --pending
  cfn skill show postgresql
  cfn skill approve postgresql --approver me@example.com")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Deploy(deploy::Args),
    Update(update::Args),
    Load(load::Args),
    Log(log::Args),
    Analytics(analytics::Args),
    Bench(bench::Args),
    List(list::Args),
    Show(show::Args),
    History(history::Args),
    Verify(verify::Args),
    Rollback(rollback::Args),
    Restore(restore::Args),
    Approve(review::ApproveArgs),
    Reject(review::RejectArgs),
    Validate(validate::Args),
}

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    match args.command {
        Command::Deploy(args) => deploy::run(context, &args),
        Command::Update(args) => update::run(context, &args),
        Command::Load(args) => load::run(context, &args),
        Command::Log(args) => log::run(context, args),
        Command::Analytics(args) => analytics::run(context, &args),
        Command::Bench(args) => bench::run(context, &args),
        Command::List(args) => list::run(context, &args),
        Command::Show(args) => show::run(context, &args),
        Command::History(args) => history::run(context, &args),
        Command::Verify(args) => verify::run(context, &args),
        Command::Rollback(args) => rollback::run(context, &args),
        Command::Restore(args) => restore::run(context, &args),
        Command::Approve(args) => review::approve(context, &args),
        Command::Reject(args) => review::reject(context, &args),
        Command::Validate(args) => validate::run(context, &args),
    }
}
