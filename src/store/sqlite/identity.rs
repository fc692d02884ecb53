//! Detects that the path of a database names another file than the one a long-lived process has open. `mv`, a copy or a
//! changed link replaces it, but SQLite would continue with the old file.

use std::cell::Cell;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::beside::wal_of;
use super::log_file::holds_a_commit;
use crate::store::{FileFault, Result};

/// The identity of the file at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    path: PathBuf,
    file: Cell<Option<File>>,
    log: Option<(u64, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct File {
    number: (u64, u64),
    size: u64,
    written: (i64, i64),
}

impl Identity {
    /// Take it before opening the file, so that a replacement in between is detected.
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), file: Cell::new(seen(path)), log: None }
    }

    /// Adds the identity of the open file's log.
    pub(super) fn with_log(self) -> Self {
        Self { log: fs::metadata(wal_of(&self.path)).ok().as_ref().map(number), ..self }
    }

    /// Whether the file exists and was written only through its log.
    pub(super) fn is_as_it_was(&self) -> bool {
        self.file.get().is_some() && seen(&self.path) == self.file.get()
    }

    /// A commit of this process may have checkpointed the log.
    pub(super) fn was_written_here(&self) {
        let now = seen(&self.path);
        if now.map(|it| it.number) == self.file.get().map(|it| it.number) {
            self.file.set(now);
        }
    }

    /// Refuses if the path names another file or none.
    pub(super) fn require_same_file(&self) -> Result<()> {
        let now = fs::metadata(&self.path).ok().as_ref().map(number);
        if now.is_some() && now == self.file.get().map(|it| it.number) {
            Ok(())
        } else {
            Err(FileFault::Replaced { path: self.path.clone() }.into())
        }
    }

    /// Refuses a log older than the file's name: it belongs to the previous file, and SQLite would apply its pages to
    /// the new one.
    pub(super) fn require_own_log(&self) -> Result<()> {
        let (Ok(new), Ok(log)) = (fs::metadata(&self.path), fs::metadata(wal_of(&self.path))) else { return Ok(()) };
        let replaced = self.file.get().is_some_and(|it| it.number != number(&new)) && self.log == Some(number(&log));
        let older = (log.mtime(), log.mtime_nsec()) <= (new.ctime(), new.ctime_nsec());
        if replaced && older && holds_a_commit(&wal_of(&self.path)).unwrap_or(true) {
            return Err(FileFault::ForeignLog { path: self.path.clone() }.into());
        }
        Ok(())
    }
}

fn number(it: &Metadata) -> (u64, u64) {
    (it.dev(), it.ino())
}

fn seen(path: &Path) -> Option<File> {
    let it = fs::metadata(path).ok()?;
    Some(File { number: number(&it), size: it.size(), written: (it.mtime(), it.mtime_nsec()) })
}
