//! Arguments that may be empty, and the commands that have them.

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
