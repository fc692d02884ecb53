//! Restores: a backup takes the place of what an open database holds, which is kept.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode};

use super::backup::{self, step};
use super::failure::Place;
use super::lost;
use super::open;
use super::options::Options;
use super::revisions::RENEW;
use super::state;
use super::waiting::Wait;
use crate::clock::Clock;
use crate::store::{Access, LostDecisions, RestoreReport, Result, StoreError};

/// The purpose in the name of the saved database.
pub(super) const WHY: &str = "before-restore";

/// Replaces the content of an open database in one transaction, so that readers keep their snapshot. The previous state
/// is saved under the lock of that transaction: another process's commit is either in that copy or after the restore.
pub(super) fn restore(
    connection: &mut Connection,
    place: &Place,
    from: &Path,
    why: &str,
    clock: Clock,
) -> Result<RestoreReport> {
    let backup = Verified::to_replace(connection, place, from)?;
    let (previous, lost_decisions) = if open::journal_mode(connection, place)?.eq_ignore_ascii_case("wal") {
        // Readers and the lock do not block each other.
        locked(place, &backup, connection, || backup::beside(place, why, clock))
    } else {
        let kept = have_to_oneself(connection, place).and_then(|()| backup::keep(place, connection, why, clock));
        let restored = kept.and_then(|kept| locked(place, &backup, connection, || Ok(kept)));
        // The next read releases the lock; if that fails, the end of the process does.
        let _ = connection.execute_batch("PRAGMA locking_mode = NORMAL; PRAGMA user_version");
        restored
    }?;
    let renewed = backup::finished(&backup.connection, connection, renew);
    // The restore is committed already.
    renewed.map_err(|error| place.unknown(&place.fail(&error)))?;
    Ok(RestoreReport { from: from.to_owned(), previous: Some(previous), lost_decisions, dry_run: false })
}

/// Checks the backup, and counts what a restore would lose.
pub(super) fn rehearse(connection: &Connection, place: &Place, from: &Path) -> Result<RestoreReport> {
    let backup = Verified::to_replace(connection, place, from)?;
    let lost_decisions = lost::decisions(&backup.connection, connection).ok();
    Ok(RestoreReport { from: from.to_owned(), previous: None, lost_decisions, dry_run: true })
}

/// Takes the lock, saves the previous state with `keep`, counts what the backup lacks of it, and copies the backup. If
/// nothing was restored, the saved copy is removed.
fn locked(
    place: &Place,
    backup: &Verified,
    connection: &mut Connection,
    keep: impl FnOnce() -> Result<PathBuf>,
) -> Result<(PathBuf, Option<LostDecisions>)> {
    let copy = Backup::new(&backup.connection, connection).map_err(|error| place.fail(&error))?;
    let wait = Wait::new(place.busy_timeout);
    let begun = step(&copy, 0, &wait).map_err(|error| place.fail(&error)).and_then(|_| keep());
    let previous = begun?;
    let lost = lost::by_restore(&backup.connection, place, &previous);
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
        done => done.map(|()| (previous, lost)),
    }
}

/// Without WAL, a writer blocks readers, so this connection takes and keeps the lock, and reads the state to save
/// itself.
fn have_to_oneself(connection: &Connection, place: &Place) -> Result<()> {
    connection
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT")
        .map_err(|error| place.fail(&error))
}

/// An intact backup, open for reading at one state.
pub(super) struct Verified {
    pub(super) connection: Connection,
    pub(super) place: Place,
}

impl Verified {
    /// Refuses also one whose pages cannot take the place of those of the database.
    fn to_replace(connection: &Connection, place: &Place, from: &Path) -> Result<Self> {
        let backup = Self::open(place, from)?;
        if page_size(&backup.connection, &backup.place)? == page_size(connection, place)? {
            return Ok(backup);
        }
        Err(place.failed("the backup has another page size; move the database away and restore again".into()))
    }

    /// Refuses anything but an intact skills database that this cfn supports.
    pub(super) fn open(place: &Place, from: &Path) -> Result<Self> {
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
/// backup of an older schema has none: it gets new ones when it is brought up to date.
pub(super) fn renew(copy: &Connection) -> rusqlite::Result<()> {
    match copy.execute_batch(RENEW) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => Ok(()),
        other => other,
    }
}
