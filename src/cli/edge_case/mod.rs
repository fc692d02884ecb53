//! `cfn edge-case …`.

mod list;
mod record;
mod resolve;
mod show;
mod words;

use clap::Subcommand;

use super::context::Context;
use super::failure::Failure;
use crate::model::Exit;

/// Record inputs with which skills failed, until a version resolves them
///
/// Edge cases of the same skill, failure and input are one kind, which is named by its hash.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn edge-case record postgresql --description 'drops the wrong table' --severity high
  cfn edge-case list --open
  cfn edge-case resolve 7 --note 'cannot happen any more'")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Record(record::Args),
    List(list::Args),
    Show(show::Args),
    Resolve(resolve::Args),
}

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    match args.command {
        Command::Record(args) => context.decide(|context| record::run(context, &args)),
        Command::List(args) => list::run(context, &args),
        Command::Show(args) => show::run(context, &args),
        Command::Resolve(args) => context.decide(|context| resolve::run(context, &args)),
    }
}
