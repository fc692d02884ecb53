//! Replacing what cannot be opened: a backup gets the name of a database that is damaged or not there.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::SqliteStore;
use super::backup::{self, numbered};
use super::beside::{INDEX, LOG, with_suffix};
use super::failure::Place;
use super::options::Options;
use super::orphans;
use super::restore::{Verified, renew};
use super::waiting::Wait;
use crate::clock::Clock;
use crate::regular_file;
use crate::staged_file::{NamingError, StagedFile, rename_to_free};
use crate::store::file_error::{file_error, naming_error};
use crate::store::{Access, FileCare as _, RestoreReport, Result, StoreError};

impl SqliteStore {
    /// Puts a backup in place of a missing or damaged database; a damaged one is saved under another name.
    pub fn replace(path: &Path, from: &Path, options: Options, clock: Clock) -> Result<RestoreReport> {
        match replace(path, from, &options, clock)? {
            Some(report) => Ok(report),
            None => Self::open(path, Access::Write, options, clock)?.restore(from, false),
        }
    }
}

/// Puts a backup in place of a missing or unreadable database, which is renamed together with its log: otherwise the
/// log would be applied to the restored file. `None` if another process restored a database meanwhile.
fn replace(path: &Path, from: &Path, options: &Options, clock: Clock) -> Result<Option<RestoreReport>> {
    let place = Place::new(path, options.busy_timeout);
    let backup = Verified::open(&place, from)?;
    backup::folder_of(path)?;
    let staged = StagedFile::of(path);
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
    backup::create(&staged, Some(&likeness.map_err(|error| file_error("could not read", from, error))?))?;
    backup::write_staged(&place, &backup.connection, &staged, renew)?;
    backup.place.require_unchanged()?;
    let aside = match damaged {
        Some(_) => set_aside(path, clock)?,
        None if fs::symlink_metadata(path).is_ok() => return Ok(None),
        None => None,
    };
    orphans::clear(path, clock)?;
    match staged.publish() {
        Ok(true) => {
            let from = from.to_owned();
            Ok(Some(RestoreReport { from, previous: aside, lost_decisions: None, dry_run: false }))
        }
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

/// A damaged database, which is there, and what is beside it get other names, of which none is taken.
fn set_aside(path: &Path, clock: Clock) -> Result<Option<PathBuf>> {
    let there = |path: &Path| fs::symlink_metadata(path).is_ok();
    let stem = with_suffix(path, &format!(".damaged-{}", clock.file_time()));
    let free = |it: &PathBuf| [LOG, INDEX, ""].iter().all(|suffix| !there(&with_suffix(it, suffix)));
    let Some(aside) = numbered(&stem).find(free) else { return Ok(None) };
    for suffix in [LOG, INDEX, ""].into_iter().filter(|it| it.is_empty() || there(&with_suffix(path, it))) {
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
