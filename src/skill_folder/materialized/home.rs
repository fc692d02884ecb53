//! The folder of one folder hash: the skill's folder below its name, the manifest beside it, and what writing needs.
//!
//! Who writes or removes there holds a lock on the folder, so that what a killed process left can be told from what is
//! being written. On file systems without locks, nothing is swept, and the last of several writers wins.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, RenameFlags, flock, fstat, renameat, renameat_with, statat};
use rustix::io::Errno;

use super::manifest::{Manifest, Time};
use super::root::{Root, names};
use super::staging::{is_staged, staged_name};
use crate::skill_folder::folders::{create_below, open_below};
use crate::skill_folder::remove::remove;

/// Maximum wait for another process that is writing the same folder.
const PATIENCE: Duration = Duration::from_secs(5);

/// The folder of a folder hash.
#[derive(Debug)]
pub(super) struct Home {
    handle: OwnedFd,
}

impl Home {
    /// Opens the folder, creates it if it is missing, and waits until nobody else writes there. Removes what killed
    /// processes left.
    pub(super) fn lock(root: &Root, hash: &str) -> io::Result<Self> {
        let since = Instant::now();
        loop {
            let handle = create_below(root, hash, Mode::RWXU)?;
            match flock(&handle, FlockOperation::NonBlockingLockExclusive) {
                // It may have been removed since.
                Ok(()) if is_at(root, hash, &handle) => {
                    let home = Self { handle };
                    home.sweep();
                    return Ok(home);
                }
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) if since.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(1)),
                // It hangs, or there are no locks: names are unique, and renaming is atomic.
                Err(_) => return Ok(Self { handle }),
            }
        }
    }

    /// The folder, without what killed processes left. `None` if somebody writes there now.
    pub(super) fn try_lock(root: &Root, hash: &str) -> Option<Self> {
        let handle = open_below(root, hash).ok()?;
        flock(&handle, FlockOperation::NonBlockingLockExclusive).ok().filter(|()| is_at(root, hash, &handle))?;
        let home = Self { handle };
        home.sweep();
        Some(home)
    }

    /// The name of something to write here, which nobody else has.
    pub(super) fn staged_name() -> String {
        staged_name()
    }

    /// Gives a staged folder its name, in place of whatever has it.
    pub(super) fn publish(&self, staged: &str, name: &str) -> io::Result<()> {
        match renameat_with(&self.handle, staged, &self.handle, name, RenameFlags::EXCHANGE) {
            Ok(()) => return self.discard(staged),
            Err(Errno::NOENT) => {}
            // The file system cannot exchange.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                let aside = Self::staged_name();
                match renameat(&self.handle, name, &self.handle, aside.as_str()) {
                    Ok(()) => self.discard(&aside)?,
                    Err(Errno::NOENT) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => return Err(error.into()),
        }
        Ok(renameat(&self.handle, staged, &self.handle, name)?)
    }

    fn discard(&self, name: &str) -> io::Result<()> {
        remove(&self.handle, name)
    }

    /// Removes the skill's folder and its manifest. The folder of the folder hash goes with the last one.
    pub(super) fn remove(self, root: &Root, hash: &str, name: &str) -> io::Result<()> {
        remove(&self.handle, &manifest_name(name))?;
        // In one step, so that nobody finds half of it.
        let aside = Self::staged_name();
        match renameat(&self.handle, name, &self.handle, aside.as_str()) {
            Ok(()) => self.discard(&aside)?,
            Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        self.remove_if_empty(root, hash)
    }

    /// Removes this folder if nothing is in it.
    pub(super) fn remove_if_empty(self, root: &Root, hash: &str) -> io::Result<()> {
        let outcome = rustix::fs::unlinkat(root, hash, AtFlags::REMOVEDIR);
        drop(self.handle); // not before: who gets the lock next must find the folder gone or not at all
        match outcome {
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes what killed processes left.
    fn sweep(&self) {
        for name in names(&self.handle).unwrap_or_default() {
            if let Some(name) = name.to_str().filter(|it| is_staged(it)) {
                let _ = remove(&self.handle, name); // it is swept again next time
            }
        }
    }
}

impl AsFd for Home {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// Whether an opened folder still has its name.
fn is_at(root: &Root, hash: &str, handle: &OwnedFd) -> bool {
    let named = statat(root, hash, AtFlags::SYMLINK_NOFOLLOW);
    let same =
        |opened: rustix::fs::Stat| named.is_ok_and(|it| (it.st_dev, it.st_ino) == (opened.st_dev, opened.st_ino));
    fstat(handle).is_ok_and(same)
}

/// The name of a skill's manifest. Skills whose names begin with a dot are not materialized.
pub(super) fn manifest_name(name: &str) -> String {
    format!(".{name}.manifest")
}

/// A manifest to be written. Its time is read before the hashes are checked.
#[derive(Debug)]
pub(super) struct StagedManifest<'a> {
    home: &'a Home,
    name: String,
    file: File,
    /// When it was created, by the clock of the file system.
    pub(super) created: Time,
}

impl<'a> StagedManifest<'a> {
    pub(super) fn create(home: &'a Home) -> io::Result<Self> {
        let name = Home::staged_name();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(home, name.as_str(), flags, Mode::RUSR | Mode::WUSR)?;
        let found = fstat(&handle)?;
        Ok(Self { home, name, file: handle.into(), created: (found.st_ctime, found.st_ctime_nsec) })
    }

    /// Writes the manifest and gives it its name. The files that it vouches for have been synced; if it is damaged itself,
    /// the hashes are checked again.
    pub(super) fn publish(mut self, manifest: &Manifest, hash: &str, name: &str) -> io::Result<()> {
        self.file.write_all(manifest.text(hash).as_bytes())?;
        Ok(renameat(self.home, self.name.as_str(), self.home, manifest_name(name).as_str())?)
    }
}

impl Drop for StagedManifest<'_> {
    fn drop(&mut self) {
        let _ = remove(self.home, &self.name); // after renaming there is nothing
    }
}
