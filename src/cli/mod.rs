//! The command line: what was typed becomes a request, and a report becomes text or JSON.

mod analytics;
mod approval;
mod bench;
mod cache;
mod choice;
mod completions;
mod config;
mod context;
mod db;
mod delivery;
mod deploy;
mod failure;
mod init;
mod lines;
mod load;
mod log;
mod output;
mod page;
mod skill;
mod sync;
mod typed;
mod update;
mod usage;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use self::context::Context;
use self::failure::Failure;
use self::output::{Color, Output};
use crate::clock::Clock;
use crate::model::Visible;
use crate::settings::{CachePolicy, Flags, Settings};

/// A skills database for fleets of AI coding agents: deploys approved skills, records their versions and approvals, and
/// loads the right ones for each agent type.
#[derive(Debug, Parser)]
#[command(name = "cfn", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cfn init --from skills --approve-as me@example.com
  cfn deploy 42 jwt-authentication skills/jwt-authentication/SKILL.md domain backend-developer
  cfn load backend-developer --context auth
  cfn update jwt-authentication 1.0.1 skills/jwt-authentication/SKILL.md

Exit codes:
  0 done   1 invalid arguments or input   2 file not readable   3 database error   4 skill not found
  5 invalid version increment   6 content unchanged   7 refused: approval or integrity
  8 busy: try again   9 an outside service failed   10 a target or a baseline was missed";

/// Options of every command.
#[derive(Debug, clap::Args)]
struct Global {
    /// Skills database [env: CFN_SKILLS_DB_PATH] [default: .claude/skills-database/skills.db in this folder or the
    /// nearest one above]
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    db: Option<PathBuf>,
    /// Redis server for the query cache: redis://, rediss:// or unix: [env: CFN_REDIS_URL] [default: none]
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options")]
    redis_url: Option<OsString>,
    /// When to use the query cache; auto: where it saves time [env: CFN_CACHE] [default: auto]
    #[arg(long, global = true, value_name = "WHEN", value_parser = cache_policy(), help_heading = "Global options")]
    cache: Option<CachePolicy>,
    /// Print one JSON document
    #[arg(long, global = true, help_heading = "Global options")]
    json: bool,
    /// Show all columns of tables, however wide
    #[arg(long, global = true, help_heading = "Global options")]
    wide: bool,
    /// Print more diagnostics to stderr (-vv: even more) [env: RUST_LOG]
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    verbose: u8,
    /// Print only errors to stderr
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    quiet: bool,
    /// When to use colours [env: NO_COLOR]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    color: Color,
}

fn cache_policy() -> impl clap::builder::TypedValueParser<Value = CachePolicy> {
    PossibleValuesParser::new(["auto", "always", "never"]).try_map(|it| it.parse::<CachePolicy>())
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Deploy(deploy::Args),
    Update(update::Args),
    Load(load::Args),
    Log(log::Args),
    Analytics(analytics::Args),
    Sync(sync::Args),
    Bench(bench::Args),
    Skill(skill::Args),
    Db(db::Args),
    Cache(cache::Args),
    Config(config::Args),
    Completions(completions::Args),
    Man(completions::ManArgs),
}

/// The result of a command that did not fail.
enum Verdict {
    /// Exit 0.
    Done,
    /// The command found a problem that has its own exit code.
    Found(u8),
}

/// Parses the arguments, runs the command, prints its report, and returns the exit code.
#[must_use]
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().collect();
    if let Some(answered) = completions::answer(&arguments) {
        return answered;
    }
    let cli = match typed::parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage::answer(&error, &arguments),
    };
    let no_color = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let output = Output::new(cli.global.json, cli.global.quiet, cli.global.color, no_color)
        .with_verbose(cli.global.verbose > 0)
        .with_wide(cli.global.wide);
    match prepare(&cli.global, output).and_then(|context| perform(&context, cli.command, &arguments)) {
        Ok(Verdict::Done) => ExitCode::SUCCESS,
        Ok(Verdict::Found(code)) => ExitCode::from(code),
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.code)
        }
    }
}

