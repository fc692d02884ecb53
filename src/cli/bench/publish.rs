//! Where the page of a measurement goes.

use std::path::Path;

use crate::cli::context::Context;
use crate::cli::document;
use crate::cli::failure::Failure;
use crate::model::Visible;

/// Writes a page, and prints its path.
pub(super) fn publish(context: &Context, path: &Path, html: &str) -> Result<(), Failure> {
    let path = context.absolute(path);
    document::publish(&path, html, None)?;
    context.output.note(&format!("wrote the page to {}", Visible(path.to_string_lossy())));
    Ok(())
}
