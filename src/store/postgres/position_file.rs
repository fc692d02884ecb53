//! A file of the user's that keeps which of their writes a replica must have before it answers.
//!
//! A writer counts itself in before its COMMIT, and out when it knows the position after it. If it is killed between, or the
//! answer is lost, its count stays: readers ask the primary, and the first of them that finds no writer alive takes the count
//! back. Writers that are alive hold a shared lock on a second file. Nothing is synced: a power cut of the client's machine may
//! lose the last positions.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::position::Position;
use crate::regular_file;

/// How long others may hold a lock, for which they need microseconds.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_micros(200);

/// The file of one database.
#[derive(Debug, Clone)]
pub(super) struct PositionFile {
    path: PathBuf,
}

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Noted {
    /// The number of writers that ever began.
    begun: u64,
    /// The number of those whose outcome is unknown.
    pending: u64,
    /// What a replica must have; `None` if the primary has never been asked.
    position: Option<Position>,
}

/// A writer that is about to commit.
#[derive(Debug)]
pub(super) struct Pending {
    file: PositionFile,
    /// The shared lock ends with it.
    _alive: File,
}

/// What a reader found.
#[derive(Debug)]
pub(super) struct Look {
    file: PositionFile,
    noted: Noted,
    /// Whether no writer was alive.
    is_quiet: bool,
}

impl PositionFile {
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Counts a writer in.
    pub(super) fn begin(&self) -> io::Result<Pending> {
        let alive = open(&self.writers())?;
        patiently(|| alive.try_lock_shared())?;
        self.change(|it| Noted { begun: it.begun + 1, pending: it.pending + 1, position: it.position })?;
        Ok(Pending { file: self.clone(), _alive: alive })
    }

    /// What a replica must have.
    pub(super) fn look(&self) -> io::Result<Look> {
        let noted = self.change(|it| it)?;
        let is_quiet = match open(&self.writers())?.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(error)) => return Err(error),
        };
        Ok(Look { file: self.clone(), noted, is_quiet })
    }

    fn writers(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".writers");
        name.into()
    }

    /// Changes what the file says, under its lock, and returns what it says now. A damaged file says that a write is pending.
    fn change(&self, change: impl FnOnce(Noted) -> Noted) -> io::Result<Noted> {
        let mut file = open(&self.path)?;
        patiently(|| file.try_lock())?;
        let mut text = Vec::new();
        (&mut file).take(1 << 12).read_to_end(&mut text)?;
        let damaged = Noted { begun: 0, pending: 1, position: None };
        let before = if text.is_empty() { Noted::default() } else { serde_json::from_slice(&text).unwrap_or(damaged) };
        let after = change(before.clone());
        if after != before {
            let text = serde_json::to_string(&after)?;
            file.rewind()?;
            file.write_all(text.as_bytes())?;
            file.set_len(text.len() as u64)?;
        }
        Ok(after)
    }
}

impl Pending {
    /// Counts the writer out: its commit has the position, or nothing was committed.
    pub(super) fn ended(self, position: Option<Position>) {
        let ended = self.file.change(|it| Noted {
            begun: it.begun,
            pending: it.pending.saturating_sub(1),
            position: Position::later(it.position, position),
        });
        if let Err(error) = ended {
            tracing::debug!(%error, "the position of this write was not noted: replicas do not answer");
        }
    }
}

impl Look {
    /// The position that a replica must have; `None` if only the primary may answer.
    pub(super) fn required(&self) -> Option<&Position> {
        self.noted.position.as_ref().filter(|_| self.noted.pending == 0)
    }

    /// Notes the position of a primary that has answered. Writes whose outcome was unknown are part of that answer, unless a
    /// writer was alive.
    pub(super) fn settle(self, position: Position) {
        let settled = self.file.change(|it| {
            let is_unchanged = self.is_quiet && it.begun == self.noted.begun;
            let pending = if is_unchanged { 0 } else { it.pending };
            Noted { begun: it.begun, pending, position: Position::later(it.position, Some(position)) }
        });
        if let Err(error) = settled {
            tracing::debug!(%error, "the position of the primary was not noted");
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let opened = || {
        let mut options = OpenOptions::new();
        regular_file::open_beside(path, options.read(true).write(true).create(true).truncate(false).mode(0o600))
    };
    match opened() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(Path::new("/"));
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            opened()
        }
        file => file,
    }
}

/// Takes a lock that others hold for a moment.
fn patiently(mut lock: impl FnMut() -> Result<(), TryLockError>) -> io::Result<()> {
    let since = Instant::now();
    loop {
        match lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if since.elapsed() < PATIENCE => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Err(ErrorKind::TimedOut.into()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io};

    use super::{Position, PositionFile};

    fn position(timeline: i32, lsn: i64) -> Position {
        Position { system: "7".to_owned(), timeline, lsn }
    }

    #[test]
    fn a_replica_must_have_the_latest_position_and_none_answers_while_a_write_is_pending() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let file = PositionFile::at(&folder.path().join("new/one"));
        assert_eq!(file.look()?.required(), None, "nothing is known");
        file.look()?.settle(position(1, 5));
        assert_eq!(file.look()?.required(), Some(&position(1, 5)));
        let (one, two) = (file.begin()?, file.begin()?);
        one.ended(Some(position(1, 9)));
        assert_eq!(file.look()?.required(), None, "the other one is pending");
        file.look()?.settle(position(1, 10));
        assert_eq!(file.look()?.required(), None, "it is alive");
        two.ended(None);
        assert_eq!(file.look()?.required(), Some(&position(1, 10)), "not an earlier one");
        file.begin()?.ended(Some(position(2, 3)));
        assert_eq!(file.look()?.required(), Some(&position(2, 3)), "of another timeline");
        Ok(())
    }

    #[test]
    fn a_write_of_unknown_outcome_is_pending_until_the_primary_was_asked() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let file = PositionFile::at(&folder.path().join("one"));
        file.look()?.settle(position(1, 5));
        drop(file.begin()?);
        let look = file.look()?;
        assert_eq!(look.required(), None);
        drop(file.begin()?);
        look.settle(position(1, 7));
        assert_eq!(file.look()?.required(), None, "another one began meanwhile");
        file.look()?.settle(position(1, 8));
        assert_eq!(file.look()?.required(), Some(&position(1, 8)));
        fs::write(folder.path().join("one"), "{")?;
        assert_eq!(file.look()?.required(), None, "damaged");
        file.look()?.settle(position(1, 9));
        assert_eq!(file.look()?.required(), Some(&position(1, 9)));
        Ok(())
    }
}
