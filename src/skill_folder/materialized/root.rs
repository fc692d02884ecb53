//! The folder of materialized skills, which only this user can enter.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Dir, Mode, OFlags, fstat, mkdirat, openat};
use rustix::io::Errno;

use super::error::MaterializeError;

/// How folders are opened: for listing and locking, never through a link.
pub(super) const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The file that marks a cache, and its content (Cache Directory Tagging Specification).
const TAG: &str = "CACHEDIR.TAG";
const TAG_TEXT: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55
# Files of skills, written by cfn. 'cfn db maintain' removes what is no longer used.
";

/// The folder of materialized skills, opened.
#[derive(Debug)]
pub(super) struct Root {
    handle: OwnedFd,
    path: PathBuf,
}

impl Root {
    /// Opens the folder, if it exists. It must be a folder of this user's that nobody else can enter.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, MaterializeError> {
        let exposed = |why: &str| MaterializeError::Exposed { path: path.to_owned(), why: why.to_owned() };
        let handle = match openat(CWD, path, FOLDER, Mode::empty()) {
            Ok(handle) => handle,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) if fs::symlink_metadata(path).is_ok_and(|it| !it.is_dir()) => {
                return Err(exposed("is a link or a file, not a folder"));
            }
            Err(error) => return Err(MaterializeError::failed(path, error)),
        };
        let found = fstat(&handle).map_err(|error| MaterializeError::failed(path, error))?;
        if found.st_uid != rustix::process::geteuid().as_raw() {
            return Err(exposed("belongs to another user"));
        }
        if found.st_mode & 0o077 != 0 {
            return Err(exposed(&format!("has mode {:04o}: others may enter it", found.st_mode & 0o7777)));
        }
        Ok(Some(Self { handle, path: path.to_owned() }))
    }

    /// Opens the folder, and creates it first if it is missing.
    pub(super) fn create(path: &Path) -> Result<Self, MaterializeError> {
        if let Some(root) = Self::open(path)? {
            return Ok(root);
        }
        let failed = |error: io::Error| MaterializeError::Failed { path: path.to_owned(), source: error };
        // The folders of a user for caches are their own, whatever the umask is (XDG Base Directory Specification).
        let private = |it: &Path| DirBuilder::new().recursive(true).mode(0o700).create(it);
        path.parent().map_or(Ok(()), private).map_err(failed)?;
        match mkdirat(CWD, path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(MaterializeError::failed(path, error)),
        }
        let root = Self::open(path)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        root.tag().map_err(failed)?;
        Ok(root)
    }

    /// Marks the folder as a cache, which imports and backups pass over.
    fn tag(&self) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(&self.handle, TAG, flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => File::from(file).write_all(TAG_TEXT),
            Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The absolute path of something in it.
    pub(super) fn path_of(&self, relative: &str) -> PathBuf {
        self.path.join(relative)
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// The names of everything in an opened folder.
pub(super) fn names(folder: impl AsFd) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if !matches!(name.as_slice(), b"." | b"..") {
            names.push(OsString::from_vec(name));
        }
    }
    Ok(names)
}
