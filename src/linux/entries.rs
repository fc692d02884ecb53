//! What is in a folder, by `getdents64` into a buffer of the caller's: a walk through a million folders takes no memory for each.
//!
//! A port: `rustix::fs::Dir`, which is `readdir` and has a buffer of its own for each folder.

use std::io;
use std::mem::MaybeUninit;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FileType, RawDir, statat};

/// Takes the name of an entry, and its kind or why that is not known.
pub type Take<'t> = dyn FnMut(&[u8], io::Result<FileType>) -> ControlFlow<()> + 't;

/// Names everything in an opened folder, `.` and `..` too, with its kind or why that is not known, until `take` has enough.
pub fn each_entry(folder: &OwnedFd, buffer: &mut [MaybeUninit<u8>], take: &mut Take<'_>) -> io::Result<()> {
    let mut raw = RawDir::new(folder, buffer);
    while let Some(entry) = raw.next() {
        let entry = entry?;
        let kind = match entry.file_type() {
            // Some file systems do not say.
            FileType::Unknown => statat(folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)
                .map(|found| FileType::from_raw_mode(found.st_mode))
                .map_err(io::Error::from),
            known => Ok(known),
        };
        if take(entry.file_name().to_bytes(), kind).is_break() {
            break;
        }
    }
    Ok(())
}
