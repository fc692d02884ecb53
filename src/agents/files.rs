//! Small files of a run: each is there whole or not at all, and only this user may read it. A project may come from
//! somebody else, with folders of runs in it: nothing is written or read through a link, and nothing waits for a FIFO.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{AgentError, Result};
use crate::model::Visible;
use crate::regular_file;
use crate::staged_file::StagedFile;

/// Maximum size of a document: a wave plan may have many prompts.
const MOST_BYTES: u64 = 256 << 20;

/// Writes a document. It is not synced: after a power cut no process is left that it could be about.
pub(super) fn write(path: &Path, document: &impl Serialize) -> Result<()> {
    write_bytes(path, &bytes(path, document)?)
}

/// Writes a file, as a document is.
pub(super) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    let staged = StagedFile::of(path);
    let written = staged.create_private().and_then(|mut file| file.write_all(bytes));
    written.and_then(|()| staged.replace_unsynced()).map_err(|source| failed("write", path, source))
}

/// Takes the space for a document that is to be written later: it can then be written to a full disk.
pub(super) fn reserve(path: &Path, bytes: usize) -> Result<()> {
    let reserved = create(&reserved(path)).and_then(|mut file| file.write_all(&vec![b' '; bytes]));
    reserved.map_err(|source| failed("write", path, source))
}

/// Writes a document into the space that was taken for it, which is given back only then.
pub(super) fn write_reserved(path: &Path, document: &impl Serialize) -> Result<()> {
    let (text, reserved) = (bytes(path, document)?, reserved(path));
    let mut file = match regular_file::open_beside(&reserved, OpenOptions::new().write(true)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return write_bytes(path, &text),
        opened => opened.map_err(|source| failed("write", path, source))?,
    };
    let written = file.write_all(&text).and_then(|()| file.set_len(text.len() as u64));
    written.and_then(|()| fs::rename(&reserved, path)).map_err(|source| failed("write", path, source))
}

fn reserved(path: &Path) -> PathBuf {
    path.with_extension("reserved")
}

fn bytes(path: &Path, document: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(document).map_err(|error| failed("write", path, io::Error::other(error)))
}

fn failed(what: &'static str, path: &Path, source: io::Error) -> AgentError {
    AgentError::File { what, path: path.to_owned(), source }
}

/// Reads a document; `None` if there is none, or none that can be read.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&regular_file::read_beside(path, MOST_BYTES).ok()?).ok()
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

/// Reads all documents in a folder.
pub(super) fn read_all<T: DeserializeOwned>(folder: &Path) -> Vec<T> {
    let paths = fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path());
    paths.filter(|it| it.extension().is_some_and(|it| it == "json")).filter_map(|it| read(&it)).collect()
}

/// Creates or empties a file.
pub(super) fn create(path: &Path) -> io::Result<File> {
    regular_file::open_beside(path, OpenOptions::new().write(true).create(true).truncate(true).mode(0o600))
}

/// Creates a file, if there is nothing.
pub(super) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Opens a file for its lock, and creates it if it is missing; what is in it stays.
pub(super) fn ensure_lock(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    regular_file::open_beside(path, &mut options).map_err(|source| failed("open", path, source))
}

/// Makes a folder; its parent must be there.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// The same, where it is no error if it is there.
pub(super) fn ensure_folder(path: &Path) -> Result<()> {
    match make_folder(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_folder(path) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_symlink() => {
            Err(failed("make the folder", path, io::Error::other("a link is in its place")))
        }
        made => made.map_err(|source| failed("make the folder", path, source)),
    }
}

/// Whether there is a folder, and not a link to one.
pub(super) fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|it| it.is_dir())
}
