//! `cfn sync`.

mod detached;
mod retry;
mod status;
mod watch;

use clap::Subcommand;

use super::context::{Access, Context};
use super::failure::Failure;
use super::output::{Page, Report};
use super::plural::counted;
use crate::model::{Exit, Visible};
use crate::ops::{self, Retry, SyncReport};
use crate::store::Store;

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

/// Delivers queued events, with a progress bar.
fn deliver(context: &Context, store: &mut dyn Store, retry: Retry) -> Result<SyncReport, Failure> {
    let total = usize::try_from(ops::waiting(store)?).unwrap_or(usize::MAX);
    let mut bar = context.output.progress("delivering");
    let report = ops::sync(store, context.clock, retry, &mut context.workflow()?, &mut |done| {
        bar.at(usize::try_from(done).unwrap_or(usize::MAX), total);
    })?;
    warn(context, &report);
    Ok(report)
}

fn warn(context: &Context, report: &SyncReport) {
    let why = Visible(report.reason.as_deref().unwrap_or_default());
    for (count, became) in [
        (report.failed, "failed and will be retried"),
        (report.dead_letters, "became a dead letter ('cfn sync retry' queues it again)"),
    ] {
        match count {
            0 => {}
            1 => context.output.warn(&format!("a delivery {became}: {why}")),
            _ => context
                .output
                .warn(&format!("{count} deliveries {became}; the last one: {why}; 'cfn sync status' lists them")),
        }
    }
}

impl Report for SyncReport {
    fn text(&self, page: &mut Page) {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let delivered = self.delivered + self.delivered_before;
        page.line(format!("{delivered} delivered{failed}, {}", counted(self.dead_letters, "dead letter")));
    }
}
