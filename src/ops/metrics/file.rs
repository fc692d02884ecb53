//! The file beside the database that commands add their counts to, where there is one.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::counters::{BYTES, Counted, Counters};
use crate::database_note::DatabaseNote;
use crate::model::Location;

/// Suffix of the file's name, after the database's.
const SUFFIX: &str = "-metrics";

/// How long a command waits for others that add their counts: each takes microseconds.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long a reader does: it has nothing else to say.
const READERS_PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_micros(20);

/// The file of a database.
#[derive(Debug, Clone)]
pub struct CounterFile(DatabaseNote);

/// The file, open.
#[derive(Debug)]
pub struct OpenCounters(File);

/// The outcome of switching counting on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switched {
    /// It was switched.
    Now,
    /// It was so already.
    Already,
}

impl CounterFile {
    /// The file beside a database; `None` for one on a server.
    #[must_use]
    pub fn of(database: &Location) -> Option<Self> {
        DatabaseNote::of(database, SUFFIX).map(Self)
    }

    /// Makes the file, from which on commands add their counts.
    pub fn enable(&self) -> io::Result<Switched> {
        let Some(file) = self.0.create()? else { return self.open().map(|_| Switched::Already) };
        let written = file.write_all_at(&Counters::default().bytes(), 0);
        written.map(|()| Switched::Now).inspect_err(|_| {
            let _ = fs::remove_file(self.0.path()); // an empty one would count
        })
    }

    /// Removes the file.
    pub fn disable(&self) -> io::Result<Switched> {
        match fs::remove_file(self.0.path()) {
            Ok(()) => Ok(Switched::Now),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Switched::Already),
            Err(error) => Err(error),
        }
    }

    /// Opens the file to add a command to it; `None` without the file.
    pub fn open(&self) -> io::Result<Option<OpenCounters>> {
        Ok(self.0.edit()?.map(OpenCounters))
    }

    /// The counters; `None` without the file, and while another process keeps it locked.
    pub(super) fn counters(&self) -> io::Result<Option<Counters>> {
        let Some(file) = self.0.read()? else { return Ok(None) };
        match lock(&file, FlockOperation::NonBlockingLockShared, READERS_PATIENCE) {
            Err(Errno::WOULDBLOCK) => {
                tracing::warn!(path = ?self.0.path(), "the counters are left out: another process keeps them locked");
                Ok(None)
            }
            locked => Ok(locked.map(|()| Some(read(&file)))?),
        }
    }
}

impl OpenCounters {
    /// Adds a command. A damaged file is begun anew. Nothing is synced: after a power cut the last counts may be missing.
    pub fn count(self, command: &Counted) -> io::Result<()> {
        let Self(file) = self;
        lock(&file, FlockOperation::NonBlockingLockExclusive, PATIENCE)?;
        let mut counters = read(&file);
        counters.add(command);
        file.write_all_at(&counters.bytes(), 0) // the lock ends with the file
    }
}

fn lock(file: &File, operation: FlockOperation, patience: Duration) -> Result<(), Errno> {
    let since = Instant::now();
    loop {
        match flock(file, operation) {
            Err(Errno::WOULDBLOCK) if since.elapsed() < patience => thread::sleep(PAUSE),
            locked => return locked,
        }
    }
}

fn read(file: &File) -> Counters {
    let mut bytes = [0; BYTES];
    let whole = file.read_exact_at(&mut bytes, 0).ok();
    whole.and_then(|()| Counters::read(&bytes)).unwrap_or_default()
}
