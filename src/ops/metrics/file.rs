//! The file beside the database that commands add their counts to, where there is one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::counters::{BYTES, Counted, Counters};
use crate::model::Location;
use crate::regular_file;

/// Suffix of the file's name, after the database's.
const SUFFIX: &str = "-metrics";

/// How long a command waits for others that add their counts: each takes microseconds.
const PATIENCE: Duration = Duration::from_millis(20);
const PAUSE: Duration = Duration::from_micros(20);

/// The file of a database.
#[derive(Debug, Clone)]
pub struct CounterFile(PathBuf);

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
        database.beside(SUFFIX).map(Self)
    }

    /// Makes the file, from which on commands add their counts.
    pub fn enable(&self) -> io::Result<Switched> {
        match regular_file::open_beside(&self.0, OpenOptions::new().write(true).create_new(true)) {
            Ok(file) => file.write_all_at(&Counters::default().bytes(), 0).map(|()| Switched::Now),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Switched::Already),
            Err(error) => Err(error),
        }
    }

    /// Removes the file.
    pub fn disable(&self) -> io::Result<Switched> {
        match fs::remove_file(&self.0) {
            Ok(()) => Ok(Switched::Now),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Switched::Already),
            Err(error) => Err(error),
        }
    }

    /// Opens the file to add a command to it; `None` without the file.
    pub fn open(&self) -> io::Result<Option<OpenCounters>> {
        match regular_file::open_beside(&self.0, OpenOptions::new().read(true).write(true)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            opened => opened.map(|file| Some(OpenCounters(file))),
        }
    }

    /// The counters; `None` without the file.
    pub(super) fn counters(&self) -> io::Result<Option<Counters>> {
        match regular_file::open_beside(&self.0, OpenOptions::new().read(true)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            opened => {
                let file = opened?;
                lock(&file)?;
                Ok(Some(read(&file)))
            }
        }
    }
}

impl OpenCounters {
    /// Adds a command. A damaged file is begun anew. Nothing is synced: after a power cut the last counts may be missing.
    pub fn count(self, command: &Counted) -> io::Result<()> {
        let Self(file) = self;
        lock(&file)?;
        let mut counters = read(&file);
        counters.add(command);
        file.write_all_at(&counters.bytes(), 0) // the lock ends with the file
    }
}

fn lock(file: &File) -> io::Result<()> {
    let since = Instant::now();
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if since.elapsed() < PATIENCE => thread::sleep(PAUSE),
            locked => return Ok(locked?),
        }
    }
}

fn read(file: &File) -> Counters {
    let mut bytes = [0; BYTES];
    let whole = file.read_exact_at(&mut bytes, 0).ok();
    whole.and_then(|()| Counters::read(&bytes)).unwrap_or_default()
}
