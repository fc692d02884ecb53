//! Commands that only cfn itself starts.

use clap::{ArgMatches, Command, Error, FromArgMatches, Subcommand};

/// Such commands: they can be parsed where their names are asked for, but no tree of commands has them, and so neither help,
/// manual pages, completions nor hints.
#[derive(Debug)]
pub(super) struct Internal<C>(pub(super) C);

impl<C: Subcommand> Subcommand for Internal<C> {
    fn augment_subcommands(command: Command) -> Command {
        command
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        command
    }

    fn has_subcommand(name: &str) -> bool {
        C::has_subcommand(name)
    }
}

impl<C: FromArgMatches> FromArgMatches for Internal<C> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        C::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        C::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}
