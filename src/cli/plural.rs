//! Numbers in sentences.

use std::fmt::Display;

/// `1 file`, `2 files`.
pub(super) fn counted(count: impl Display, noun: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
