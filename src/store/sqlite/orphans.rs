//! Files left beside a database that is gone. SQLite would take them for parts of the next file with that name.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::backup::numbered;
use super::beside::{INDEX, JOURNAL, LOG, with_suffix};
use super::log_file::holds_a_commit;
use crate::clock::Clock;
use crate::regular_file;
use crate::staged_file::rename_to_free;
use crate::store::Result;
use crate::store::file_error::file_error;

/// Removes it before a file gets the name: a log with commits is renamed, the rest is deleted. Does nothing if there is
/// a database, which an empty file is not.
pub(super) fn clear(database: &Path, clock: Clock) -> Result<()> {
    for suffix in [LOG, JOURNAL, INDEX] {
        let path = with_suffix(database, suffix);
        match regular_file::open_beside(&path, OpenOptions::new().read(true)) {
            Ok(orphan) => take_away(database, &path, &orphan, clock),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => Err(error),
        }
        .map_err(|error| file_error("could not remove what is left of another database:", &path, error))?;
    }
    Ok(())
}

/// The lock keeps others from publishing a file under the name meanwhile, whose log this would be: they remove it
/// first, too.
fn take_away(database: &Path, path: &Path, orphan: &File, clock: Clock) -> io::Result<()> {
    orphan.lock()?;
    let number = |it: io::Result<fs::Metadata>| it.map(|it| (it.dev(), it.ino())).ok();
    let is_there = fs::symlink_metadata(database).is_ok_and(|it| !it.is_file() || it.len() > 0);
    if is_there || number(fs::symlink_metadata(path)) != number(orphan.metadata()) {
        return Ok(());
    }
    if !path.as_os_str().as_encoded_bytes().ends_with(LOG.as_bytes()) || !holds_a_commit(path)? {
        return fs::remove_file(path);
    }
    let stem = with_suffix(database, &format!(".gone-{}", clock.file_time()));
    for other in numbered(&stem) {
        match rename_to_free(path, &with_suffix(&other, LOG)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            done => return done,
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
