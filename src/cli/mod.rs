//! The command line: what was typed becomes a request, and a report becomes text or JSON.

mod agent;
mod agents;
mod amend;
mod analytics;
mod approval;
mod argument;
mod bench;
mod cache;
mod choice;
mod client_budget;
mod completions;
mod config;
mod confirm;
mod context;
mod coord;
mod dates;
mod db;
mod delivery;
mod deploy;
mod diagnostics;
mod doctor;
mod document;
mod edge_case;
mod export;
mod failure;
mod former;
mod global;
mod help;
mod init;
mod internal;
mod interruption;
mod limits;
mod line_id;
mod lines;
mod load;
mod log;
mod message;
mod metrics;
mod named;
mod numbers;
mod opening;
mod output;
mod plural;
mod primary;
mod redis;
mod replica;
mod run;
mod schedule;
mod skill;
mod sync;
mod top;
mod typed;
mod update;
mod usage;

use std::cell::Cell;
use std::env;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use self::context::Context;
use self::failure::Failure;
use self::global::Global;
use self::internal::Internal;
use self::metrics::Counting;
use self::output::Output;
use self::typed::{Command, InternalCommand};
use crate::clock::Clock;
use crate::model::Exit;
use crate::settings::{Flags, Settings};
use crate::store::FormerNames;

pub use self::failure::FailureKind;

/// Parses the arguments, runs the command, prints its report, and returns the exit code.
#[must_use]
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().collect();
    if let Some(answered) = completions::answer(&arguments, typed::tree) {
        return answered;
    }
    let cli = match typed::parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage::answer(error, &arguments),
    };
    let no_color = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let output = Output::new(cli.global.json, cli.global.quiet, cli.global.color, no_color)
        .with_verbose(cli.global.verbose > 0)
        .with_wide(cli.global.wide);
    let performed = prepare(&cli.global, output).and_then(|context| {
        let counting = Counting::begin(&context, &cli.command);
        let ended = perform(&context, cli.command, &arguments);
        if let Some(counting) = counting {
            counting.end(&ended);
        }
        context.note_former_names();
        ended
    });
    match performed {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output.failure(&failure);
            failure.code.into()
        }
    }
}

/// Runs the command again if the database changed while it was read without locks, or if a replica failed. Nothing was printed
/// yet.
fn perform(context: &Context, command: Command, arguments: &[OsString]) -> Result<Exit, Failure> {
    if !matches!(command, Command::Completions(_) | Command::Man(_) | Command::Run(_) | Command::Internal(_)) {
        context.settings.require_usable_files()?;
    }
    match dispatch(context, command) {
        Err(failure) if failure.is_about_a_change() || context.gives_up_replica(&failure) => {
            match typed::parse(arguments) {
                Ok(again) => dispatch(context, again.command),
                Err(_) => Err(failure),
            }
        }
        ended => ended,
    }
}

fn dispatch(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(args) => context.decide(|context| init::run(context, &args)),
        Command::Deploy(args) => context.decide_one(|context| deploy::run(context, &args)),
        Command::Update(args) => context.decide_one(|context| update::run(context, &args)),
        Command::Load(args) => load::run(context, &args),
        Command::Log(args) => log::run(context, args),
        Command::Analytics(args) => analytics::run(context, &args),
        Command::Export(args) => export::run(context, &args),
        Command::Search(args) => skill::search::run(context, &args),
        Command::EdgeCase(args) => edge_case::run(context, args),
        Command::Agent(args) => agent::run(context, args),
        Command::Agents(args) => agents::run(context, &args),
        Command::Sync(args) => sync::run(context, &args),
        Command::Run(args) => run::run(context, &args),
        Command::Internal(Internal(InternalCommand::Become(args))) => Ok(run::run_become(context, &args)),
        Command::Schedule(args) => schedule::run(context, &args),
        Command::Bench(args) => bench::run(context, &args),
        Command::Skill(args) => skill::run(context, args),
        Command::Db(args) => db::run(context, args),
        Command::Cache(args) => cache::run(context, args),
        Command::Coord(args) => coord::run(context, args),
        Command::Doctor(args) => doctor::run(context, &args),
        Command::Metrics(args) => metrics::run(context, &args),
        Command::Top(args) => top::run(context, &args),
        Command::Config(args) => config::run(context, &args),
        Command::Completions(args) => completions::run(context, &args),
        Command::Man(args) => completions::man(context, &args, typed::tree()),
    }
}

fn prepare(global: &Global, output: Output) -> Result<Context, Failure> {
    // A file size limit must fail the write that exceeds it, and not kill the process.
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)))
        .map_err(|error| Failure::internal(&error.to_string()))?;
    diagnostics::start(global, output);
    let current_folder = env::current_dir()
        .map_err(|error| Failure::input(format!("the current folder is gone: {error}"), "Change to another folder."))?;
    let flags = Flags { db: global.db.clone(), redis_url: global.redis_url.clone(), cache: global.cache };
    let settings = Settings::resolve(&flags, &|name| env::var_os(name), &current_folder);
    if tracing::enabled!(tracing::Level::DEBUG) {
        for wrong in settings.unusable() {
            tracing::debug!("{wrong}; ignored by commands that do not use it");
        }
    }
    if let Some(foreign) = settings.passed_over() {
        output.warn(&format!("{foreign}; it is ignored"));
    }
    let names_database = global.db.is_some();
    let (clock, former, replica) = (Clock::System, FormerNames::default(), Cell::default());
    Ok(Context { settings, clock, output, former, names_database, replica, opened: Cell::default(), follower: None })
}
