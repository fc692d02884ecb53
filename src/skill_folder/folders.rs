//! Opening and creating folders below an opened one, one part of the path at a time, without following links.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;

/// How each folder is opened: for reading, and never through a link.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens the folder `name` of `parent`; a link is refused.
pub fn open_below(parent: impl AsFd, name: &str) -> io::Result<OwnedFd> {
    Ok(openat(parent, name, FOLDER, Mode::empty())?)
}

/// Opens the folder `name` of `parent`, and creates it if it is missing; a link is refused.
pub fn create_below(parent: impl AsFd, name: &str, rights: Mode) -> io::Result<OwnedFd> {
    match mkdirat(parent.as_fd(), name, rights) {
        Ok(()) | Err(Errno::EXIST) => open_below(parent, name),
        Err(error) => Err(error.into()),
    }
}
