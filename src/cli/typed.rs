//! The tree of commands, and parsing with as little of it as possible.

#[cfg(test)]
mod requirements;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Args as _, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use super::argument::Named;
use super::global::Global;
use super::internal::Internal;
use super::{
    agent, agents, analytics, bench, cache, completions, config, coord, db, deploy, doctor, edge_case, export, help,
    init, load, log, metrics, run, schedule, skill, sync, top, update,
};

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

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(init::Args),
    Deploy(deploy::Args),
    Update(update::Args),
    Load(load::Args),
    Export(export::Args),
    Log(log::Args),
    Analytics(analytics::Args),
    Search(skill::search::Args),
    Agent(agent::Args),
    Agents(agents::Args),
    EdgeCase(edge_case::Args),
    Sync(sync::Args),
    Schedule(schedule::Args),
    Run(run::Args),
    Bench(bench::Args),
    Skill(skill::Args),
    Db(db::Args),
    Cache(cache::Args),
    Coord(coord::Args),
    Doctor(doctor::Args),
    Metrics(metrics::Args),
    Top(top::Args),
    Config(config::Args),
    Completions(completions::Args),
    Man(completions::ManArgs),
    #[command(flatten)]
    Internal(Internal<InternalCommand>),
}

#[derive(Debug, Subcommand)]
pub(super) enum InternalCommand {
    Become(run::BecomeArgs),
}

/// All commands with their options but the internal ones, for completions, manual pages, help and hints.
pub(super) fn tree() -> clap::Command {
    Cli::command()
}

/// Commands that are started often, beside those of `agent` and `skill`. All others are parsed with the full tree.
const COMMANDS: [Named; 12] = [
    ("init", init::Args::augment_args),
    ("deploy", deploy::Args::augment_args),
    ("update", update::Args::augment_args),
    ("load", load::Args::augment_args),
    ("export", export::Args::augment_args),
    ("log", log::Args::augment_args),
    ("analytics", analytics::Args::augment_args),
    ("search", skill::search::Args::augment_args),
    ("sync", sync::Args::augment_args),
    ("bench", bench::Args::augment_args),
    ("db", db::Args::augment_args),
    ("become", run::BecomeArgs::augment_args),
];

/// Groups of such commands.
const GROUPS: [(&str, &[Named]); 2] = [("agent", &agent::COMMANDS), ("skill", &skill::COMMANDS)];

/// Parses the arguments. Building the full tree takes a fifth of a short command's time, so this builds only the
/// command that is named first. For help and errors, and where that name was the value of an option, it falls back to
/// the full tree, which has no internal command; the version needs none.
pub(super) fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let cfn = clap::Command::new("cfn").version(env!("CARGO_PKG_VERSION"));
    let tree = Global::augment_args(cfn).subcommands(first_named(arguments));
    match tree.try_get_matches_from(arguments).and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches)) {
        Err(error) if error.kind() != ErrorKind::DisplayVersion => parse_fully(arguments),
        parsed => parsed,
    }
}

fn first_named(arguments: &[OsString]) -> Option<clap::Command> {
    let built = |commands: &[Named], typed: &OsString| {
        let (name, build) = commands.iter().find(|(name, _)| typed == name)?;
        Some(build(clap::Command::new(*name)))
    };
    arguments.iter().enumerate().find_map(|(at, typed)| {
        let Some((group, commands)) = GROUPS.iter().find(|(name, _)| typed == name) else {
            return built(&COMMANDS, typed);
        };
        let nested = arguments[at..].iter().find_map(|it| built(commands, it));
        Some(clap::Command::new(*group).subcommands(nested))
    })
}

fn parse_fully(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut tree = help::arranged(tree());
    let mut matches = tree.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut tree))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_commands_may_be_values() {
        let parsed = |words: &str| parse(&words.split(' ').map(OsString::from).collect::<Vec<_>>());
        let command = |words| parsed(words).map(|it| it.command);
        assert!(matches!(command("cfn load agent"), Ok(Command::Load(_))));
        assert!(matches!(command("cfn load skill --context deploy"), Ok(Command::Load(_))));
        assert!(matches!(command("cfn --db load skill show agent"), Ok(Command::Skill(_))));
        assert!(matches!(command("cfn --db skill deploy 1 load load/SKILL.md domain agent"), Ok(Command::Deploy(_))));
        assert!(matches!(command("cfn top --db load"), Ok(Command::Top(_))));
        assert!(command("cfn load").is_err());
    }

    #[test]
    fn every_command_that_is_started_often_is_one() {
        let tree = tree();
        let of_group = |group, name: &str| tree.find_subcommand(group)?.find_subcommand(name);
        let mut internal: Vec<_> = COMMANDS.map(|it| it.0).into();
        internal.retain(|it| tree.find_subcommand(it).is_none());
        for (group, commands) in GROUPS {
            internal.extend(commands.iter().map(|it| it.0).filter(|it| of_group(group, it).is_none()));
        }
        assert_eq!(internal, ["become", "supervise", "within"], "no tree shows what only cfn itself starts");
    }
}
