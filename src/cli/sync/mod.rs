//! `cfn sync`.

mod detached;
mod retry;
mod status;
mod watch;

use clap::Subcommand;

pub(super) use detached::Turn;

use super::Verdict;
use super::context::{Access, Context, Database};
use super::failure::Failure;
use super::output::{Page, Report};
use crate::ops::{self, SyncReport};

/// Deliver what waits for the workflow database
///
/// What happens to generated skills is queued in the database and delivered to PostgreSQL exactly once, by this command or in the
/// background by the next command that finds the server.
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
  ENABLE_PHASE4_LOGGING=true   queue what happens to generated skills
  CFN_POSTGRES_URL             postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE; wins over
  PHASE4_POSTGRES_HOST, _PORT, _DB, _USER, _PASS, PGSSLMODE, PGSSLROOTCERT, PGPASSFILE
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

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    match &args.command {
        Some(Command::Status(args)) => status::run(context, args),
        Some(Command::Retry(args)) => retry::run(context, args),
        None if args.watch => watch::run(context),
        None if args.detached => detached::run(context),
        None => once(context),
    }
}

/// Other processes may deliver at the same time: what both send has its effect once.
fn once(context: &Context) -> Result<Verdict, Failure> {
    let mut store = context.open(Access::Write)?;
    let report = deliver(context, &mut store)?;
    context.output.answer(&report)?;
    Ok(Verdict::Done)
}

/// Delivers what waits, with a progress bar.
fn deliver(context: &Context, store: &mut Database) -> Result<SyncReport, Failure> {
    let total = usize::try_from(ops::waiting(store)?).unwrap_or(usize::MAX);
    let mut bar = context.output.progress("delivering");
    let mut connect = || context.workflow();
    let report = ops::sync(store, context.clock, &mut connect, &mut |done| {
        bar.at(usize::try_from(done).unwrap_or(usize::MAX), total);
    })?;
    if report.set_aside > 0 {
        let refused = report.set_aside;
        context.output.warn(&format!("the server refused {refused} deliveries; 'cfn sync status' says why"));
    }
    Ok(report)
}

impl Report for SyncReport {
    fn text(&self, page: &mut Page) {
        page.line(format!("{} delivered, {} set aside", self.delivered + self.delivered_before, self.set_aside));
    }
}
