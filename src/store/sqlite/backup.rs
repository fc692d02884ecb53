//! Copies: backups and restores.

use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, ffi};

use super::beside::with_suffix;
use super::failure::{Place, file_error};
use super::open::{self, Options};
use super::{rollups, schema, state};
use crate::clock::Clock;
use crate::draft::{self, Draft};
use crate::store::{BackupReport, RestoreReport, Result, StoreError};

/// What is changed in a copy of a database before it is used.
type Finish = fn(&Connection) -> rusqlite::Result<()>;

/// Copies the committed state to `to`: written beside it, synced, renamed. A file that is there is replaced.
pub(super) fn copy(place: &Place, to: &Path) -> Result<BackupReport> {
    if same_file(&place.path, to) {
        return Err(StoreError::File {
            what: "could not write the backup over its own database",
            path: to.to_owned(),
            source: io::ErrorKind::AlreadyExists.into(),
        });
    }
    if fs::metadata(to).is_ok_and(|it| !it.is_file()) {
        return Err(StoreError::File {
            what: "could not write the backup over what is no regular file:",
            path: to.to_owned(),
            source: io::ErrorKind::AlreadyExists.into(),
        });
    }
    folder_of(to)?;
    let draft = Draft::of(to);
    fill(place, &draft)?;
    draft.replace().map_err(|source| file_error("could not rename the backup to", to, source))?;
    let size_bytes = fs::metadata(to).map_or(0, |it| it.len());
    Ok(BackupReport { path: to.to_owned(), size_bytes })
}

/// The folder that a file is going to be in.
pub(super) fn folder_of(path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    draft::create_folder(folder).map_err(|error| file_error("could not create the folder", folder, error))
}

/// A copy beside the database, named after why it was made and when.
pub(super) fn beside(place: &Place, why: &str, clock: Clock) -> Result<PathBuf> {
    let stem = with_suffix(&place.path, &format!(".{why}-{}", clock.file_time()));
    let mut to = stem.clone();
    let mut number = 2;
    while fs::symlink_metadata(&to).is_ok() {
        to = with_suffix(&stem, &format!("-{number}"));
        number += 1;
    }
    copy(place, &to).map(|report| report.path)
}

/// Replaces the contents of an open database in one transaction: readers keep what they see until they begin again.
pub(super) fn restore(connection: &mut Connection, place: &Place, from: &Path, clock: Clock) -> Result<RestoreReport> {
    let (source, source_place) = verified(place, from)?;
    let previous = beside(place, "before-restore", clock)?;
    let pages = |it: &Connection| it.query_row("PRAGMA page_size", [], |row| row.get::<_, i64>(0));
    if pages(&source).map_err(|error| source_place.fail(&error))? != pages(connection).map_err(|e| place.fail(&e))? {
        return Err(place.failed("the backup has another page size; move the database away and restore again".into()));
    }
    step(place, &source, connection, renew).map_err(|error| place.fail_commit(&error))?;
    Ok(RestoreReport { from: from.to_owned(), previous: Some(previous) })
}

/// Puts a backup where there is no readable database. What is there is kept under another name, with its log: a log that stayed
/// would be replayed into the restored file.
pub(super) fn replace(path: &Path, from: &Path, options: &Options, clock: Clock) -> Result<RestoreReport> {
    let place = Place::new(path, options.busy_timeout);
    let (source, _) = verified(&place, from)?;
    folder_of(path)?;
    let draft = Draft::of(path);
    write_draft(&place, &source, &draft, renew)?;
    let previous = set_aside(path, clock)?;
    draft.replace().map_err(|error| file_error("could not rename the restored database to", path, error))?;
    Ok(RestoreReport { from: from.to_owned(), previous })
}

fn set_aside(path: &Path, clock: Clock) -> Result<Option<PathBuf>> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(None);
    }
    let aside = with_suffix(path, &format!(".damaged-{}", clock.file_time()));
    for suffix in ["-wal", "-shm", ""] {
        let (old, new) = (with_suffix(path, suffix), with_suffix(&aside, suffix));
        if fs::symlink_metadata(&old).is_ok() {
            fs::rename(&old, &new).map_err(|error| file_error("could not set aside", &old, error))?;
        }
    }
    Ok(Some(aside))
}

