//! Restores: a backup replaces the database, which is saved.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode};

use super::SqliteStore;
use super::backup::{self, numbered, step};
use super::beside::{INDEX, LOG, with_suffix};
use super::failure::{Place, file_error, naming_error};
use super::open::{self, Options};
use super::orphans;
use super::state;
use super::waiting::Wait;
use crate::clock::Clock;
use crate::draft::{Draft, NamingError, rename_to_free};
use crate::regular_file;
use crate::store::{Access, RestoreReport, Result, StoreError};

/// The purpose in the name of the saved database.
const WHY: &str = "before-restore";

/// Replaces the content of an open database in one transaction, so that readers keep their snapshot. The previous state
/// is saved under the lock of that transaction: another process's commit is either in that copy or after the restore.
pub(super) fn restore(connection: &mut Connection, place: &Place, from: &Path, clock: Clock) -> Result<RestoreReport> {
    let backup = Verified::open(place, from)?;
    if page_size(&backup.connection, &backup.place)? != page_size(connection, place)? {
        return Err(place.failed("the backup has another page size; move the database away and restore again".into()));
    }
    let previous = if open::journal_mode(connection, place)?.eq_ignore_ascii_case("wal") {
        // Readers and the lock do not block each other.
        locked(place, &backup, connection, || backup::beside(place, WHY, clock))
    } else {
        let kept = have_to_oneself(connection, place).and_then(|()| backup::keep(place, connection, WHY, clock));
        let restored = kept.and_then(|kept| locked(place, &backup, connection, || Ok(kept)));
        // The next read releases the lock; if that fails, the end of the process does.
        let _ = connection.execute_batch("PRAGMA locking_mode = NORMAL; PRAGMA user_version");
        restored
    }?;
    let renewed = backup::finished(&backup.connection, connection, renew);
    // The restore is committed already.
    renewed.map_err(|error| place.unknown(&place.fail(&error)))?;
    Ok(RestoreReport { from: from.to_owned(), previous: Some(previous) })
}

/// Takes the lock, saves the previous state with `keep`, and copies the backup. If nothing was restored, the saved copy
/// is removed.
fn locked(
    place: &Place,
    backup: &Verified,
    connection: &mut Connection,
    keep: impl FnOnce() -> Result<PathBuf>,
) -> Result<PathBuf> {
    let copy = Backup::new(&backup.connection, connection).map_err(|error| place.fail(&error))?;
    let wait = Wait::new(place.busy_timeout);
    let begun = step(&copy, 0, &wait).map_err(|error| place.fail(&error)).and_then(|_| keep());
    let previous = begun?;
    let copied = match copy.progress().pagecount {
        0 | 1 => Ok(StepResult::More),
        pages => step(&copy, pages - 1, &wait).map_err(|error| place.fail(&error)),
    };
    // The last step commits.
    let done = copied.and_then(|_| backup.place.require_unchanged()).and_then(|()| {
        while step(&copy, -1, &wait).map_err(|error| place.fail_commit(&error))? != StepResult::Done {}
        Ok(())
    });
    match done {
        Err(error) if !matches!(error, StoreError::OutcomeUnknown { .. }) => {
            let _ = fs::remove_file(&previous);
            Err(error)
        }
        done => done.map(|()| previous),
    }
}

/// Without WAL, a writer blocks readers, so this connection takes and keeps the lock, and reads the state to save
/// itself.
fn have_to_oneself(connection: &Connection, place: &Place) -> Result<()> {
    connection
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT")
        .map_err(|error| place.fail(&error))
}

/// Puts a backup in place of a missing or unreadable database, which is renamed together with its log: otherwise the
/// log would be applied to the restored file. `None` if another process restored a database meanwhile.
pub(super) fn replace(path: &Path, from: &Path, options: &Options, clock: Clock) -> Result<Option<RestoreReport>> {
    let place = Place::new(path, options.busy_timeout);
    let backup = Verified::open(&place, from)?;
    backup::folder_of(path)?;
    let draft = Draft::of(path);
    let damaged = regular_file::open(path).ok();
    // Another process may have restored a database meanwhile.
    if let Some(damaged) = &damaged
        && (!locked_file(damaged, path, &place)? || opens(path, options, clock)?)
    {
        return Ok(None);
    }
    let likeness = match &damaged {
        Some(damaged) => damaged.metadata(),
        None => fs::metadata(from),
    };
    backup::create(&draft, Some(&likeness.map_err(|error| file_error("could not read", from, error))?))?;
    backup::write_draft(&place, &backup.connection, &draft, renew)?;
    backup.place.require_unchanged()?;
    let aside = match damaged {
        Some(_) => set_aside(path, clock)?,
        None if fs::symlink_metadata(path).is_ok() => return Ok(None),
        None => None,
    };
    orphans::clear(path, clock)?;
    match draft.publish() {
        Ok(true) => Ok(Some(RestoreReport { from: from.to_owned(), previous: aside })),
        Ok(false) => Ok(None),
        Err(error) => {
            if let (NamingError::NotNamed(_), Some(aside)) = (&error, &aside) {
                put_back(aside, path);
            }
            Err(naming_error("could not rename the restored database to", path, error))
        }
    }
}

