//! Copies: backups, restores, and the drafts that become a file by one rename.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, ffi};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::process::{Pid, test_kill_process};

use super::beside::with_suffix;
use super::failure::{Place, file_error};
use super::open::{self, Options};
use super::{rollups, schema};
use crate::clock::Clock;
use crate::store::{BackupReport, RestoreReport, Result, StoreError};

/// What a draft's name has after the name that it will get; the number of the process follows.
const DRAFT: &str = ".cfn-tmp-";

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
    sweep(to);
    let draft = draft_of(to);
    let done = fill(place, &draft).and_then(|()| {
        fs::rename(&draft, to).map_err(|source| file_error("could not rename the backup to", to, source))?;
        sync_folder(to);
        let size_bytes = fs::metadata(to).map_or(0, |it| it.len());
        Ok(BackupReport { path: to.to_owned(), size_bytes })
    });
    if done.is_err() {
        discard(&draft);
    }
    done
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
    step(place, &source, connection).map_err(|error| place.fail_commit(&error))?;
    renew(connection).map_err(|error| place.fail(&error))?;
    Ok(RestoreReport { from: from.to_owned(), previous: Some(previous) })
}

/// Puts a backup where there is no readable database. What is there is kept under another name, with its log: a log that stayed
/// would be replayed into the restored file.
pub(super) fn replace(path: &Path, from: &Path, options: &Options, clock: Clock) -> Result<RestoreReport> {
    let place = Place::new(path, options.busy_timeout);
    let (source, _) = verified(&place, from)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| file_error("could not create the folder", folder, error))?;
    }
    sweep(path);
    let draft = draft_of(path);
    let done = write_draft(&place, &source, &draft, &renew).and_then(|()| {
        let previous = set_aside(path, clock)?;
        fs::rename(&draft, path)
            .map_err(|error| file_error("could not rename the restored database to", path, error))?;
        sync_folder(path);
        Ok(RestoreReport { from: from.to_owned(), previous })
    });
    if done.is_err() {
        discard(&draft);
    }
    done
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
    schema::state(&source, &source_place)?;
    let verdict: String =
        source.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| source_place.fail(&error))?;
    if verdict == "ok" {
        Ok((source, source_place))
    } else {
        Err(StoreError::Corrupt { path: from.to_owned(), detail: verdict })
    }
}

fn fill(place: &Place, draft: &Path) -> Result<()> {
    // A connection of its own: the caller's may be inside the transaction before which the copy is taken.
    let source = open::plain(place, &place.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    write_draft(place, &source, draft, &|_| Ok(()))?;
    if let Ok(found) = fs::metadata(&place.path) {
        fs::set_permissions(draft, found.permissions())
            .map_err(|source| file_error("could not set the permissions of", draft, source))?;
    }
    Ok(())
}

fn write_draft(
    place: &Place,
    source: &Connection,
    draft: &Path,
    finish: &dyn Fn(&Connection) -> rusqlite::Result<()>,
) -> Result<()> {
    let draft_place = Place::new(draft, place.busy_timeout);
    let mut target =
        open::plain(&draft_place, draft, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    unsynced(&target).map_err(|error| draft_place.fail(&error))?;
    step(&draft_place, source, &mut target).map_err(|error| draft_place.fail(&error))?;
    finish(&target).map_err(|error| draft_place.fail(&error))?;
    // One file, readable where no log can be created beside it.
    target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).map_err(|error| draft_place.fail(&error))?;
    target.close().map_err(|(_, error)| draft_place.fail(&error))?;
    sync(draft)
}

/// A draft that is not finished is worth nothing, so SQLite need not sync its steps; [`sync`] does it once, before the rename.
pub(super) fn unsynced(draft: &Connection) -> rusqlite::Result<()> {
    draft.execute_batch("PRAGMA synchronous = OFF")
}

/// Puts a finished draft on the disk.
pub(super) fn sync(draft: &Path) -> Result<()> {
    fs::File::open(draft).and_then(|file| file.sync_all()).map_err(|source| file_error("could not sync", draft, source))
}

/// Copies all pages in one step: one snapshot of the source, one transaction of the target.
fn step(place: &Place, source: &Connection, target: &mut Connection) -> rusqlite::Result<()> {
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
    keep_trust(source, target)
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

/// Where a file is written before it gets its name.
pub(super) fn draft_of(path: &Path) -> PathBuf {
    with_suffix(path, &format!("{DRAFT}{}", std::process::id()))
}

/// Gives a draft its name, unless something has that name already; says whether it did.
pub(super) fn publish(draft: &Path, path: &Path) -> Result<bool> {
    let renamed = match renameat_with(CWD, draft, CWD, path, RenameFlags::NOREPLACE) {
        // Network file systems cannot do that; a link never replaces either.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            rustix::fs::link(draft, path).inspect(|()| discard(draft))
        }
        other => other,
    };
    match renamed {
        Ok(()) => {
            sync_folder(path);
            Ok(true)
        }
        Err(rustix::io::Errno::EXIST) => {
            discard(draft);
            Ok(false)
        }
        Err(error) => Err(file_error("could not create", path, error.into())),
    }
}

/// Removes a draft and what SQLite may have beside it.
pub(super) fn discard(draft: &Path) {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        // It may not be there; what cannot be removed now is swept by a later run.
        let _ = fs::remove_file(with_suffix(draft, suffix));
    }
}

/// Removes the drafts that killed processes left in the folder of this file. Whatever they were going to be called: backups
/// carry the time in their names, so the next one has another.
pub(super) fn sweep(path: &Path) {
    let Some(folder) = path.parent() else { return };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let found = entry.file_name();
        let Some((_, rest)) = found.to_str().and_then(|it| it.rsplit_once(DRAFT)) else { continue };
        let digits = rest.trim_end_matches("-journal").trim_end_matches("-wal").trim_end_matches("-shm");
        let alive = digits.parse().ok().and_then(Pid::from_raw).is_none_or(|pid| {
            // EPERM means that it lives and is somebody else's.
            test_kill_process(pid) != Err(rustix::io::Errno::SRCH)
        });
        if !alive {
            let _ = fs::remove_file(entry.path()); // another process may have swept it
        }
    }
}

/// A rename is durable when its folder is synced. Some file systems refuse that; the rename stands all the same.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent() {
        let _ = fs::File::open(folder).and_then(|it| it.sync_all());
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}
