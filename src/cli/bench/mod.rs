//! `cfn bench …`.

mod compare;
mod growth;
mod html;
mod publish;
mod scratch;
mod sql;
mod stress;
mod suite;
mod table;

use clap::Subcommand;

use super::context::Context;
use super::failure::Failure;
use crate::cli::interruption::Interruption;
use crate::model::Exit;

/// Measure cfn on this machine, against targets and a baseline
///
/// Measures seven operations in turn, on a database generated in a temporary folder (or a copy of --db). All are whole
/// processes, except cached loading. The median of each is compared with its target; the score summarises them. Exits
/// 10 if a target was missed, or if an operation regressed against the baseline, beyond noise, or could not be compared
/// with it. Ctrl-C reports the samples so far and exits 130.
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

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if let Some(Command::Sql(args)) = &args.command
        && args.once
    {
        return sql::once(context, args);
    }
    let stop = Interruption::listen()?;
    stop.verdict(match &args.command {
        None => suite::run(context, &args.suite, &stop),
        Some(Command::Growth(args)) => growth::run(context, args, &stop),
        Some(Command::Compare(args)) => compare::run(context, args, &stop),
        Some(Command::Sql(args)) => sql::run(context, args, &stop),
        Some(Command::Stress(args)) => stress::run(context, args, &stop),
    })
}
