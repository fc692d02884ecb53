//! Staged files, which are complete or absent: written beside their destination, synced, and renamed. The next process
//! that writes into the folder removes the staged file of a killed one.
//!
//! A writer holds a shared lock on the folder; sweeping needs an exclusive one, so that no staged file is still being
//! written. Process numbers would not do, since containers that share a folder have their own. On file systems without
//! such locks, nothing is swept.

mod rights;

use std::fs::{self, File, Metadata};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags, renameat_with};

pub use self::rights::{allowed as permissions_as_open_as, create as create_as_open_as};
use crate::regular_file;

/// Added to the destination's name, followed by hexadecimal digits.
const MARK: &str = ".cfn-tmp-";

/// Suffixes of SQLite's files beside a staged database.
const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// Maximum wait for a process that is sweeping.
const PATIENCE: Duration = Duration::from_secs(1);

/// Maximum number of entries to examine without a staged file to write: a database may be among a million files.
const MOST_ENTRIES: usize = 1000;

/// A growing file is synced ahead after this many new bytes, checked at this interval.
const SYNC_AHEAD_BYTES: u64 = 8 * 1024 * 1024;
const SYNC_AHEAD_EVERY: Duration = Duration::from_millis(4);

/// A staged file. Dropping it before it is renamed removes it.
#[derive(Debug)]
pub struct StagedFile {
    path: PathBuf,
    to: PathBuf,
    /// The permissions that it gets with its name, if its owner may not write to it.
    in_the_end: OnceLock<u32>,
    /// The lock that keeps others from sweeping the folder.
    _folder: Option<File>,
}

impl StagedFile {
    /// Chooses a free name beside `to`, after removing the staged files of killed processes. Nothing is created yet.
    #[must_use]
    pub fn of(to: &Path) -> Self {
        let folder = to.parent().map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it });
        let mut path = to.as_os_str().to_owned();
        // The hasher's keys are random, so no other process gets this name.
        path.push(format!("{MARK}{:016x}", RandomState::new().hash_one(std::process::id())));
        let in_the_end = OnceLock::new();
        Self { path: path.into(), to: to.to_owned(), in_the_end, _folder: folder.and_then(swept) }
    }

    /// The path to write to.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the file, with the permissions of `source`, whose content it will have, or by the umask. Its owner may write to it
    /// in any case; that of a copy, until it has its name.
    pub fn create(&self, source: Option<&Metadata>) -> io::Result<File> {
        let file = match source {
            Some(source) => rights::create(&self.path, source)?,
            None => rights::create_usual(&self.path)?,
        };
        if let Some(mode) = rights::let_owner_write(&file)?.filter(|_| source.is_some()) {
            let _ = self.in_the_end.set(mode); // it can only be created once
        }
        Ok(file)
    }

    /// Creates the file for this user only.
    pub fn create_private(&self) -> io::Result<File> {
        rights::create_private(&self.path)
    }

    /// Syncs the file.
    pub fn sync(&self) -> io::Result<()> {
        File::open(&self.path).and_then(|file| file.sync_all())
    }

    /// Starts syncing the file as it grows, so that [`Self::sync`] has little left to do.
    pub fn sync_ahead(&self) -> io::Result<SyncAhead> {
        let file = File::open(&self.path)?;
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().spawn(move || sync_as_it_grows(&file, &stopped))?;
        Ok(SyncAhead { stop, thread })
    }

    /// Renames the file to its destination, replacing any file there.
    pub fn replace(self) -> Result<(), NamingError> {
        self.finish().map_err(NamingError::NotNamed)?;
        fs::rename(&self.path, &self.to).map_err(NamingError::NotNamed)?;
        sync_folder(&self.to).map_err(NamingError::NotSynced)
    }

    /// The same, without syncing: after a power cut the old file may be there, or none.
    pub fn replace_unsynced(self) -> io::Result<()> {
        fs::rename(&self.path, &self.to)
    }

    /// Renames the file to its destination, unless there is something; returns whether it did.
    pub fn publish(self) -> Result<bool, NamingError> {
        let to = self.to.clone();
        self.publish_as(&to)
    }

    /// Like [`publish`](Self::publish), but to another name in the same folder. If it is taken, try the next one.
    pub fn publish_as(&self, to: &Path) -> Result<bool, NamingError> {
        match self.finish().and_then(|()| rename_to_free(&self.path, to)) {
            Ok(()) => sync_folder(to).map(|()| true).map_err(NamingError::NotSynced),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(NamingError::NotNamed(error)),
        }
    }

    /// Gives the file its permissions.
    fn finish(&self) -> io::Result<()> {
        self.in_the_end.get().map_or(Ok(()), |mode| rights::set(&self.path, *mode))
    }
}

