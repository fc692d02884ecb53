//! The folder of an export: opened once, locked, and from then on only reached through opened folders.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, fchmod, fsync, openat, renameat};
use rustix::io::Errno;

use super::error::ExportError;
use super::lock::{LOCK_FILE, Lock, MOST_LOCK_BYTES};
use super::request::Layout;
use crate::model::Visible;
use crate::regular_file;
use crate::skill_folder::{create_below, open_below, remove};

/// Where the record is written before it replaces the old one.
const STAGED_LOCK: &str = ".cfn-export.lock.tmp";

/// Rights of folders on the way to the skills, by the umask.
const USUAL: Mode = Mode::from_raw_mode(0o777);

/// Pause between tries to lock the folder.
const PAUSE: Duration = Duration::from_millis(10);

/// The folder of an export, locked against other exports. It may be missing for an export that only looks.
pub(super) struct Place {
    path: PathBuf,
    root: Option<File>,
}

/// What an export may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    Look,
    Write,
}

impl Place {
    /// Opens the folder, and waits for other exports to it. To be written, it is created if it is missing.
    pub(super) fn open(path: &Path, intent: Intent, patience: Duration) -> Result<Self, ExportError> {
        let place = Self { path: path.to_owned(), root: None };
        let fault = |source| place.fault("", if intent == Intent::Look { "read" } else { "written" }, source);
        if intent == Intent::Write {
            std::fs::create_dir_all(path).map_err(fault)?;
        }
        let root = match regular_file::open_folder(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && intent == Intent::Look => return Ok(place),
            opened => opened.map_err(fault)?,
        };
        let since = Instant::now();
        loop {
            let locked = if intent == Intent::Look { root.try_lock_shared() } else { root.try_lock() };
            match locked {
                Err(TryLockError::WouldBlock) if since.elapsed() < patience => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(ExportError::Busy { path: path.display().to_string() }),
                // Some network file systems have no locks.
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(Self { root: Some(root), ..place }),
            }
        }
    }

    /// The opened folder, if it exists.
    pub(super) fn root(&self) -> Option<BorrowedFd<'_>> {
        self.root.as_ref().map(File::as_fd)
    }

    /// Opens the folder of a layout's skills; `None` if it is missing.
    pub(super) fn skills(&self, layout: Layout) -> Result<Option<OwnedFd>, ExportError> {
        self.walk(layout, |folder, name| open_below(folder, name))
    }

    /// The same, created if it is missing.
    pub(super) fn create_skills(&self, layout: Layout) -> Result<OwnedFd, ExportError> {
        let created = self.walk(layout, |folder, name| create_below(folder, name, USUAL))?;
        created.ok_or_else(|| self.fault("", "written", io::ErrorKind::NotFound.into()))
    }

    fn walk(
        &self,
        layout: Layout,
        enter: impl Fn(BorrowedFd<'_>, &str) -> io::Result<OwnedFd>,
    ) -> Result<Option<OwnedFd>, ExportError> {
        let Some(root) = &self.root else { return Ok(None) };
        let mut folder = OwnedFd::from(root.try_clone().map_err(|error| self.fault("", "read", error))?);
        let mut below = String::new();
        for name in layout.folders() {
            below = if below.is_empty() { (*name).to_owned() } else { format!("{below}/{name}") };
            folder = match enter(folder.as_fd(), name) {
                Ok(folder) => folder,
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::NOENT) => return Ok(None),
                    Some(Errno::LOOP | Errno::NOTDIR) => return Err(ExportError::NoFolder { path: below }),
                    _ => return Err(self.fault(&below, "read", error)),
                },
            };
        }
        Ok(Some(folder))
    }

    /// Reads the record; an empty one if there is none.
    pub(super) fn lock(&self) -> Result<Lock, ExportError> {
        Ok(match self.lock_text()? {
            Some(text) => Lock::read(&text).map_err(|why| self.untrusted(why))?,
            None => Lock::default(),
        })
    }

    fn lock_text(&self) -> Result<Option<Vec<u8>>, ExportError> {
        let Some(root) = &self.root else { return Ok(None) };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match openat(root, LOCK_FILE, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(self.untrusted("it is a link".to_owned())),
            opened => File::from(opened.map_err(|error| self.fault(LOCK_FILE, "read", error.into()))?),
        };
        let unreadable = |error| self.fault(LOCK_FILE, "read", error);
        let found = file.metadata().map_err(unreadable)?;
        if !found.is_file() {
            return Err(self.untrusted("it is not a regular file".to_owned()));
        }
        if found.len() > MOST_LOCK_BYTES {
            return Err(self.untrusted(format!("it has more than {MOST_LOCK_BYTES} bytes")));
        }
        let mut text = Vec::new();
        file.take(MOST_LOCK_BYTES).read_to_end(&mut text).map_err(unreadable)?;
        Ok(Some(text))
    }

    /// Replaces the record, if it is another one; waits until it is on the disk if it is to be synced.
    pub(super) fn record(&self, lock: &Lock, is_synced: bool) -> Result<(), ExportError> {
        let Some(root) = &self.root else { return Ok(()) };
        let text = lock.write().map_err(|why| self.untrusted(why))?;
        if self.lock_text()?.as_ref() == Some(&text) {
            return Ok(());
        }
        let write = || {
            remove(root, STAGED_LOCK)?;
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mut file = File::from(openat(root, STAGED_LOCK, flags, Mode::RUSR | Mode::WUSR)?);
            file.write_all(&text)?;
            fchmod(&file, Mode::from_raw_mode(0o644))?;
            if is_synced {
                fsync(&file)?;
            }
            Ok(renameat(root, STAGED_LOCK, root, LOCK_FILE)?)
        };
        write().map_err(|error| {
            let _ = remove(root, STAGED_LOCK); // the failure is what counts
            self.fault(LOCK_FILE, "written", error)
        })
    }

    /// The path of the record, for messages.
    pub(super) fn lock_path(&self) -> String {
        self.path.join(LOCK_FILE).display().to_string()
    }

    /// A failure at a path below the folder.
    pub(super) fn fault(&self, below: &str, done: &'static str, source: io::Error) -> ExportError {
        let path = if below.is_empty() { self.path.clone() } else { self.path.join(below) };
        ExportError::Folder { path: path.display().to_string(), done, source }
    }

    fn untrusted(&self, why: String) -> ExportError {
        ExportError::Lock { path: self.lock_path(), why: Visible(why).to_string() }
    }
}
