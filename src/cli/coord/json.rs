//! Arguments that are JSON.

use crate::cli::failure::Failure;

/// Reads an argument that is JSON.
pub(super) fn json(what: &str, text: &str) -> Result<serde_json::Value, Failure> {
    let wrong = |error| Failure::input(format!("{what} is not JSON: {error}"), "Nothing was changed; correct it.");
    serde_json::from_str(text).map_err(wrong)
}
