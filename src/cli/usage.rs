//! Output for arguments that cannot be parsed, and for --help and --version.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::failure::{Failure, FailureKind};
use super::output::{Color, Output};
use super::typed;
use crate::model::{Exit, Visible};

/// Prints help and the version on stdout. Everything else from clap is an invalid argument, whose text is escaped.
pub(super) fn answer(error: clap::Error, arguments: &[OsString]) -> ExitCode {
    let json = arguments.iter().any(|it| it == "--json");
    let output = Output::new(json, false, Color::Auto, true);
    if !error.use_stderr() {
        return match output.raw(error.render().to_string().as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                output.failure(&failure);
                failure.code.into()
            }
        };
    }
    let error = about_visible(error, arguments);
    let rendered = error.render().to_string();
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand && !json {
        output.help(&rendered);
        return Exit::Input.into();
    }
    let (message, hint) = rendered.split_once("\n\n").unwrap_or((&rendered, ""));
    let clean = |text: &str| {
        let short: String = text.chars().take(600).collect();
        let lines: Vec<String> = short.lines().map(|line| Visible(line.trim()).to_string()).collect();
        lines.join(" ").trim().to_owned()
    };
    let message = clean(message.trim_start_matches("error: "));
    let hint = match elsewhere(&error) {
        Some(hint) => hint,
        None if hint.is_empty() => "Run it with --help.".to_owned(),
        None => clean(hint),
    };
    let failure = Failure::new(FailureKind::InvalidArguments, message, hint);
    output.failure(&failure);
    failure.code.into()
}

/// The same error about arguments of which everything is seen: in a message, clap drops what a terminal would obey, and nothing
/// tells the line ends of an argument from its own.
fn about_visible(mut error: clap::Error, arguments: &[OsString]) -> clap::Error {
    let seen: Vec<_> = arguments.iter().map(|it| Visible(it.to_string_lossy()).to_string().into()).collect();
    match typed::parse(&seen) {
        Err(of_seen) if of_seen.kind() == error.kind() => return of_seen,
        _ => {} // a value that would be valid if it were escaped
    }
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) {
        let seen = Visible(value).to_string();
        error.insert(ContextKind::InvalidValue, ContextValue::String(seen));
    }
    error
}

/// Suggests the command that a misplaced word belongs to: 'cfn list' is 'cfn skill list'.
fn elsewhere(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let places = places(&typed::tree(), word);
    let (last, others) = places.split_last()?;
    let others = if others.is_empty() { String::new() } else { format!("{} or ", others.join(", ")) };
    Some(format!("It is {others}{last}."))
}

/// All commands with this name at the highest level that has one; skill commands first.
fn places(cfn: &Command, word: &str) -> Vec<String> {
    let mut groups = vec![("cfn".to_owned(), cfn)];
    while !groups.is_empty() {
        let below: Vec<_> = groups
            .iter()
            .flat_map(|(path, group)| group.get_subcommands().map(move |it| (format!("{path} {}", it.get_name()), it)))
            .collect();
        let mut found: Vec<_> =
            below.iter().filter(|(_, it)| it.get_name() == word).map(|(path, _)| format!("'{path}'")).collect();
        if !found.is_empty() {
            found.sort_by_key(|it| !it.starts_with("'cfn skill "));
            return found;
        }
        groups = below;
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    fn places(word: &str) -> Vec<String> {
        super::places(&crate::cli::typed::tree(), word)
    }

    #[test]
    fn commands_are_found_wherever_they_are() {
        assert_eq!(places("list"), ["'cfn skill list'", "'cfn edge-case list'"]);
        assert_eq!(places("show"), ["'cfn skill show'", "'cfn log show'", "'cfn agent show'", "'cfn edge-case show'"]);
        assert_eq!(places("backup"), ["'cfn db backup'"]);
        assert!(places("status").len() > 1);
        assert_eq!(places("nothing"), Vec::<String>::new());
    }
}
