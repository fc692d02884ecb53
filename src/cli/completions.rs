//! `cfn completions` and `cfn man`.

use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;

use super::Verdict;
use super::context::Context;
use super::failure::Failure;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn completions bash > ~/.local/share/bash-completion/completions/cfn
  cfn completions zsh > ~/.zfunc/_cfn
  cfn completions fish > ~/.config/fish/completions/cfn.fish")]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

/// Print the manual page
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn man | man -l -
  cfn man skill-rollback > cfn-skill-rollback.1")]
pub(super) struct ManArgs {
    /// Print the page of this command, such as deploy or skill-list
    command: Option<String>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    let mut script = Vec::new();
    let mut command = hinted(super::command());
    clap_complete::generate(args.shell, &mut command, "cfn", &mut script);
    if args.shell == Shell::Fish {
        script.extend(fish_words(&command, &[]).into_bytes());
    }
    context.output.raw(&script)?;
    Ok(Verdict::Done)
}

/// Stops shells from completing file names for arguments that are not paths, which is their default.
fn hinted(command: Command) -> Command {
    let no_file = |it: Arg| {
        let unknown = it.get_action().takes_values() && it.get_value_hint() == ValueHint::Unknown;
        if unknown && it.get_possible_values().is_empty() { it.value_hint(ValueHint::Other) } else { it }
    };
    command.mut_args(no_file).mut_subcommands(hinted)
}

/// Completes the words of positional arguments in fish, which the library leaves out.
fn fish_words(command: &Command, path: &[&str]) -> String {
    let condition = match path {
        [] => String::new(),
        [first] => format!("__fish_cfn_using_subcommand {first}"),
        [first, .., last] => format!("__fish_cfn_using_subcommand {first}; and __fish_seen_subcommand_from {last}"),
    };
    let values = command.get_positionals().flat_map(Arg::get_possible_values);
    let words: Vec<_> = values.map(|it| it.get_name().to_owned()).collect();
    let mut lines = String::new();
    if !words.is_empty() {
        lines = format!("complete -c cfn -n \"{condition}\" -a \"{}\"\n", words.join(" "));
    }
    for below in command.get_subcommands() {
        lines += &fish_words(below, &[path, &[below.get_name()]].concat());
    }
    lines
}

pub(super) fn man(context: &Context, args: &ManArgs) -> Result<Verdict, Failure> {
    let mut command = super::command();
    command.build();
    let mut name = "cfn".to_owned();
    for part in args.command.iter().flat_map(|it| it.split('-')) {
        let found = command.find_subcommand(part).cloned();
        command =
            found.ok_or_else(|| Failure::input("there is no such command", "'cfn --help' lists the commands."))?;
        name = format!("{name}-{part}");
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .title(name)
        .render(&mut page)
        .map_err(|error| Failure::internal(&error.to_string()))?;
    context.output.raw(&page)?;
    Ok(Verdict::Done)
}
