//! clap does not ask for an argument that another one requires where the former conflicts with a third that is given. So
//! that no option is ignored, each must itself conflict with the third.

use std::collections::BTreeSet;

use clap::builder::ValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction};

use super::tree;

#[test]
fn an_option_conflicts_with_all_that_the_options_it_requires_conflict_with() {
    let mut root = any_values(tree());
    root.build();
    let (mut requirements, mut ignored) = (0, Vec::new());
    for parser in parsers(root) {
        let (found, of_command) = parser.ignored();
        requirements += found;
        ignored.extend(of_command);
    }
    assert!(requirements > 40, "only {requirements} requirements were found");
    assert!(ignored.is_empty(), "{ignored:#?}");
}

#[test]
fn an_option_that_would_be_ignored_is_found() {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let flags = [flag("dependent").requires("required"), flag("required"), flag("other").conflicts_with("required")];
    let mut command = clap::Command::new("cfn").args(flags);
    command.build();
    assert_eq!(Parser(command).ignored(), (1, vec!["cfn: --dependent with --other, for --required".to_owned()]));
}

/// The same commands, which take every word as a value.
fn any_values(command: clap::Command) -> clap::Command {
    let takes = |it: Arg| if it.get_action().takes_values() { it.value_parser(ValueParser::os_string()) } else { it };
    command.mut_args(takes).mut_subcommands(any_values)
}

/// Each command, and each group, which may do something too.
fn parsers(command: clap::Command) -> Vec<Parser> {
    let below: Vec<_> = command.get_subcommands().filter(|it| it.get_name() != "help").cloned().collect();
    below.into_iter().flat_map(parsers).chain([Parser(command)]).collect()
}

struct Parser(clap::Command);

impl Parser {
    /// The number of requirements, and the pairs of which one is ignored.
    fn ignored(&self) -> (usize, Vec<String>) {
        let arguments: Vec<_> =
            self.0.get_arguments().filter(|it| !matches!(it.get_id().as_str(), "help" | "version")).collect();
        let always = self.missing(&[]);
        let (mut requirements, mut ignored) = (0, Vec::new());
        for dependent in &arguments {
            let missing = &self.missing(&[dependent]) - &always;
            for required in arguments.iter().filter(|it| missing.contains(&it.to_string())) {
                requirements += 1;
                let others = arguments.iter().filter(|it| ![required, dependent].contains(it));
                let others = others.filter(|it| self.conflict(required, it) && !self.conflict(dependent, it));
                let name = self.0.get_bin_name().unwrap_or_else(|| self.0.get_name());
                ignored.extend(others.map(|it| format!("{name}: {dependent} with {it}, for {required}")));
            }
        }
        (requirements, ignored)
    }

    fn parse(&self, arguments: &[&Arg]) -> Result<(), clap::Error> {
        let mut words = vec!["cfn".to_owned()];
        for argument in arguments {
            words.extend(argument.get_long().map(|it| format!("--{it}")));
            words.extend(argument.get_action().takes_values().then(|| "1".to_owned()));
        }
        self.0.clone().try_get_matches_from(words).map(|_| ())
    }

    fn conflict(&self, one: &Arg, other: &Arg) -> bool {
        self.parse(&[one, other]).is_err_and(|it| it.kind() == ErrorKind::ArgumentConflict)
    }

    fn missing(&self, arguments: &[&Arg]) -> BTreeSet<String> {
        let Err(error) = self.parse(arguments) else { return BTreeSet::new() };
        match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::Strings(missing)) if error.kind() == ErrorKind::MissingRequiredArgument => {
                missing.iter().cloned().collect()
            }
            _ => BTreeSet::new(),
        }
    }
}
