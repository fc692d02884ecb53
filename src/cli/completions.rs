//! `cfn completions` and `cfn man`.

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
    /// The page of a command, such as deploy or skill-list
    command: Option<String>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "cfn", &mut script);
    context.output.raw(&script)?;
    Ok(Verdict::Done)
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
