//! `cfn doctor`.

mod asked;
mod containers;
mod database;
mod failed;
mod fix;
mod services;
mod text;

use self::failed::failed;
use super::context::Context;
use super::failure::Failure;
use crate::agents::{self, Machine, Runs};
use crate::linux::memory_kib;
use crate::model::Exit;
use crate::ops::{Area, Depth, DoctorReport, Health};

/// Look at everything that cfn depends on, and say what to run where something is wrong
///
/// One line for each thing: ok, warn, fail or not used here, with the evidence and the command that mends it. Nothing is
/// changed without --fix. Services are asked at the same time, with one second each.
///
/// Exits 3 if something fails, and with --strict 7 if something warns.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn doctor
  cfn doctor --fix
  cfn doctor --strict --deep --json")]
pub(super) struct Args {
    /// Mend what can be mended safely, and say what was done
    #[arg(long)]
    fix: bool,
    /// Exit 7 if something warns
    #[arg(long)]
    strict: bool,
    /// Also read the whole database, and compare the files of all skills
    #[arg(long)]
    deep: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let depth = if args.deep { Depth::Deep } else { Depth::Quick };
    let mut report = examine(context, depth);
    let fixes = report.fixes();
    if args.fix && !fixes.is_empty() {
        let done = fix::apply(context, fixes);
        report = DoctorReport { fixed: done, ..examine(context, depth) };
    }
    context.output.answer(&report)?;
    Ok(match (report.count(Health::Fail), report.count(Health::Warn)) {
        (0, warnings) => Exit::done_if(!(args.strict && warnings > 0), Exit::Refused),
        _ => Exit::Database,
    })
}

fn examine(context: &Context, depth: Depth) -> DoctorReport {
    let redis = services::Redis::ask(context);
    let workflow = services::ask_workflow(context);
    let engines = containers::Engines::ask(context);
    let mut lines = database::look(context, depth, &redis);
    lines.extend(redis.lines(context));
    lines.push(services::workflow_line(workflow));
    lines.extend(engines.lines());
    lines.extend(match context.project() {
        Ok(project) => agents::health(&Runs::of(project.root()), machine()),
        Err(failure) => vec![failed(Area::Agents, "runs", failure)],
    });
    lines.sort_by_key(|it| it.area);
    DoctorReport { lines, fixed: Vec::new() }
}

/// A machine whose processors cannot be counted has one.
fn machine() -> Machine {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Machine { memory_bytes: memory_kib().map(|it| it << 10), processors }
}