/// Whether there is a usable database after all.
fn opens(path: &Path, options: &Options, clock: Clock) -> Result<bool> {
    match SqliteStore::open(path, Access::Write, *options, clock) {
        Ok(_) => Ok(true),
        Err(StoreError::NotADatabase { .. } | StoreError::Damaged { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Locks a damaged file against other restores; returns whether it is still the one to replace.
fn locked_file(file: &File, path: &Path, place: &Place) -> Result<bool> {
    let wait = Wait::new(place.busy_timeout);
    loop {
        match file.try_lock() {
            Err(fs::TryLockError::WouldBlock) if wait.pause().is_some() => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(StoreError::Busy { location: path.into(), waited: place.busy_timeout });
            }
            // Without support of the file system, there is no protection.
            Ok(()) | Err(fs::TryLockError::Error(_)) => break,
        }
    }
    let number = |it: io::Result<fs::Metadata>| it.map(|it| (it.dev(), it.ino())).ok();
    Ok(number(file.metadata()) == number(fs::metadata(path)))
}

/// Renames a damaged database and its files to free names.
fn set_aside(path: &Path, clock: Clock) -> Result<Option<PathBuf>> {
    let there = |path: &Path| fs::symlink_metadata(path).is_ok();
    if !there(path) {
        return Ok(None);
    }
    let stem = with_suffix(path, &format!(".damaged-{}", clock.file_time()));
    let free = |it: &PathBuf| [LOG, INDEX, ""].iter().all(|suffix| !there(&with_suffix(it, suffix)));
    let Some(aside) = numbered(&stem).find(free) else { return Ok(None) };
    for suffix in [LOG, INDEX, ""].into_iter().filter(|it| there(&with_suffix(path, it))) {
        let (old, new) = (with_suffix(path, suffix), with_suffix(&aside, suffix));
        if let Err(error) = rename_to_free(&old, &new) {
            put_back(&aside, path);
            return Err(file_error("could not rename", &old, error));
        }
    }
    Ok(Some(aside))
}

/// Renames files back. A file that cannot be renamed stays, and is not lost.
fn put_back(aside: &Path, path: &Path) {
    for suffix in ["", INDEX, LOG] {
        let _ = rename_to_free(&with_suffix(aside, suffix), &with_suffix(path, suffix));
    }
}

/// An intact backup, open for reading at one state.
struct Verified {
    connection: Connection,
    place: Place,
}

impl Verified {
    /// Refuses anything but an intact skills database that this cfn supports.
    fn open(place: &Place, from: &Path) -> Result<Self> {
        let options = Options { busy_timeout: place.busy_timeout, ..Options::default() };
        let (connection, place) = open::existing(from, Access::Read, &options)?;
        connection.execute_batch("BEGIN").map_err(|error| place.fail(&error))?;
        state::of(&connection, &place)?;
        let verdict: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| place.fail(&error))?;
        if verdict == "ok" {
            Ok(Self { connection, place })
        } else {
            Err(StoreError::Damaged { location: from.into(), detail: verdict })
        }
    }
}

fn page_size(connection: &Connection, place: &Place) -> Result<i64> {
    connection.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(|error| place.fail(&error))
}

/// Changes the write tokens of a copy, since its future differs from that of its source and other copies. A backup of
/// an older schema may have none.
fn renew(copy: &Connection) -> rusqlite::Result<()> {
    match copy.execute_batch(
        "UPDATE cfn_metadata SET value = randomblob(16) WHERE name IN ('catalogue_token', 'usage_token')",
    ) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => Ok(()),
        other => other,
    }
}
