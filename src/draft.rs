//! Files that are whole or not there: written as a draft beside their place, synced, and renamed. A draft that a killed process
//! left is removed by the next one that writes into the folder.
//!
//! Whoever writes drafts holds a shared lock on the folder; drafts are swept by somebody who has the lock alone, so that none of
//! them is still being written. The number of a process would not do: containers that share a folder count their own. Where the
//! file system has no such locks, nobody gets one and nothing is swept.

mod rights;

use std::fs::{self, File, Metadata};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags, renameat_with};

/// What a draft's name has after the name that it will get; hexadecimal digits follow.
const MARK: &str = ".cfn-tmp-";

/// What SQLite may have beside a draft.
const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// How long to wait for somebody who sweeps, which takes a moment.
const PATIENCE: Duration = Duration::from_secs(1);

/// How much of a folder is looked through by who has no draft to write there: a database may lie among a million files.
const MOST_ENTRIES: usize = 1000;

/// A file that grows is synced ahead when it is so much longer, which is looked at so often.
const SYNC_AHEAD_BYTES: u64 = 8 * 1024 * 1024;
const SYNC_AHEAD_EVERY: Duration = Duration::from_millis(4);

/// A name that a file is written under; what was written is gone when this is dropped before it was renamed.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    to: PathBuf,
    /// Keeps others from sweeping the folder.
    _folder: Option<File>,
}

impl Draft {
    /// A free name beside `to`, after what killed processes left in that folder was removed. Nothing is created yet.
    #[must_use]
    pub fn of(to: &Path) -> Self {
        let folder = to.parent().map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it });
        let mut path = to.as_os_str().to_owned();
        // The hasher's keys are random: no other process has this name, whatever its number.
        path.push(format!("{MARK}{:016x}", RandomState::new().hash_one(std::process::id())));
        Self { path: path.into(), to: to.to_owned(), _folder: folder.and_then(swept) }
    }

    /// The name to write under.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the file. It is as open as `source`, whose content it is going to hold; without one, the umask decides.
    pub fn create(&self, source: Option<&Metadata>) -> io::Result<File> {
        rights::create(&self.path, source)
    }

    /// Puts what was written on the disk.
    pub fn sync(&self) -> io::Result<()> {
        File::open(&self.path).and_then(|file| file.sync_all())
    }

    /// Begins to put on the disk what is written from now on, so that there is little left for [`Self::sync`].
    pub fn sync_ahead(&self) -> io::Result<SyncAhead> {
        let file = File::open(&self.path)?;
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().spawn(move || sync_as_it_grows(&file, &stopped))?;
        Ok(SyncAhead { stop, thread })
    }

    /// Gives the draft its name, in place of what may have it now.
    pub fn replace(self) -> Result<(), NamingError> {
        fs::rename(&self.path, &self.to).map_err(NamingError::NotNamed)?;
        sync_folder(&self.to).map_err(NamingError::NotSynced)
    }

    /// Gives the draft its name, unless something has that name already; says whether it did.
    pub fn publish(self) -> Result<bool, NamingError> {
        let to = self.to.clone();
        self.publish_as(&to)
    }

    /// The same with another name in the same folder; where that is taken, it can be tried again with the next.
    pub fn publish_as(&self, to: &Path) -> Result<bool, NamingError> {
        match rename_to_free(&self.path, to) {
            Ok(()) => sync_folder(to).map(|()| true).map_err(NamingError::NotSynced),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(NamingError::NotNamed(error)),
        }
    }
}

/// Gives a file another name, which is refused where something has it.
pub fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Network file systems cannot do that; a link never replaces either.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            rustix::fs::link(from, to)?;
            fs::remove_file(from)
        }
        other => Ok(other?),
    }
}

/// Why a draft has no name, or may lose it.
#[derive(Debug, thiserror::Error)]
pub enum NamingError {
    /// It has none: what was there is there.
    #[error("{0}")]
    NotNamed(io::Error),
    /// It has its name, but its folder could not be synced: after a power cut, what was there may be there again.
    #[error("its folder could not be synced: {0}")]
    NotSynced(io::Error),
}

impl From<NamingError> for io::Error {
    fn from(error: NamingError) -> Self {
        let (NamingError::NotNamed(source) | NamingError::NotSynced(source)) = error;
        source
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a rename there is nothing; what cannot be removed now is swept by a later run.
        let _ = fs::remove_file(&self.path);
        for suffix in BESIDE {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            let _ = fs::remove_file(path);
        }
    }
}

/// A thread that keeps syncing a file as it grows; it ends when this is dropped.
#[derive(Debug)]
pub struct SyncAhead {
    stop: Sender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl SyncAhead {
    /// Ends it. Its error is the file's: the system tells each only once.
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

/// Creates a folder and those above it that are missing, each of them durable.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|it| fs::symlink_metadata(it).is_err()).collect();
    fs::create_dir_all(folder)?;
    missing.into_iter().try_for_each(sync_folder)
}

/// A new name is durable when the folder that it is in is synced. Some file systems cannot do that, and a folder that may not be
/// read cannot be opened for it; the name stands all the same.
fn sync_folder(path: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    let Some(folder) = path.parent() else { return Ok(()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match File::open(folder).and_then(|it| it.sync_all()) {
        Err(error) if ![InvalidInput, PermissionDenied, Unsupported].contains(&error.kind()) => Err(error),
        _ => Ok(()),
    }
}

/// Removes what killed processes left in the folder of `path`, unless somebody is writing there.
pub fn sweep_beside(path: &Path) {
    let Some(folder) = path.parent() else { return };
    let is_left = |it: fs::DirEntry| it.file_name().to_str().is_some_and(is_draft);
    if fs::read_dir(folder).is_ok_and(|entries| entries.take(MOST_ENTRIES).any(|it| it.is_ok_and(is_left))) {
        swept(folder);
    }
}

/// Sweeps a folder where nobody else writes drafts, and keeps the lock that says that somebody does.
fn swept(folder: &Path) -> Option<File> {
    let lock = File::open(folder).ok()?;
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

/// Removes all drafts, whatever they were going to be called: backups carry the time in their names, so the next has another.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_draft) {
            let _ = fs::remove_file(entry.path()); // it is swept again next time
        }
    }
}

/// Whether a name is one of a draft, or of what SQLite has beside one.
fn is_draft(name: &str) -> bool {
    let Some((_, rest)) = name.rsplit_once(MARK) else { return false };
    let digits = BESIDE.iter().fold(rest, |text, suffix| text.strip_suffix(suffix).unwrap_or(text));
    !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests;
