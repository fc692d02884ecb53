//! The state of a database file, of what lies beside it and of who has it open, without opening it as a database. It also
//! works where the database is damaged.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::beside::{INDEX, JOURNAL, LOG, free_bytes, real, wal_of, with_suffix};
use super::log_file::contents;
use super::log_index::pinned_by;
use crate::linux::{network_file_system, with_another_file};
use crate::store::{FileFacts, FileRights, LogFacts};

/// Permission bits of a mode.
const RIGHTS: u32 = 0o7777;

/// Looks at a file; `None` if there is none. Call it while this process has no connection to the database: closing the
/// log's index would drop the connection's locks.
#[must_use]
pub fn file_facts(path: &Path) -> Option<FileFacts> {
    let path = real(path).ok()?;
    let found = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
    let names = ["", LOG, INDEX, JOURNAL].map(|it| with_suffix(&path, it));
    let rights = names.into_iter().filter_map(|path| {
        let found = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
        Some(FileRights { path, mode: found.mode() & RIGHTS, owner: found.uid() })
    });
    let log = wal_of(&path);
    let (pages, commits) = contents(&log).unwrap_or_default();
    Some(FileFacts {
        size_bytes: found.len(),
        network: network_file_system(&path),
        free_bytes: path.parent().and_then(free_bytes),
        files: rights.collect(),
        log: LogFacts {
            bytes: fs::metadata(&log).map_or(0, |it| it.len()),
            pages,
            commits,
            pinned_by: pinned_by(&with_suffix(&path, INDEX)),
        },
        of_another_file: with_another_file(&path, (found.dev(), found.ino())),
    })
}
