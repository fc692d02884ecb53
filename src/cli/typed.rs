//! The tree of commands, and parsing with as little of it as possible.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args as _, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use super::output::Color;
use super::{
    agents, analytics, bench, cache, completions, config, db, deploy, help, init, load, log, skill, sync, update,
};
use crate::settings::CachePolicy;

/// A skills database for fleets of AI coding agents: deploys approved skills, records their versions and approvals, and
/// loads the right ones for each agent type.
#[derive(Debug, Parser)]
#[command(name = "cfn", version, max_term_width = 100, after_help = EXAMPLES)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
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
pub(super) struct Global {
    /// Skills database [env: CFN_SKILLS_DB_PATH]
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    pub(super) db: Option<PathBuf>,
    /// Redis server for the query cache [env: CFN_REDIS_URL]
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options")]
    pub(super) redis_url: Option<OsString>,
    /// Use the cache: auto, always or never [env: CFN_CACHE]
    #[arg(long, global = true, value_name = "WHEN", value_parser = cache_policy(), help_heading = "Global options")]
    pub(super) cache: Option<CachePolicy>,
    /// Print one JSON document
    #[arg(long, global = true, help_heading = "Global options")]
    pub(super) json: bool,
    /// Show all columns of tables, however wide
    #[arg(long, global = true, help_heading = "Global options")]
    pub(super) wide: bool,
    /// Print more diagnostics (-vv: even more) [env: RUST_LOG]
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub(super) verbose: u8,
    /// Print only errors to stderr
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub(super) quiet: bool,
    /// Use colours: auto, always or never [env: NO_COLOR]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub(super) color: Color,
}

fn cache_policy() -> impl TypedValueParser<Value = CachePolicy> {
    PossibleValuesParser::new(["auto", "always", "never"]).try_map(|it| it.parse::<CachePolicy>())
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(init::Args),
    Deploy(deploy::Args),
    Update(update::Args),
    Load(load::Args),
    Log(log::Args),
    Analytics(analytics::Args),
    Agents(agents::Args),
    Sync(sync::Args),
    Bench(bench::Args),
    Skill(skill::Args),
    Db(db::Args),
    Cache(cache::Args),
    Config(config::Args),
    Completions(completions::Args),
    Man(completions::ManArgs),
}

/// All commands with their options, for completions, manual pages and hints.
pub(super) fn tree() -> clap::Command {
    Cli::command()
}

type Build = fn(clap::Command) -> clap::Command;

/// Commands that are started often. All others are parsed with the full tree.
const COMMANDS: [(&str, Build); 10] = [
    ("init", init::Args::augment_args),
    ("deploy", deploy::Args::augment_args),
    ("update", update::Args::augment_args),
    ("load", load::Args::augment_args),
    ("log", log::Args::augment_args),
    ("analytics", analytics::Args::augment_args),
    ("sync", sync::Args::augment_args),
    ("bench", bench::Args::augment_args),
    ("skill", skill::Args::augment_args),
    ("db", db::Args::augment_args),
];

/// Parses the arguments. Building the full tree takes a fifth of a short command's time, so this builds only the
/// commands that the arguments name. For help and errors it falls back to the full tree.
pub(super) fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let typed = COMMANDS.iter().filter(|(name, _)| arguments.iter().any(|argument| argument == name));
    let commands = typed.map(|(name, build)| build(clap::Command::new(*name)));
    let tree = Global::augment_args(clap::Command::new("cfn")).subcommands(commands);
    match tree.try_get_matches_from(arguments).and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches)) {
        Ok(cli) => Ok(cli),
        Err(_) => parse_fully(arguments),
    }
}

fn parse_fully(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut tree = help::arranged(tree());
    let mut matches = tree.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut tree))
}
