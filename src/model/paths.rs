//! Paths in JSON. Bytes that are not UTF-8 are replaced, so that a report can always show a path.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

/// Serialises a path as text.
pub fn path_as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    path.to_string_lossy().serialize(serializer)
}

/// Serialises an optional path as text.
pub fn maybe_path_as_text<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|it| it.to_string_lossy()).serialize(serializer)
}

/// Serialises paths as text; what is no UTF-8 is replaced.
pub fn paths_as_text<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|it| it.to_string_lossy()))
}