/// Renames a file, and fails if the new name is taken.
pub fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Network file systems do not support this; a hard link never replaces a file either.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            rustix::fs::link(from, to)?;
            fs::remove_file(from)
        }
        other => Ok(other?),
    }
}

/// Why renaming failed, or may not be durable.
#[derive(Debug, thiserror::Error)]
pub enum NamingError {
    /// It was not renamed; nothing changed.
    #[error("{0}")]
    NotNamed(io::Error),
    /// It was renamed, but its folder could not be synced: a power cut may restore the old state.
    #[error("its folder could not be synced: {0}")]
    NotSynced(io::Error),
}

impl From<NamingError> for io::Error {
    fn from(error: NamingError) -> Self {
        let (NamingError::NotNamed(source) | NamingError::NotSynced(source)) = error;
        source
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; on failure, a later run sweeps the file.
        let _ = fs::remove_file(&self.path);
        for suffix in BESIDE {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            let _ = fs::remove_file(path);
        }
    }
}

/// A thread that syncs a file as it grows. It ends when this is dropped.
#[derive(Debug)]
pub struct SyncAhead {
    stop: Sender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl SyncAhead {
    /// Ends the thread, and returns its error: the system reports each sync error only once.
    pub fn end(self) -> io::Result<()> {
        drop(self.stop);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn sync_as_it_grows(file: &File, stopped: &Receiver<()>) -> io::Result<()> {
    let mut synced = 0;
    while stopped.recv_timeout(SYNC_AHEAD_EVERY) == Err(RecvTimeoutError::Timeout) {
        let length = file.metadata()?.len();
        if length >= synced + SYNC_AHEAD_BYTES {
            file.sync_data()?;
            synced = length;
        }
    }
    Ok(())
}

/// Creates a folder and its missing parents, and syncs each.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|it| fs::symlink_metadata(it).is_err()).collect();
    fs::create_dir_all(folder)?;
    missing.into_iter().try_for_each(sync_folder)
}

/// Syncs a folder, which makes new names in it durable. File systems that do not support it, and unreadable folders,
/// are not errors.
fn sync_folder(path: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    let Some(folder) = path.parent() else { return Ok(()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match regular_file::open_folder(folder).and_then(|it| it.sync_all()) {
        Err(error) if ![InvalidInput, PermissionDenied, Unsupported].contains(&error.kind()) => Err(error),
        _ => Ok(()),
    }
}

/// Removes the staged files of killed processes in the folder of `path`, unless another process is writing there.
pub fn sweep_beside(path: &Path) {
    let Some(folder) = path.parent() else { return };
    let is_left = |it: fs::DirEntry| it.file_name().to_str().is_some_and(is_staged);
    if fs::read_dir(folder).is_ok_and(|entries| entries.take(MOST_ENTRIES).any(|it| it.is_ok_and(is_left))) {
        swept(folder);
    }
}

/// Sweeps a folder if no other process is writing there, and returns a lock on it.
fn swept(folder: &Path) -> Option<File> {
    let lock = regular_file::open_folder(folder).ok()?;
    if lock.try_lock().is_ok() {
        sweep(folder);
    }
    let since = Instant::now();
    loop {
        match lock.try_lock_shared() {
            Ok(()) => return Some(lock),
            Err(fs::TryLockError::WouldBlock) if since.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(1)),
            Err(_) => return None,
        }
    }
}

/// Removes all staged files, for any destination: names of backups contain the time, so the next one has another name.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_staged) {
            let _ = fs::remove_file(entry.path()); // it is swept again next time
        }
    }
}

/// Whether a name is that of a staged file, or of SQLite's files beside one.
fn is_staged(name: &str) -> bool {
    let Some((_, rest)) = name.rsplit_once(MARK) else { return false };
    let digits = BESIDE.iter().fold(rest, |text, suffix| text.strip_suffix(suffix).unwrap_or(text));
    !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests;
