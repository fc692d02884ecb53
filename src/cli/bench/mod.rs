//! `cfn bench …`.

mod compare;
mod growth;
mod html;
mod scratch;
mod sql;
mod stress;
mod suite;

use std::path::Path;

use clap::Subcommand;

use super::Verdict;
use super::context::Context;
use super::failure::Failure;
use super::page;
use crate::bench::statistics::Summary;
use crate::model::Visible;

/// Measure cfn on this machine, against targets and an earlier run
///
/// Seven operations, in turn, on a database that is made up in a temporary folder (with --db: on a copy of that one), as whole processes
/// except for cached loading. The median of each is held against its target; the score sums them up. Exit 10 if a target was missed,
/// or if an operation became slower than the baseline allows, noise excluded. Ctrl-C reports what there is.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  cfn bench
  cfn bench --quick --markdown >> \"$GITHUB_STEP_SUMMARY\"
  cfn bench --json > before.json
  cfn bench --baseline before.json --max-regression 10% --html bench.html
  cfn bench --samples run.jsonl; cfn bench --from run.jsonl
  cfn bench growth
  cfn bench compare
  cfn bench stress --workers 10 --duration 60s"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    suite: suite::Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    Growth(growth::Args),
    Compare(compare::Args),
    Sql(sql::Args),
    Stress(stress::Args),
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    match &args.command {
        None => suite::run(context, &args.suite),
        Some(Command::Growth(args)) => growth::run(context, args),
        Some(Command::Compare(args)) => compare::run(context, args),
        Some(Command::Sql(args)) => sql::run(context, args),
        Some(Command::Stress(args)) => stress::run(context, args),
    }
}

/// Writes a page, and says where.
fn publish(context: &Context, path: &Path, html: &str) -> Result<(), Failure> {
    let path = page::publish(&context.settings.current_folder.join(path), html)?;
    context.output.note(&format!("the page is in {}", Visible(path.to_string_lossy())));
    Ok(())
}

/// Runs, minimum, mean, median, 95th and 99th percentile, standard deviation.
const FIGURES: [&str; 7] = ["runs", "min", "mean", "median", "p95", "p99", "sd"];

fn figures(summary: Option<&Summary>) -> Vec<String> {
    let Some(it) = summary else { return vec!["-".to_owned(); FIGURES.len()] };
    let mut cells = vec![it.runs.to_string()];
    cells.extend([it.minimum, it.mean, it.median, it.p95, it.p99, it.standard_deviation].map(ms));
    cells
}

/// Two digits after the point, and more where a figure would be nothing without them.
fn ms(milliseconds: f64) -> String {
    if milliseconds < 0.1 { format!("{milliseconds:.4}") } else { format!("{milliseconds:.2}") }
}
