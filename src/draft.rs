//! Files that are whole or not there: written as a draft beside their place, synced, and renamed. A draft that a killed process
//! left is removed by the next one that writes into the folder.
//!
//! Whoever writes drafts holds a shared lock on the folder; drafts are swept by somebody who has the lock alone, so that none of
//! them is still being written. The number of a process would not do: containers that share a folder count their own. Where the
//! file system has no such locks, nobody gets one and nothing is swept.

use std::fs::{self, File};
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
    pub fn replace(self) -> io::Result<()> {
        fs::rename(&self.path, &self.to)?;
        sync_folder(&self.to);
        Ok(())
    }

    /// Gives the draft its name, unless something has that name already; says whether it did.
    pub fn publish(self) -> io::Result<bool> {
        let renamed = match renameat_with(CWD, &self.path, CWD, &self.to, RenameFlags::NOREPLACE) {
            // Network file systems cannot do that; a link never replaces either.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
                rustix::fs::link(&self.path, &self.to)
            }
            other => other,
        };
        match renamed {
            Ok(()) => {
                sync_folder(&self.to);
                Ok(true)
            }
            Err(rustix::io::Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
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
    missing.into_iter().for_each(sync_folder);
    Ok(())
}

/// A new name is durable when the folder that it is in is synced. Some file systems refuse that; the name stands all the same.
pub fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent() {
        let _ = File::open(folder).and_then(|it| it.sync_all());
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
        let name = entry.file_name();
        let Some((_, rest)) = name.to_str().and_then(|it| it.rsplit_once(MARK)) else { continue };
        let digits = BESIDE.iter().fold(rest, |text, suffix| text.strip_suffix(suffix).unwrap_or(text));
        if !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_hexdigit()) {
            let _ = fs::remove_file(entry.path()); // it is swept again next time
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::{self, Write};
    use std::path::Path;

    use super::{Draft, create_folder};

    fn names(folder: &Path) -> io::Result<Vec<String>> {
        let mut names: Vec<_> =
            fs::read_dir(folder)?.flatten().map(|it| it.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    #[test]
    fn what_killed_processes_left_is_swept_and_nothing_else() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        // The number of a process that lives, here or in another container, means nothing.
        for left in ["a.db.cfn-tmp-1", "b.cfn-tmp-00ff-journal", "a.db.cfn-tmp-notes", "a.cfn-tmp-", "a.db"] {
            fs::write(folder.path().join(left), "")?;
        }
        drop(Draft::of(&folder.path().join("c")));
        assert_eq!(names(folder.path())?, ["a.cfn-tmp-", "a.db", "a.db.cfn-tmp-notes"]);
        Ok(())
    }

    #[test]
    fn a_draft_that_somebody_is_writing_is_not_swept() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let place = folder.path().join("a.db");
        let (first, second) = (Draft::of(&place), Draft::of(&place));
        assert_ne!(first.path(), second.path());
        fs::write(first.path(), "first")?;
        fs::write(second.path(), "second")?;
        // As in a container that counts its processes from 1: no process here has this number.
        let other = folder.path().join("b.db.cfn-tmp-2147483647");
        fs::write(&other, "")?;
        drop(Draft::of(&place));
        assert!(first.path().exists() && second.path().exists() && other.exists());
        assert!(first.publish()?);
        assert!(!second.publish()?, "it has a name already");
        assert_eq!(fs::read_to_string(&place)?, "first");
        drop(Draft::of(&place));
        assert_eq!(names(folder.path())?, ["a.db"], "nobody writes any more");
        Ok(())
    }

    #[test]
    fn a_folder_that_somebody_else_keeps_locked_is_written_into_all_the_same() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let held = File::open(folder.path())?;
        held.lock()?;
        let draft = Draft::of(&folder.path().join("a"));
        fs::write(draft.path(), "text")?;
        draft.sync()?;
        draft.replace()?;
        assert_eq!(names(folder.path())?, ["a"]);
        Ok(())
    }

    #[test]
    fn a_draft_that_is_synced_ahead_is_what_was_written() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let draft = Draft::of(&folder.path().join("a"));
        let (mut file, megabyte) = (File::create(draft.path())?, vec![b'x'; 1024 * 1024]);
        let syncing = draft.sync_ahead()?;
        for _ in 0..20 {
            file.write_all(&megabyte)?;
        }
        syncing.end()?;
        draft.sync()?;
        draft.replace()?;
        assert_eq!(fs::metadata(folder.path().join("a"))?.len(), 20 * 1024 * 1024);
        Ok(())
    }

    #[test]
    fn folders_are_created_down_to_the_last() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        create_folder(&folder.path().join("a/b/c"))?;
        assert!(folder.path().join("a/b/c").is_dir());
        create_folder(&folder.path().join("a/b/c"))
    }
}
