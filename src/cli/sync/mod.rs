//! `cfn sync`.

mod check;
mod deliver;
mod detached;
mod retry;
mod status;
mod watch;
mod watched;

use clap::Subcommand;

use self::deliver::deliver;
pub(super) use self::deliver::waiting;
use super::context::{Access, Context};
use super::failure::Failure;
use crate::model::Exit;
use crate::ops::{self, Retry, SyncReport};

/// Do what waits: pull from the primary, and deliver queued events to the workflow database
///
/// A database that follows a primary ('cfn db follow') pushes the uses of its agents, each once, and pulls what is new
/// there, in one transaction.
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
  cfn sync --check
  cfn sync status
  cfn sync retry

Environment:
  ENABLE_PHASE4_LOGGING=true   queue executions, deployments and updates of generated skills
                               (deployments also where PHASE4_POSTGRES_HOST and _USER are set)
  CFN_POSTGRES_URL             postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE, or
                               host=HOST dbname=DATABASE user=USER; wins over PHASE4_POSTGRES_HOST, _PORT, _DB, _USER, _PASS
  PGSSLMODE, PGSSLROOTCERT, PGSSLCERT, PGSSLKEY, PGPASSFILE
  CFN_FOLLOW_SECONDS           how often --watch asks a primary that told it nothing [default: 1]
  CFN_SYNC_BUDGET_MS           the most that other commands spend on starting a delivery [default: 25]"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Keep pulling and delivering until interrupted
    #[arg(long, conflicts_with = "detached")]
    watch: bool,
    /// Pull, and compare every followed row with the primary
    #[arg(long, conflicts_with_all = ["watch", "detached"])]
    check: bool,
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
        None if args.check => check::run(context, context.open(Access::Write)?.as_mut()),
        None => once(context),
    }
}

/// Other processes may do the same at the same time: an event sent twice takes effect once, and so does a pull. Events are
/// delivered also while the primary is gone.
fn once(context: &Context) -> Result<Exit, Failure> {
    let mut store = context.open(Access::Write)?;
    let follows = ops::following(store.as_mut())?.is_some();
    let pulled = context.pull(store.as_mut());
    let has_events = !follows || ops::waiting(store.as_mut())? > 0;
    let report = if has_events { deliver(context, store.as_mut(), Retry::All)? } else { SyncReport::default() };
    context.output.answer(&SyncReport { follow: pulled?, ..report })?;
    Ok(Exit::Done)
}
