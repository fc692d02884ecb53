//! Moves a folder to its place and away from it, by one rename each, so that it is there whole or not at all.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{Mode, OFlags, RenameFlags, fstat, openat, renameat_with};
use rustix::io::Errno;

use crate::linux::{PLACE, set_rights_of_place};

/// A name in an opened folder.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The folder.
    pub folder: BorrowedFd<'a>,
    /// The name.
    pub name: &'a str,
}

impl<'a> Place<'a> {
    /// The name in the folder.
    pub fn of(folder: &'a impl AsFd, name: &'a str) -> Self {
        Self { folder: folder.as_fd(), name }
    }

    /// Moves what is here to a free place, `AlreadyExists` if it is taken.
    pub fn move_to(self, to: Self) -> io::Result<()> {
        match self.rename(to, RenameFlags::NOREPLACE) {
            Err(error) if is_unsupported(&error) => {
                // Network file systems do not have it; a rename that replaces needs an empty folder there.
                self.rename(to, RenameFlags::empty()).map_err(|error| match Errno::from_io_error(&error) {
                    Some(Errno::NOTEMPTY | Errno::NOTDIR) => io::ErrorKind::AlreadyExists.into(),
                    _ => error,
                })
            }
            moved => moved,
        }
    }

    /// Exchanges what is here with what is there, in one step; false where the file system cannot.
    pub fn exchange_with(self, other: Self) -> io::Result<bool> {
        match self.rename(other, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(error) if is_unsupported(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn rename(self, to: Self, flags: RenameFlags) -> io::Result<()> {
        let rename = || renameat_with(self.folder, self.name, to.folder, to.name, flags);
        match rename() {
            // A folder that gets another parent must be writable itself.
            Err(Errno::ACCESS) => {
                self.loosen()?;
                if flags.contains(RenameFlags::EXCHANGE) {
                    to.loosen()?;
                }
                Ok(rename()?)
            }
            renamed => Ok(renamed?),
        }
    }

    /// Lets the owner write to a folder; a file or link is left as it is.
    fn loosen(self) -> io::Result<()> {
        let flags = PLACE | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Ok(place) = openat(self.folder, self.name, flags, Mode::empty()) else { return Ok(()) };
        let mode = Mode::from_raw_mode(fstat(&place)?.st_mode);
        set_rights_of_place(place, mode | Mode::WUSR)
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP))
}
