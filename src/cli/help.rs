//! The layout of help: `-h` is short; `--help` adds the examples and ends with the global options, one line each.

use clap::{Arg, Args as _, Command};

use super::global::Global;

/// What `-h` says in place of the examples and the global options.
const MORE: &str = "Examples and global options: --help";

/// Lays out the help of a command and its subcommands.
pub(super) fn arranged(command: Command) -> Command {
    arrange(command, &global_options())
}

fn arrange(command: Command, global: &str) -> Command {
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let long = format!("{examples}\n\n{global}");
    let hidden = |it: Arg| if it.is_global_set() { it.hide(true) } else { it };
    let command = command.mut_args(hidden).after_help(MORE).after_long_help(long.trim_start().to_owned());
    command.mut_subcommands(|it| arrange(it, global))
}

/// The global options, one line each.
fn global_options() -> String {
    let options = Global::augment_args(clap::Command::new("cfn"));
    let rows: Vec<_> = options.get_arguments().map(|it| (usage(it), it.get_help().map(ToString::to_string))).collect();
    let width = rows.iter().map(|(usage, _)| usage.len()).max().unwrap_or_default();
    let lines = rows.iter().map(|(usage, help)| format!("  {usage:width$}  {}", help.as_deref().unwrap_or_default()));
    std::iter::once("Global options:".to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

fn usage(option: &Arg) -> String {
    let short = option.get_short().map_or_else(|| "    ".to_owned(), |it| format!("-{it}, "));
    let value = option.get_value_names().filter(|_| option.get_action().takes_values());
    let value = value.and_then(|it| it.first()).map(|it| format!(" <{it}>")).unwrap_or_default();
    format!("{short}--{}{value}", option.get_long().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::global_options;

    #[test]
    fn each_global_option_is_on_a_line_that_fits() {
        let options = global_options();
        assert_eq!(options.lines().count(), 9, "{options}");
        assert!(options.lines().all(|it| it.len() <= 80), "{options}");
        assert!(options.contains("\n  -q, --quiet "), "{options}");
    }
}
