//! Paths in JSON. A path may have bytes that are no text; a report shows it as well as it can be rather than not at all.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

/// Writes a path as text.
pub fn path_as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    path.to_string_lossy().serialize(serializer)
}

/// The same where there may be none.
pub fn maybe_path_as_text<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|it| it.to_string_lossy()).serialize(serializer)
}
