//! `cfn cache …`.

mod audit;
mod clear;
mod explain;
mod factories;
mod microseconds;
mod status;
mod warm;

use clap::Subcommand;

use super::context::Context;
use super::failure::Failure;
use crate::model::Exit;

/// Inspect and maintain the query cache in Redis
///
/// Reading commands use the cache automatically where it saves time. The commands of this group are about the server
/// itself, so they exit 9 if it fails.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn cache status
  cfn cache warm --agent backend-developer,tester
  cfn cache explain load backend-developer --context auth")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Status(status::Args),
    Clear(clear::Args),
    Warm(warm::Args),
    Explain(explain::Args),
    Audit(audit::Args),
}

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    match args.command {
        Command::Status(args) => status::run(context, &args),
        Command::Clear(args) => clear::run(context, &args),
        Command::Warm(args) => warm::run(context, &args),
        Command::Explain(args) => explain::run(context, &args),
        Command::Audit(args) => audit::run(context, &args),
    }
}
