//! Reads a database where SQLite cannot create the shared `-shm` file: in a folder, mount or medium without write
//! permission.
//!
//! The file is read without locks as immutable, and only if its log holds no commit, so that nothing committed is
//! missing. After each read, before its result is used, the file is checked for changes.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OpenFlags};

use super::beside::{JOURNAL, LOG, real, with_suffix};
use super::log_file::holds_a_commit;
use crate::regular_file;

/// Two changes within the clock's resolution leave the same file time. A time older than this shows every later change.
const SETTLED: Duration = Duration::from_millis(20);

/// A database opened without locks, and its state at that time.
#[derive(Debug)]
pub(super) struct Unchanging {
    path: PathBuf,
    /// Held open, so that its inode number is not reused.
    file: File,
    seen: Seen,
}

/// Everything that changes with a write.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    file: [i128; 7],
    log: Option<[i128; 7]>,
    journal: bool,
    /// Contains SQLite's change counter.
    header: [u8; 100],
}

impl Unchanging {
    /// `None` if the file cannot be read like this: its log holds a commit, a journal must be rolled back, or it needs
    /// no `-shm`.
    pub(super) fn of(path: &Path) -> io::Result<Option<Self>> {
        let path = real(path)?;
        let file = regular_file::open(&path)?;
        let age = |it: &fs::Metadata| it.modified().ok().and_then(|it| SystemTime::now().duration_since(it).ok());
        if age(&file.metadata()?).is_some_and(|it| it < SETTLED) {
            thread::sleep(SETTLED);
        }
        let seen = Seen::of(&path, &file)?;
        // The 19th byte of the header says whether readers use a log.
        let usable = seen.header[19] == 2 && !seen.journal && !holds_a_commit(&with_suffix(&path, LOG))?;
        Ok(usable.then_some(Self { path, file, seen }))
    }

    /// Whether nothing has changed, so that the data read is committed data.
    pub(super) fn is_unchanged(&self) -> bool {
        Seen::of(&self.path, &self.file).is_ok_and(|it| it == self.seen)
    }

    pub(super) fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(uri(&self.path), flags)
    }
}

impl Seen {
    fn of(path: &Path, file: &File) -> io::Result<Self> {
        let mut header = [0; 100];
        file.read_exact_at(&mut header, 0)?;
        let log = fs::symlink_metadata(with_suffix(path, LOG)).ok();
        let journal = fs::symlink_metadata(with_suffix(path, JOURNAL)).is_ok();
        Ok(Self { file: figures(&fs::metadata(path)?), log: log.as_ref().map(figures), journal, header })
    }
}

fn figures(it: &fs::Metadata) -> [i128; 7] {
    let (device, inode, size) = (it.dev().into(), it.ino().into(), it.size().into());
    [device, inode, size, it.mtime().into(), it.mtime_nsec().into(), it.ctime().into(), it.ctime_nsec().into()]
}

/// Escapes everything but letters and digits: a path may have any byte, and two leading slashes would name a server.
fn uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}"); // into a string, it cannot fail
        }
    }
    uri + "?immutable=1"
}
