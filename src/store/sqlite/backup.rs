//! Copies of a database.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, ffi};

use super::beside::with_suffix;
use super::failure::Place;
use super::open;
use super::waiting::Wait;
use super::{rollups, schema};
use crate::clock::Clock;
use crate::staged_file::{self, NamingError, StagedFile};
use crate::store::file_error::{file_error, naming_error};
use crate::store::{BackupReport, FileFault, Result};

/// A change to make in a copy before it is used.
pub(super) type Finish = fn(&Connection) -> rusqlite::Result<()>;

/// Copies the committed state to `to`: written beside it, synced and renamed. An existing file is replaced.
pub(super) fn copy(place: &Place, to: &Path) -> Result<BackupReport> {
    if same_file(&place.path, to) {
        return Err(FileFault::OwnDatabase { path: to.to_owned() }.into());
    }
    if fs::metadata(to).is_ok_and(|it| !it.is_file()) {
        return Err(FileFault::OtherKind { path: to.to_owned(), wanted: "regular file" }.into());
    }
    folder_of(to)?;
    let staged = StagedFile::of(to);
    fill(place, &source(place)?, &staged)?;
    place.require_unchanged()?;
    staged.replace().map_err(|error| naming_error("could not rename the backup to", to, error))?;
    let size_bytes = fs::metadata(to).map_or(0, |it| it.len());
    Ok(BackupReport { path: to.to_owned(), size_bytes, work_file: None, removed: Vec::new() })
}

/// Creates the folder of a file.
pub(super) fn folder_of(path: &Path) -> Result<()> {
    path.parent().map_or(Ok(()), make_folder)
}

/// Creates a folder, if it is missing. A file in its place, or above it, is what the user named wrongly.
pub(super) fn make_folder(folder: &Path) -> Result<()> {
    use std::io::ErrorKind::{AlreadyExists, NotADirectory};
    staged_file::create_folder(folder).map_err(|error| match error.kind() {
        AlreadyExists | NotADirectory => FileFault::OtherKind { path: folder.to_owned(), wanted: "folder" }.into(),
        _ => file_error("could not create the folder", folder, error),
    })
}

/// A copy beside the database, named after its purpose and time. The caller must hold the write lock, so that the copy
/// contains everything committed.
pub(super) fn beside(place: &Place, why: &str, clock: Clock) -> Result<PathBuf> {
    keep(place, &source(place)?, why, clock)
}

/// The same from any connection. It uses the first free name.
pub(super) fn keep(place: &Place, source: &Connection, why: &str, clock: Clock) -> Result<PathBuf> {
    let stem = with_suffix(&place.path, &format!(".{why}-{}", clock.file_time()));
    publish(place, source, &stem, numbered(&stem))
}

/// A copy with the first free one of these names in the folder of `beside`.
pub(super) fn publish(
    place: &Place,
    source: &Connection,
    beside: &Path,
    names: impl Iterator<Item = PathBuf>,
) -> Result<PathBuf> {
    let staged = StagedFile::of(beside);
    fill(place, source, &staged)?;
    for to in names {
        match staged.publish_as(&to) {
            Ok(true) => return Ok(to),
            Ok(false) => {} // somebody else's copy of this second
            Err(error) => {
                if matches!(error, NamingError::NotSynced(_)) {
                    let _ = fs::remove_file(&to); // without it, nothing is going to be changed
                }
                return Err(file_error("could not create", &to, error.into()));
            }
        }
    }
    Err(place.failed(format!("there are too many copies like {}", beside.display())))
}

/// The name itself, then numbered variants.
pub(super) fn numbered(stem: &Path) -> impl Iterator<Item = PathBuf> {
    let others = (2..10_000).map(|number| with_suffix(stem, &format!("-{number}")));
    std::iter::once(stem.to_owned()).chain(others)
}

/// Opens a separate connection for a copy: the caller's may be inside the transaction before which the copy is taken.
pub(super) fn source(place: &Place) -> Result<Connection> {
    match &place.unchanging {
        Some(unchanging) => unchanging.connect().map_err(|error| place.fail(&error)),
        None => open::plain(place, &place.path, OpenFlags::SQLITE_OPEN_READ_ONLY),
    }
}

/// Creates the copy with the permissions of the database from the start.
fn fill(place: &Place, source: &Connection, staged: &StagedFile) -> Result<()> {
    let original = fs::metadata(&place.path).map_err(|error| file_error("could not read", &place.path, error))?;
    create(staged, Some(&original))?;
    write_staged(place, source, staged, |_| Ok(()))
}

/// Creates a staged file, as open as what is going to be in it.
pub(super) fn create(staged: &StagedFile, source: Option<&Metadata>) -> Result<()> {
    let created = staged.create(source);
    created.map(drop).map_err(|error| file_error("could not create", staged.path(), error))
}

/// Copies everything into a staged file, and syncs it.
pub(super) fn write_staged(place: &Place, source: &Connection, staged: &StagedFile, finish: Finish) -> Result<()> {
    let staged_place = Place::new(staged.path(), place.busy_timeout);
    let mut target = open::plain(&staged_place, staged.path(), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let copied = unsynced(&target)
        .and_then(|()| copy_pages(place, source, &mut target))
        .and_then(|()| finished(source, &mut target, finish))
        // One file, readable where no log can be created beside it.
        .and_then(|()| target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())));
    copied.map_err(|error| staged_place.fail(&error))?;
    target.close().map_err(|(_, error)| staged_place.fail(&error))?;
    sync(staged)
}

/// Syncs a complete staged file.
pub(super) fn sync(staged: &StagedFile) -> Result<()> {
    staged.sync().map_err(|source| file_error("could not sync", staged.path(), source))
}

/// An unfinished staged file is worthless, so SQLite need not sync its steps; [`sync`] does so once, before the rename.
pub(super) fn unsynced(staged: &Connection) -> rusqlite::Result<()> {
    staged.execute_batch("PRAGMA synchronous = OFF")
}

/// Copies all pages in one step: one snapshot of the source, one transaction of the target.
fn copy_pages(place: &Place, source: &Connection, target: &mut Connection) -> rusqlite::Result<()> {
    let copy = Backup::new(source, target)?;
    let wait = Wait::new(place.busy_timeout);
    while step(&copy, -1, &wait)? != StepResult::Done {}
    Ok(())
}

/// Retries a step of a copy until it gets the locks that it needs.
pub(super) fn step(copy: &Backup<'_, '_>, pages: i32, wait: &Wait) -> rusqlite::Result<StepResult> {
    loop {
        match copy.step(pages)? {
            StepResult::Busy | StepResult::Locked if wait.pause().is_none() => {
                return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None));
            }
            StepResult::Busy | StepResult::Locked => {}
            done => return Ok(done),
        }
    }
}

/// Changes a copy in a separate transaction.
pub(super) fn finished(source: &Connection, target: &mut Connection, finish: Finish) -> rusqlite::Result<()> {
    let transaction = target.transaction_with_behavior(TransactionBehavior::Immediate)?;
    keep_trust(source, &transaction)?;
    finish(&transaction)?;
    transaction.commit()
}

/// Marks the rollups of a copy as exact: its schema cookie differs from that of the source, which would otherwise
/// distrust them.
fn keep_trust(source: &Connection, target: &Connection) -> rusqlite::Result<()> {
    if schema::has_rollups(source)? && rollups::trusted(source)? { rollups::trust(target) } else { Ok(()) }
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}
