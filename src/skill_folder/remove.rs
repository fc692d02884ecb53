//! Removes a folder with all that is in it, whatever its rights are. Links in it are removed, not followed.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, Mode, OFlags, fchmod, fstat, openat, unlinkat};
use rustix::io::Errno;

use crate::linux::{PLACE, set_rights_of_place};

/// Deepest folder that is removed: no path of a skill has so many parts, and each is an open file of this process.
const MOST_DEPTH: usize = 600;

/// Removes the entry `name` of `parent`: a file, a link, or a folder with all that is in it. A missing one is fine.
pub fn remove(parent: impl AsFd, name: &str) -> io::Result<()> {
    remove_entry(parent.as_fd(), name.as_ref(), 0)
}

/// Removes all entries of a folder.
pub fn remove_what_is_in(folder: impl AsFd) -> io::Result<()> {
    empty(folder.as_fd(), 0)
}

fn remove_entry(parent: BorrowedFd<'_>, name: &[u8], depth: usize) -> io::Result<()> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error.into()),
    }
    if depth > MOST_DEPTH {
        return Err(io::Error::other("it has folders too deep to be removed"));
    }
    empty(loosened(parent, name)?.as_fd(), depth)?;
    match unlinkat(parent, name, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn empty(folder: BorrowedFd<'_>, depth: usize) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if !matches!(name.as_slice(), b"." | b"..") {
            names.push(name);
        }
    }
    names.iter().try_for_each(|name| remove_entry(folder, name, depth + 1))
}

/// Opens a folder, with the rights to read it and to remove its entries.
fn loosened(parent: BorrowedFd<'_>, name: &[u8]) -> io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = || openat(parent, name, flags | OFlags::RDONLY, Mode::empty());
    let folder = match open() {
        Err(Errno::ACCESS) => {
            set_rights_of_place(openat(parent, name, flags | PLACE, Mode::empty())?, Mode::RWXU)?;
            open()?
        }
        opened => opened?,
    };
    let mode = Mode::from_raw_mode(fstat(&folder)?.st_mode);
    if !mode.contains(Mode::RWXU) {
        fchmod(&folder, mode | Mode::RWXU)?;
    }
    Ok(folder)
}
