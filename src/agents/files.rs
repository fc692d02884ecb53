//! Small files of a run: each is there whole or not at all, and only this user may read it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{AgentError, Result};
use crate::model::Visible;
use crate::regular_file;

/// Maximum size of a document: a wave plan may have many prompts.
const MOST_BYTES: u64 = 256 << 20;

/// Writes a document. It is not synced: after a power cut no process is left that it could be about.
pub(super) fn write(path: &Path, document: &impl Serialize) -> Result<()> {
    let fail = |source| AgentError::File { what: "write", path: path.to_owned(), source };
    let text = serde_json::to_vec(document).map_err(|error| fail(io::Error::other(error)))?;
    let staged = staged(path);
    let options = || OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&staged);
    // What was reserved is used, and given back only then.
    let written = options().and_then(|mut file| file.write_all(&text).and_then(|()| file.set_len(text.len() as u64)));
    written.and_then(|()| fs::rename(&staged, path)).map_err(fail)
}

/// Takes the space for a document that is to be written later: it can then be written to a full disk.
pub(super) fn reserve(path: &Path, bytes: usize) -> Result<()> {
    let fail = |source| AgentError::File { what: "write", path: path.to_owned(), source };
    create(&staged(path)).and_then(|mut file| file.write_all(&vec![b' '; bytes])).map_err(fail)
}

fn staged(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// Reads a document; `None` if there is none, or none that can be read.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&regular_file::read(path, MOST_BYTES).ok()?).ok()
}

/// Reads a document that a user names, which is a `kind`.
pub(super) fn read_named<T: DeserializeOwned>(path: &Path, kind: &'static str) -> Result<T> {
    let fail = |source| AgentError::File { what: "read", path: path.to_owned(), source };
    let bytes = regular_file::read(path, MOST_BYTES).map_err(fail)?;
    serde_json::from_slice(&bytes).map_err(|error| AgentError::Unusable {
        kind,
        path: path.to_owned(),
        what: Visible(error.to_string()).to_string(),
    })
}

/// Creates or empties a file.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Creates a file with a lock on it.
pub(super) fn create_locked(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    file.try_lock()?;
    Ok(file)
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