/// Runs the command again if the database changed while it was read without locks. Nothing was printed yet.
fn perform(context: &Context, command: Command, arguments: &[OsString]) -> Result<Verdict, Failure> {
    if !matches!(command, Command::Completions(_) | Command::Man(_)) {
        context.settings.require_usable_files()?;
    }
    match dispatch(context, command) {
        Err(failure) if failure.is_about_a_change() => match typed::parse(arguments) {
            Ok(again) => dispatch(context, again.command),
            Err(_) => Err(failure),
        },
        ended => ended,
    }
}

fn dispatch(context: &Context, command: Command) -> Result<Verdict, Failure> {
    match command {
        Command::Init(args) => init::run(context, &args),
        Command::Deploy(args) => deploy::run(context, &args),
        Command::Update(args) => update::run(context, &args),
        Command::Load(args) => load::run(context, &args),
        Command::Log(args) => log::run(context, args),
        Command::Analytics(args) => analytics::run(context, &args),
        Command::Sync(args) => sync::run(context, &args),
        Command::Bench(args) => bench::run(context, &args),
        Command::Skill(args) => skill::run(context, args),
        Command::Db(args) => db::run(context, args),
        Command::Cache(args) => cache::run(context, args),
        Command::Config(args) => config::run(context, &args),
        Command::Completions(args) => completions::run(context, &args),
        Command::Man(args) => completions::man(context, &args),
    }
}

fn prepare(global: &Global, output: Output) -> Result<Context, Failure> {
    // A file size limit must fail the write that exceeds it, and not kill the process.
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)))
        .map_err(|error| Failure::internal(&error.to_string()))?;
    diagnostics(global, output);
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
    Ok(Context { settings, clock: Clock::System, output, names_database })
}

/// Sets up diagnostics on stderr, only on request: it costs start-up time. `--quiet` and `--verbose` override
/// `RUST_LOG`, whose unsupported directives are ignored.
fn diagnostics(global: &Global, output: Output) {
    let asked = match env::var_os("RUST_LOG").filter(|it| !it.is_empty()) {
        _ if global.quiet => return,
        None if global.verbose == 0 => return,
        None => String::new(),
        Some(value) => value.to_string_lossy().into_owned(),
    };
    let (known, foreign) = directives(&asked);
    let filter: Targets = match global.verbose {
        0 => known,
        1 => [("cfn", LevelFilter::DEBUG)].into_iter().collect(),
        2.. => Targets::new().with_default(LevelFilter::TRACE),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(output::diagnostics_writer)
        .with_ansi(output.colors_stderr())
        .log_internal_errors(false); // it would panic where stderr is full
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    for directive in foreign {
        tracing::debug!("ignored {} in RUST_LOG: cfn does not support it", Visible(directive));
    }
}

/// Parses `TARGET=LEVEL`, `TARGET` and `LEVEL`; returns the other directives, such as spans and fields.
fn directives(asked: &str) -> (Targets, Vec<&str>) {
    let (mut known, mut foreign) = (Targets::new(), Vec::new());
    for directive in asked.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        match directive.parse::<Targets>() {
            Ok(parsed) if !directive.contains(['[', ']', '{', '}', '/']) => {
                known = match parsed.default_level() {
                    Some(level) => known.with_default(level),
                    None => known.with_targets(parsed),
                };
            }
            _ => foreign.push(directive),
        }
    }
    (known, foreign)
}

/// Treats an empty argument as absent, as scripts mean it.
fn optional(argument: Option<&str>) -> Option<&str> {
    argument.map(str::trim).filter(|it| !it.is_empty())
}

/// Trims comma-separated words, and drops empty ones.
fn words(typed: &[String]) -> Vec<String> {
    typed.iter().filter_map(|it| optional(Some(it))).map(str::to_owned).collect()
}

/// `1 file`, `2 files`.
fn counted(count: impl std::fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// The full command tree, for completions and manual pages.
fn command() -> clap::Command {
    Cli::command()
}
