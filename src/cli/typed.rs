//! Parses the arguments with a command tree as small as possible.

use std::ffi::OsString;

use clap::{Args as _, FromArgMatches as _, Parser as _};

use super::{Cli, Global, analytics, bench, db, deploy, init, load, log, skill, sync, update};

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
        Err(_) => Cli::try_parse_from(arguments),
    }
}
