//! Backups in a folder, under names of their own, and how many of them are kept. A file is taken for a copy only by its
//! whole name, which has the identity of the database in it: the folder may hold the backups of other databases too.

use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::backup;
use super::failure::Place;
use super::rows::first;
use super::work_file::WorkFile;
use crate::clock::Clock;
use crate::store::file_error::file_error;
use crate::store::{BackupReport, Result};

/// Eight digits of the identity, which a restore changes: the backups from before one stay.
const SERIES: &str = "SELECT lower(substr(hex(value), 1, 8)) FROM cfn_metadata WHERE name = 'database_id'";

/// Copies the committed state to a new file of the folder, and removes the oldest copies beyond `keep`.
pub(super) fn backup(
    connection: &Connection,
    place: &Place,
    folder: &Path,
    keep: Option<NonZeroUsize>,
    clock: Clock,
) -> Result<BackupReport> {
    backup::make_folder(folder)?;
    let series: Option<String> = first(connection, SERIES, [], |row| row.get(0)).map_err(|error| place.fail(&error))?;
    let backups = Backups::of(&place.path, &series.unwrap_or_default());
    let names = (1..10_000).map(|number| folder.join(backups.name(&clock.file_time(), number)));
    let beside = folder.join(backups.name(&clock.file_time(), 1));
    let path = backup::publish(place, &backup::source(place)?, &beside, names)?;
    let size_bytes = fs::metadata(&path).map_or(0, |it| it.len());
    let mut report = BackupReport { path, size_bytes, work_file: None, removed: Vec::new() };
    if let Some(keep) = keep {
        let older = keep.get() - 1;
        remove(folder, older, &report.path, |name| backups.moment_of(name), &mut report.removed)?;
        let home = place.path.parent().unwrap_or(Path::new(""));
        let saved = [place.path.file_name().unwrap_or_default().as_bytes(), b".before-"].concat();
        remove(
            home,
            keep.get(),
            &report.path,
            |name| moment_of_saved(name.strip_prefix(&saved[..])?),
            &mut report.removed,
        )?;
    }
    Ok(report)
}

/// A moment as in the names of copies, and the number of the copy within its second.
type Moment = ([u8; 16], u32);

/// The names of the backups of one database: `skills-1a2b3c4d-20261127T090000Z.db`.
struct Backups {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Backups {
    fn of(database: &Path, series: &str) -> Self {
        let stem = database.file_stem().unwrap_or_default().as_bytes();
        let after = database.extension().map(|it| [b".", it.as_bytes()].concat()).unwrap_or_default();
        Self { before: [stem, b"-", series.as_bytes(), b"-"].concat(), after }
    }

    fn name(&self, time: &str, number: u32) -> PathBuf {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let name = [&self.before[..], time.as_bytes(), number.as_bytes(), &self.after[..]].concat();
        std::ffi::OsString::from_vec(name).into()
    }

    fn moment_of(&self, name: &[u8]) -> Option<Moment> {
        moment(name.strip_prefix(&self.before[..])?.strip_suffix(&self.after[..])?)
    }
}

/// The moment in what follows `skills.db.before-`: `restore-20261127T090000Z`, or the number of a schema instead.
fn moment_of_saved(name: &[u8]) -> Option<Moment> {
    let (why, time) = name.split_at_checked(name.iter().position(|it| *it == b'-')?)?;
    let known = why.iter().all(u8::is_ascii_digit) || why == b"restore" || why == b"copy" || why == b"follow";
    moment(time.strip_prefix(b"-")?).filter(|_| known)
}

/// `20261127T090000Z`, or `20261127T090000Z-2`.
fn moment(text: &[u8]) -> Option<Moment> {
    let (time, number) = text.split_first_chunk::<16>()?;
    let shaped = time.iter().enumerate().all(|(at, it)| match at {
        8 => *it == b'T',
        15 => *it == b'Z',
        _ => it.is_ascii_digit(),
    });
    let number = match number {
        [] => 1,
        [b'-', digits @ ..] => std::str::from_utf8(digits).ok()?.parse().ok()?,
        _ => return None,
    };
    shaped.then_some((*time, number))
}

/// Removes all but the newest `keep` of the files whose name has a moment, and not `but`.
fn remove(
    folder: &Path,
    keep: usize,
    but: &Path,
    moment: impl Fn(&[u8]) -> Option<Moment>,
    removed: &mut Vec<PathBuf>,
) -> Result<()> {
    let entries = fs::read_dir(folder).map_err(|error| file_error("could not read the folder", folder, error))?;
    let mut copies: Vec<(Moment, PathBuf)> = entries
        .filter_map(|entry| entry.ok().filter(|it| it.file_type().is_ok_and(|kind| kind.is_file())))
        .filter_map(|entry| Some((moment(entry.file_name().as_bytes())?, entry.path())))
        .filter(|(_, path)| path != but)
        .collect();
    copies.sort_unstable();
    copies.truncate(copies.len().saturating_sub(keep));
    for (_, path) in copies {
        fs::remove_file(&path).map_err(|error| file_error("could not remove the old copy", &path, error))?;
        // Only a backup with --all has one.
        let _ = fs::remove_file(WorkFile::path_of(&path));
        removed.push(path);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Backups, moment_of_saved};
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::Path;

    #[test]
    fn only_whole_names_are_those_of_copies() {
        let backups = Backups::of(Path::new("/a/skills.db"), "1a2b3c4d");
        let second = backups.name("20261127T090000Z", 2);
        assert_eq!(second, Path::new("skills-1a2b3c4d-20261127T090000Z-2.db"));
        assert_eq!(backups.moment_of(second.as_os_str().as_bytes()), Some((*b"20261127T090000Z", 2)));
        for other in [
            "skills-1a2b3c4d-20261127T090000Z.db.gz",
            "skills-1a2b3c4d-20261127T090000Z-work.db",
            "skills-1a2b3c4d-20261127.db",
            "skills-1a2b3c4d-20261127x090000Z.db",
            "skills-99999999-20261127T090000Z.db",
            "old-skills-1a2b3c4d-20261127T090000Z.db",
        ] {
            assert_eq!(backups.moment_of(other.as_bytes()), None, "{other}");
        }
        let saved = |name: &str| moment_of_saved(name.as_bytes()).is_some();
        assert!(
            saved("restore-20261127T090000Z") && saved("3008-20261127T090000Z-3") && saved("copy-20261127T090000Z")
        );
        assert!(!saved("lunch-20261127T090000Z") && !saved("restore-20261127T090000Z.bak") && !saved("restore"));
    }
}
