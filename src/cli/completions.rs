//! `cfn completions` and `cfn man`. The completion scripts call cfn for the candidates.

mod names;

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap_complete::Shell;
use clap_complete::env::Shells;

use super::context::Context;
use super::failure::Failure;
use super::output::{Color, Output};
use crate::model::Exit;

/// The variable that a completion script sets to the name of its shell.
const ASKED_BY: &str = "CFN_COMPLETE";

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

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let unknown = || Failure::internal("there is no completion for this shell");
    let shells = Shells::builtins();
    let shell = shells.completer(&args.shell.to_string()).ok_or_else(unknown)?;
    let mut script = Vec::new();
    let written = shell.write_registration(ASKED_BY, "cfn", "cfn", &program(), &mut script);
    written.map_err(|error| Failure::internal(&error.to_string()))?;
    context.output.raw(&script)?;
    Ok(Exit::Done)
}

/// The program that the script calls: `cfn`, or this very one if it was called by its path, so that it need not be on the PATH. A
/// path that a shell would not take as it is stays out of the script.
fn program() -> String {
    let by_path = env::args_os().next().is_some_and(|it| it.as_encoded_bytes().contains(&b'/'));
    let path = env::current_exe().ok().filter(|_| by_path).and_then(|it| it.into_os_string().into_string().ok());
    let is_plain = |it: &String| it.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._+-".contains(&byte));
    path.filter(is_plain).unwrap_or_else(|| "cfn".to_owned())
}

/// Prints the candidates if a completion script calls. Prints nothing else: the shell would show it in the middle of the
/// line that the user types.
pub(super) fn answer(arguments: &[OsString], tree: fn() -> clap::Command) -> Option<ExitCode> {
    let shell = env::var_os(ASKED_BY).filter(|it| !it.is_empty())?;
    let code = match offer(&shell, arguments, tree) {
        Some(words) if Output::new(false, true, Color::Never, true).raw(&words).is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    };
    Some(code)
}

/// The candidates, in the format of the shell.
fn offer(shell: &OsStr, arguments: &[OsString], tree: fn() -> clap::Command) -> Option<Vec<u8>> {
    let shells = Shells::builtins();
    let shell = shells.completer(shell.to_str()?)?;
    let typed = arguments.iter().skip_while(|it| *it != "--").skip(1).cloned().collect::<Vec<_>>();
    let mut command = names::with_live_names(tree(), &typed);
    let mut words = Vec::new();
    shell.write_complete(&mut command, typed, env::current_dir().ok().as_deref(), &mut words).ok()?;
    Some(words)
}

pub(super) fn man(context: &Context, args: &ManArgs, cfn: clap::Command) -> Result<Exit, Failure> {
    let mut command = cfn;
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
    Ok(Exit::Done)
}
