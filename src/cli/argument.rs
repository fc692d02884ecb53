//! Arguments that may be empty, and the commands that have them.

use super::failure::Failure;
use crate::model::LONGEST_USAGE_TEXT;

/// A command's name, and the function that adds its options.
pub(super) type Named = (&'static str, fn(clap::Command) -> clap::Command);

/// Treats an empty argument as absent, as scripts mean it.
pub(super) fn optional(argument: Option<&str>) -> Option<&str> {
    argument.map(str::trim).filter(|it| !it.is_empty())
}

/// Trims comma-separated words, and drops empty ones.
pub(super) fn words(typed: &[String]) -> Vec<String> {
    typed.iter().filter_map(|it| optional(Some(it))).map(str::to_owned).collect()
}

/// An id or a phase for the usage log; `None` if it is empty. Refuses what a server cannot hold: text that is too long for its
/// indexes, and NUL characters, at which C programs truncate.
pub(super) fn usage_text(name: &str, value: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(value) = value.filter(|it| !it.trim().is_empty()) else { return Ok(None) };
    let why = if value.contains('\0') {
        "contains a NUL character".to_owned()
    } else if value.len() > LONGEST_USAGE_TEXT {
        format!("has {} bytes, and at most {LONGEST_USAGE_TEXT} are allowed", value.len())
    } else {
        return Ok(Some(value.to_owned()));
    };
    Err(Failure::input(format!("{name} {why}"), "Correct it; nothing was logged for it."))
}
