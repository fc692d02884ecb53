//! `cfn agent …`.

mod container;
mod end;
mod engine;
mod following;
mod given;
mod load_page;
mod load_report;
mod load_test;
mod logs;
mod monitor;
mod place;
mod pool;
mod ps;
mod said;
mod spawn;
mod starting;
mod stream;
mod supervise;
mod telling;
mod wave;
mod wave_report;
mod within;

use clap::{Args as _, Subcommand};

pub(super) use engine::engine_variables;

use super::argument::Named;
use super::context::Context;
use super::failure::Failure;
use super::internal::Internal;
use crate::model::Exit;

/// Run agents: each with its skills, its limits and its deadline, and nothing left behind
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent spawn backend-developer --task task-100 --memory 1g --timeout 600 -- ./agent.sh
  cfn agent ps
  cfn agent logs agent-backend-developer-1764201600000-a1b2c3d -f
  cfn agent stop --task task-100")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Spawn(Box<spawn::Args>),
    Wave(Box<wave::Args>),
    Monitor(monitor::Args),
    LoadTest(Box<load_test::Args>),
    Ps(ps::Args),
    Show(ps::ShowArgs),
    Logs(logs::Args),
    Wait(end::WaitArgs),
    Stop(end::StopArgs),
    Cleanup(end::CleanupArgs),
    Pool(pool::Args),
    #[command(flatten)]
    Internal(Internal<InternalCommand>),
}

#[derive(Debug, Subcommand)]
enum InternalCommand {
    Supervise(supervise::Args),
    Within(within::Args),
}

/// Each of them, to be built only if it is typed.
pub(super) const COMMANDS: [Named; 13] = [
    ("spawn", spawn::Args::augment_args),
    ("wave", wave::Args::augment_args),
    ("monitor", monitor::Args::augment_args),
    ("load-test", load_test::Args::augment_args),
    ("ps", ps::Args::augment_args),
    ("show", ps::ShowArgs::augment_args),
    ("logs", logs::Args::augment_args),
    ("wait", end::WaitArgs::augment_args),
    ("stop", end::StopArgs::augment_args),
    ("cleanup", end::CleanupArgs::augment_args),
    ("pool", pool::Args::augment_args),
    ("supervise", supervise::Args::augment_args),
    ("within", within::Args::augment_args),
];

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    match args.command {
        Command::Spawn(args) => spawn::run(context, &args),
        Command::Wave(args) => Ok(wave::run(context, &args)),
        Command::Monitor(args) => Ok(monitor::run(context, &args)),
        Command::LoadTest(args) => load_test::run(context, &args),
        Command::Ps(args) => ps::run(context, &args),
        Command::Show(args) => ps::show(context, &args),
        Command::Logs(args) => logs::run(context, &args),
        Command::Wait(args) => end::wait(context, &args),
        Command::Stop(args) => end::stop(context, &args),
        Command::Cleanup(args) => end::cleanup(context, &args),
        Command::Pool(args) => pool::run(context, &args),
        Command::Internal(Internal(InternalCommand::Within(args))) => within::run(context, &args),
        Command::Internal(Internal(InternalCommand::Supervise(args))) => supervise::run(context, &args),
    }
}
