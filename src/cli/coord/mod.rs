//! `cfn coord …`.

mod clear;
mod context;
mod done;
mod json;
mod state;
mod wait;

use clap::Subcommand;

use super::context::Context;
use super::failure::Failure;
use crate::model::Exit;

/// Coordinate the agents of a task through Redis
///
/// The keys are those that the fleet's programs read, and each gets a time to live when it is written. The server is
/// that of --redis-url or CFN_REDIS_URL, else of CFN_REDIS_HOST, CFN_REDIS_PORT and CFN_REDIS_PASSWORD. Without one,
/// and if it fails, these commands exit 9.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn coord context t1 mode=standard success-criteria='all tests pass'
  cfn coord done t1 coder-1-1 --confidence 0.92
  cfn coord wait t1 --agents 3 --timeout 300
  cfn coord clear t1")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Context(context::Args),
    State(state::Args),
    Done(done::Args),
    Wait(wait::Args),
    Clear(clear::Args),
}

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    match args.command {
        Command::Context(args) => context::run(context, &args),
        Command::State(args) => state::run(context, &args),
        Command::Done(args) => done::run(context, &args),
        Command::Wait(args) => wait::run(context, &args),
        Command::Clear(args) => clear::run(context, &args),
    }
}
