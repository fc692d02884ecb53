//! `cfn cache …`.

mod audit;
mod clear;
mod explain;
mod status;
mod warm;

use clap::Subcommand;

use super::context::{Access, Context};
use super::failure::Failure;
use super::{analytics, load, skill};
use crate::cache::ServerResult;
use crate::model::Exit;
use crate::ops::{self, Factories};
use crate::settings::CacheSettings;
use crate::store::{self, Store};

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

/// Calls `work` with factories that reconnect on each call, as every command does.
fn with_factories<T>(
    context: &Context,
    settings: &CacheSettings,
    work: impl FnOnce(&Factories<'_>) -> ops::Result<T>,
) -> Result<T, Failure> {
    let opening = context.opening(Access::Read)?;
    let open = || -> store::Result<Box<dyn Store>> { opening.open(Access::Read) };
    let connect = || -> ServerResult<_> { Context::connect_cache(settings) };
    Ok(work(&Factories { open: &open, connect: &connect })?)
}

/// Formats a duration.
fn shown_us(microseconds: Option<f64>) -> String {
    microseconds.map_or_else(|| "-".to_owned(), |it| format!("{it:.0} µs"))
}
