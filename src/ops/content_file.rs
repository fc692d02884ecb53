//! Reads a skill's file. It is opened once, so that the checked bytes are the stored ones, whatever happens to the
//! path.

use std::borrow::Cow;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::buffer::spare_capacity;
use rustix::fs::{CWD, Mode, OFlags};

use crate::linux;
use crate::model::{FileMode, FolderLimits, Visible};
use crate::ops::database_files::DatabaseFiles;

/// The restrictions on files.
#[derive(Debug, Clone)]
pub struct Files {
    /// Maximum size in bytes.
    pub most_bytes: usize,
    /// The folder that files must be in, links resolved; `None` for any.
    pub root: Option<PathBuf>,
    /// The limits of a skill's folder.
    pub folder: FolderLimits,
    /// The files of the database, which no skill has.
    pub database: Option<DatabaseFiles>,
}

/// A file that was read.
#[derive(Debug, Clone)]
pub struct ContentFile {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Its path, links resolved.
    pub path: PathBuf,
    /// Its mode.
    pub mode: FileMode,
}

/// A file whose bytes were read.
pub(super) struct Place<'p> {
    /// Its path, links resolved.
    pub(super) path: Cow<'p, Path>,
    pub(super) mode: FileMode,
    /// Its device and inode.
    pub(super) identity: (u64, u64),
}

/// Why a file was refused.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is missing or unreadable.
    #[error("could not read {}: {source}", Visible(path.to_string_lossy()))]
    Unreadable {
        /// The path that was given.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It is a folder, FIFO or device.
    #[error("{} is not a regular file", Visible(path.to_string_lossy()))]
    NotRegular {
        /// The path that was given.
        path: PathBuf,
    },
    /// It is a folder that is not a skill's.
    #[error("{} is a folder without a SKILL.md", Visible(path.to_string_lossy()))]
    NoSkillFile {
        /// The path that was given.
        path: PathBuf,
    },
    /// The path changed to another file during reading.
    #[error("{} was replaced while it was read", Visible(path.to_string_lossy()))]
    Replaced {
        /// The path that was given.
        path: PathBuf,
    },
    /// Its folder could not be moved, after its bytes were recorded.
    #[error("the skill is recorded, but {} could not be moved: {source}", Visible(path.to_string_lossy()))]
    NotMoved {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The root is missing or unreadable.
    #[error("CFN_CONTENT_ROOT is {}, which cannot be read: {source}", Visible(root.to_string_lossy()))]
    Root {
        /// The root.
        root: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It is outside the root.
    #[error("{} lies outside the content root {}", Visible(path.to_string_lossy()), Visible(root.to_string_lossy()))]
    OutsideRoot {
        /// The path that was given.
        path: PathBuf,
        /// The root.
        root: PathBuf,
    },
    /// It is too large, not UTF-8, or empty.
    #[error("{}: {problem}", Visible(path.to_string_lossy()))]
    Content {
        /// The path that was given.
        path: PathBuf,
        /// The problem.
        problem: String,
        /// The remedy.
        hint: &'static str,
    },
}

impl Files {
    /// Reads a file. Links are followed, but the target must be a regular file inside the root.
    pub fn read(&self, path: &Path) -> Result<ContentFile, FileError> {
        let mut bytes = Vec::new();
        let Place { path, mode, .. } = match open_without_links(path) {
            Some(file) => self.read_opened(path, file, Some(path), &mut bytes)?,
            None => self.read_linked(path, &mut bytes)?,
        };
        Ok(ContentFile { bytes, path: path.components().collect(), mode })
    }

    /// Reads a file below a folder, by the path at which it was found. Appends its bytes to `to`.
    pub(super) fn read_below<'p>(
        &self,
        folder: &Folder,
        path: &'p Path,
        to: &mut Vec<u8>,
    ) -> Result<Place<'p>, FileError> {
        match folder.open_without_links(path) {
            Some(file) => self.read_opened(path, file, Some(path), to),
            None => self.read_linked(path, to),
        }
    }

    fn read_linked<'p>(&self, path: &'p Path, to: &mut Vec<u8>) -> Result<Place<'p>, FileError> {
        let file = open(path).map_err(|source| FileError::Unreadable { path: path.to_owned(), source })?;
        self.read_opened(path, file, None, to)
    }

    /// Reads an opened file; `real` is its path, if known. On an error, nothing is added to `to`.
    fn read_opened<'p>(
        &self,
        path: &Path,
        file: File,
        real: Option<&'p Path>,
        to: &mut Vec<u8>,
    ) -> Result<Place<'p>, FileError> {
        let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
        let opened = file.metadata().map_err(unreadable)?;
        if !opened.is_file() {
            return Err(FileError::NotRegular { path: path.to_owned() });
        }
        let real = real.map_or_else(|| resolve(path, &opened).map(Cow::Owned), |it| Ok(Cow::Borrowed(it)))?;
        self.require_inside(path, &real, &opened)?;
        let start = to.len();
        let outcome = self.all(file, opened.len(), to);
        let length = to.len() - start;
        if outcome.is_err() || length > self.most_bytes {
            to.truncate(start);
        }
        outcome.map_err(unreadable)?;
        if length > self.most_bytes {
            let problem = format!("it is larger than the limit of {} bytes", self.most_bytes);
            let hint = "Make it smaller, or raise the limit with CFN_MAX_CONTENT_BYTES.";
            return Err(FileError::Content { path: path.to_owned(), problem, hint });
        }
        Ok(Place { path: real, mode: FileMode::of(opened.mode()), identity: (opened.dev(), opened.ino()) })
    }

    fn require_inside(&self, path: &Path, real: &Path, opened: &Metadata) -> Result<(), FileError> {
        let Some(root) = &self.root else { return Ok(()) };
        let resolved = fs::canonicalize(root).map_err(|source| FileError::Root { root: root.clone(), source })?;
        if !real.starts_with(&resolved) {
            return Err(FileError::OutsideRoot { path: path.to_owned(), root: root.clone() });
        }
        // The path was inside when its links were resolved, but a link may have been inserted before the file was
        // opened, and removed since. Only a file found without links is known to be inside.
        match without_links(real) {
            Ok(found) if found == (opened.dev(), opened.ino()) => Ok(()),
            _ => Err(FileError::Replaced { path: path.to_owned() }),
        }
    }

    /// Reads at most one byte more than allowed: a file may grow while it is read, and a special one may never end.
    fn all(&self, mut file: File, size: u64, to: &mut Vec<u8>) -> io::Result<()> {
        let limit = self.most_bytes.saturating_add(1);
        let size = usize::try_from(size).unwrap_or(limit);
        to.reserve(size.min(limit) + 1);
        let read = match rustix::io::read(&file, spare_capacity(to)) {
            // All bytes were read with room to spare; another read would only confirm the end.
            Ok(read) if read == size => return Ok(()),
            Ok(read) => read,
            Err(rustix::io::Errno::INTR) => 0,
            Err(error) => return Err(error.into()),
        };
        file.by_ref().take(limit.saturating_sub(read) as u64).read_to_end(to)?;
        Ok(())
    }
}

