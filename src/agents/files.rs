//! Small files of a run: each is there whole or not at all, and only this user may read it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{AgentError, Result};

/// Writes a document. It is not synced: after a power cut no process is left that it could be about.
pub(super) fn write(path: &Path, document: &impl Serialize) -> Result<()> {
    let fail = |source| AgentError::File { what: "write", path: path.to_owned(), source };
    let text = serde_json::to_vec(document).map_err(|error| fail(io::Error::other(error)))?;
    let staged = path.with_extension("new");
    let written = create(&staged).and_then(|mut file| file.write_all(&text));
    written.and_then(|()| fs::rename(&staged, path)).map_err(fail)
}

/// Reads a document; `None` if there is none, or none that can be read.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Creates or empties a file.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Makes a folder; its parent must be there.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// The same, where it is no error if it is there.
pub(super) fn ensure_folder(path: &Path) -> Result<()> {
    match make_folder(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made.map_err(|source| AgentError::File { what: "make the folder", path: path.to_owned(), source }),
    }
}