/// Opens a backup and makes sure that it is a whole skills database that this cfn knows.
fn verified(place: &Place, from: &Path) -> Result<(Connection, Place)> {
    let options = Options { busy_timeout: place.busy_timeout, ..Options::default() };
    let (source, source_place) = open::existing(from, open::Access::Read, &options)?;
    state::of(&source, &source_place)?;
    let verdict: String =
        source.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| source_place.fail(&error))?;
    if verdict == "ok" {
        Ok((source, source_place))
    } else {
        Err(StoreError::Corrupt { path: from.to_owned(), detail: verdict })
    }
}

/// The copy may be read by whom the database may be read by, from its first byte on.
fn fill(place: &Place, draft: &Draft) -> Result<()> {
    // A connection of its own: the caller's may be inside the transaction before which the copy is taken.
    let source = open::plain(place, &place.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let permissions = fs::metadata(&place.path).ok().map(|it| it.permissions());
    let mode = permissions.as_ref().map_or(0o600, |it| it.mode() & 0o777);
    let created = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(draft.path());
    created.map_err(|source| file_error("could not create", draft.path(), source))?;
    write_draft(place, &source, draft, |_| Ok(()))?;
    if let Some(permissions) = permissions {
        fs::set_permissions(draft.path(), permissions)
            .map_err(|source| file_error("could not set the permissions of", draft.path(), source))?;
    }
    Ok(())
}

fn write_draft(place: &Place, source: &Connection, draft: &Draft, finish: Finish) -> Result<()> {
    let draft_place = Place::new(draft.path(), place.busy_timeout);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut target = open::plain(&draft_place, draft.path(), flags)?;
    unsynced(&target).map_err(|error| draft_place.fail(&error))?;
    step(&draft_place, source, &mut target, finish).map_err(|error| draft_place.fail(&error))?;
    // One file, readable where no log can be created beside it.
    target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).map_err(|error| draft_place.fail(&error))?;
    target.close().map_err(|(_, error)| draft_place.fail(&error))?;
    sync(draft)
}

/// Puts a finished draft on the disk.
pub(super) fn sync(draft: &Draft) -> Result<()> {
    draft.sync().map_err(|source| file_error("could not sync", draft.path(), source))
}

/// A draft that is not finished is worth nothing, so SQLite need not sync its steps; [`sync`] does it once, before the rename.
pub(super) fn unsynced(draft: &Connection) -> rusqlite::Result<()> {
    draft.execute_batch("PRAGMA synchronous = OFF")
}

/// Copies all pages in one step: one snapshot of the source, one transaction of the target. What is to be changed in the copy is
/// one more.
fn step(place: &Place, source: &Connection, target: &mut Connection, finish: Finish) -> rusqlite::Result<()> {
    let since = Instant::now();
    let copy = Backup::new(source, target)?;
    loop {
        match copy.step(-1)? {
            StepResult::Done => break,
            StepResult::Busy | StepResult::Locked if since.elapsed() > place.busy_timeout => {
                return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None));
            }
            _ => thread::sleep(Duration::from_millis(1)),
        }
    }
    drop(copy);
    let transaction = target.transaction_with_behavior(TransactionBehavior::Immediate)?;
    keep_trust(source, &transaction)?;
    finish(&transaction)?;
    transaction.commit()
}

/// A copy has another schema number than its source: the rollups are what they were, but only somebody who knows that can say so.
fn keep_trust(source: &Connection, target: &Connection) -> rusqlite::Result<()> {
    if schema::has_rollups(source)? && rollups::trusted(source)? { rollups::trust(target) } else { Ok(()) }
}

/// Changes the write tokens of a copy that lives on: what becomes of it is not what became of its source, or of another copy. A
/// backup of an older schema may have none.
fn renew(copy: &Connection) -> rusqlite::Result<()> {
    match copy.execute_batch(
        "UPDATE cfn_metadata SET value = randomblob(16) WHERE name IN ('catalogue_token', 'usage_token')",
    ) {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::Unknown) => Ok(()),
        other => other,
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}