/// Maximum length of a path in system calls, including the terminating NUL.
const LONGEST_PATH: usize = 4096;

/// An opened folder from which files are read, whatever happens to its path.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    handle: OwnedFd,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
        let real = fs::canonicalize(path).map_err(unreadable)?;
        let flags = linux::PLACE | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::open(&real, flags, Mode::empty()).map_err(|it| unreadable(it.into()))?;
        Ok(Self { path: real, handle })
    }

    /// Its path, links resolved.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The relative path; `None` if the full path is too long, since it could not be opened again by the recorded path.
    fn relative<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        path.strip_prefix(&self.path).ok().filter(|_| path.as_os_str().len() < LONGEST_PATH)
    }

    /// Opens a folder in it, by its full path, for listing.
    pub(super) fn list(&self, path: &Path) -> io::Result<OwnedFd> {
        let relative = self.relative(path).map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it });
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.handle, relative.unwrap_or(path), flags, Mode::empty())?)
    }

    /// Opens a folder in it, by its full path, for reading its files.
    pub(super) fn open_inside(&self, path: &Path) -> io::Result<OwnedFd> {
        let relative = self.relative(path).filter(|it| !it.as_os_str().is_empty());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = relative.and_then(|it| linux::open_without_links(&self.handle, it, flags));
        opened.map_or_else(|| self.list(path), |it| Ok(it.into()))
    }

    /// Opens a file by its full path, if no part below the folder is a link.
    fn open_without_links(&self, path: &Path) -> Option<File> {
        let relative = self.relative(path)?;
        linux::open_without_links(&self.handle, relative, FLAGS)
    }
}

/// The path of an opened file, links resolved.
fn resolve(path: &Path, opened: &Metadata) -> Result<PathBuf, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let real = fs::canonicalize(path).map_err(unreadable)?;
    let named = fs::metadata(&real).map_err(unreadable)?;
    if (opened.dev(), opened.ino()) == (named.dev(), named.ino()) {
        Ok(real)
    } else {
        Err(FileError::Replaced { path: path.to_owned() })
    }
}

/// Without `O_NONBLOCK`, opening a FIFO without a writer would block.
const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

fn open(path: &Path) -> io::Result<File> {
    Ok(rustix::fs::open(path, FLAGS, Mode::empty())?.into())
}

/// Opens a file by a path without links, so that the path need not be resolved: one system call instead of one for each
/// folder of the path. `None` if that cannot be established.
fn open_without_links(path: &Path) -> Option<File> {
    let plain = |it: Component<'_>| matches!(it, Component::RootDir | Component::Normal(_));
    if !path.is_absolute() || !path.components().all(plain) {
        return None;
    }
    linux::open_without_links(CWD, path, FLAGS)
}

/// The identity of the file at an absolute path, if no part of the path is a link.
fn without_links(path: &Path) -> io::Result<(u64, u64)> {
    let flags = linux::PLACE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut at = rustix::fs::open("/", flags, Mode::empty())?;
    for part in path.components().filter(|it| matches!(it, Component::Normal(_))) {
        at = rustix::fs::openat(&at, part.as_os_str(), flags, Mode::empty())?;
    }
    let found = File::from(at).metadata()?;
    Ok((found.dev(), found.ino()))
}

#[cfg(test)]
mod tests;
