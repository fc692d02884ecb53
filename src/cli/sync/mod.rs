//! `cfn sync`.

mod deliver;
mod detached;
mod retry;
mod status;
mod watch;

use clap::Subcommand;

use self::deliver::deliver;
use super::context::{Access, Context};
use super::failure::Failure;
use crate::model::Exit;
use crate::ops::Retry;

/// Deliver queued events to the workflow database
///
/// Events of generated skills are queued in the skills database and delivered to PostgreSQL exactly once, by this
/// command or in the background after other commands. An event that the server refuses, or whose delivery fails three
/// times, becomes a dead letter with the reason; the others are still delivered. No run waits longer than two seconds
/// for one event.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  cfn sync
  cfn sync --watch
  cfn sync status
  cfn sync retry

Environment:
  ENABLE_PHASE4_LOGGING=true   queue executions, deployments and updates of generated skills
                               (deployments also where PHASE4_POSTGRES_HOST and _USER are set)
  CFN_POSTGRES_URL             postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE, or
                               host=HOST dbname=DATABASE user=USER; wins over PHASE4_POSTGRES_HOST, _PORT, _DB, _USER, _PASS
  PGSSLMODE, PGSSLROOTCERT, PGSSLCERT, PGSSLKEY, PGPASSFILE
  CFN_SYNC_BUDGET_MS           the most that other commands spend on starting a delivery [default: 25]"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Keep delivering until interrupted
    #[arg(long, conflicts_with = "detached")]
    watch: bool,
    /// Deliver in the background, one process at a time
    #[arg(long, hide = true)]
    detached: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Status(status::Args),
    Retry(retry::Args),
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Some(Command::Status(args)) => status::run(context, args),
        Some(Command::Retry(args)) => retry::run(context, args),
        None if args.watch => watch::run(context),
        None if args.detached => detached::run(context),
        None => once(context),
    }
}

/// Other processes may deliver at the same time: an event sent twice takes effect once.
fn once(context: &Context) -> Result<Exit, Failure> {
    let mut store = context.open(Access::Write)?;
    let report = deliver(context, store.as_mut(), Retry::All)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}
