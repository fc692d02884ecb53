//! Opens what is in a folder, below its handle.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, fstat, openat};

use crate::linux;

/// What a file or folder is, whatever its path: device and inode.
pub(super) type Identity = (u64, u64);

/// Opens a file below a folder, without following links or blocking on a FIFO.
pub(super) fn open_file(folder: &OwnedFd, path: &str) -> io::Result<File> {
    open(folder, path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC).map(File::from)
}

/// Opens a folder below a folder for listing, without following links; the path may be empty.
pub(super) fn open_folder(folder: &OwnedFd, path: &str) -> io::Result<OwnedFd> {
    let path = if path.is_empty() { "." } else { path };
    open(folder, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC)
}

fn open(folder: &OwnedFd, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
    match linux::open_without_links(folder, Path::new(path), flags) {
        Some(file) => Ok(file.into()),
        None => part_by_part(folder, path, flags),
    }
}

/// The same in one system call a part; says why it fails.
fn part_by_part(folder: &OwnedFd, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
    let mut at: Option<OwnedFd> = None;
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let way = linux::PLACE | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let flags = if parts.peek().is_some() { way } else { flags } | OFlags::NOFOLLOW;
        let above = at.as_ref().map_or(folder.as_fd(), AsFd::as_fd);
        at = Some(openat(above, part, flags, Mode::empty())?);
    }
    at.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// What an opened file or folder is.
pub(super) fn identity(handle: impl AsFd) -> io::Result<Identity> {
    let stat = fstat(handle)?;
    Ok((stat.st_dev, stat.st_ino))
}
