//! `cfn bench …`.

mod compare;
mod growth;
mod scratch;
mod sql;
mod stress;

use clap::Subcommand;

use super::Verdict;
use super::context::Context;
use super::failure::Failure;
use crate::bench::statistics::Summary;

/// Measure cfn on this machine
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn bench growth
  cfn bench compare
  cfn bench stress --workers 10 --duration 60s")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Growth(growth::Args),
    Compare(compare::Args),
    Sql(sql::Args),
    Stress(stress::Args),
}

pub(super) fn run(context: &Context, args: Args) -> Result<Verdict, Failure> {
    match args.command {
        Command::Growth(args) => growth::run(context, &args),
        Command::Compare(args) => compare::run(context, &args),
        Command::Sql(args) => sql::run(context, &args),
        Command::Stress(args) => stress::run(context, &args),
    }
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
