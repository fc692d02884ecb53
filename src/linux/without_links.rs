//! Opening a path that has no link in it, by `openat2` (Linux 5.6), and handles of places (`O_PATH`).
//!
//! A port: FreeBSD has `O_PATH` and `O_RESOLVE_BENEATH`; elsewhere every folder on the way is opened with `O_NOFOLLOW`, one call each.
//! Links that stay inside a folder cannot be followed safely there. Where `openat2` is not there (an older kernel, a sandbox), nothing is opened and the caller resolves the path itself.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags, chmod, openat2};
use rustix::io::Errno;

/// Opens the place and not what is in it: no right to read it is needed.
pub const PLACE: OFlags = OFlags::PATH;

/// Opens a file below a folder, or by an absolute path, where no part of the path is a link. `None` where that cannot be told.
pub fn open_without_links(folder: impl AsFd, path: &Path, flags: OFlags) -> Option<File> {
    openat2(folder, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS).ok().map(File::from)
}

/// Sets the rights of an opened place, which `fchmod` refuses: no right to read it is needed.
pub fn set_rights_of_place(place: impl AsFd, rights: Mode) -> io::Result<()> {
    Ok(chmod(format!("/proc/self/fd/{}", place.as_fd().as_raw_fd()), rights)?)
}

/// Opens the place that a path below a folder leads to, links followed, but never out of the folder (`EXDEV`).
pub fn place_inside(folder: impl AsFd, path: &Path) -> io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    for _ in 0..MOST_TRIES {
        match openat2(&folder, path, PLACE | OFlags::CLOEXEC, Mode::empty(), resolve) {
            Err(Errno::AGAIN) => std::thread::yield_now(), // something was renamed anywhere on the machine meanwhile
            other => return Ok(other?),
        }
    }
    Err(Errno::AGAIN.into())
}

/// How often to look where a path leads, if other programs rename without a pause.
const MOST_TRIES: usize = 10_000;
