//! What is in one folder, as far as a walk looks at it.

use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, RawDir};

use super::{is_skill_file, skip};

/// What is in a folder.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) entries: Vec<Entry>,
    /// Names that the system does not say more about, and why.
    pub(super) unknown: Vec<(Vec<u8>, String)>,
    /// Whether it has a `.cfnignore`.
    pub(super) has_ignore_file: bool,
    /// Whether a file in it says that there are no skills in it.
    pub(super) is_marked: bool,
}

/// Something in a folder that may matter: a folder, a link, or a regular file with the name of a skill file.
pub(super) struct Entry {
    /// A folder's has a slash at its end: so has the path of all that is in it, and that is what decides the order.
    pub(super) name: Vec<u8>,
    pub(super) kind: FileType,
}

impl Entry {
    pub(super) fn is_folder(&self) -> bool {
        self.kind == FileType::Directory
    }
}

impl Listing {
    /// Lists an opened folder.
    pub(super) fn of(folder: &OwnedFd, buffer: &mut [MaybeUninit<u8>]) -> io::Result<Self> {
        let mut listing = Self::default();
        let mut raw = RawDir::new(folder, buffer);
        while let Some(entry) = raw.next() {
            let entry = entry?;
            let name = entry.file_name();
            let kind = match entry.file_type() {
                // Some file systems do not say.
                FileType::Unknown => match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(found) => FileType::from_raw_mode(found.st_mode),
                    Err(error) => {
                        let why = io::Error::from(error).to_string();
                        listing.unknown.push((name.to_bytes().to_vec(), why));
                        continue;
                    }
                },
                known => known,
            };
            listing.consider(name.to_bytes(), kind);
        }
        Ok(listing)
    }

    fn consider(&mut self, name: &[u8], kind: FileType) {
        self.has_ignore_file |= name == skip::IGNORE_FILE;
        self.is_marked |= kind == FileType::RegularFile && skip::marks_skipped_folder(name);
        let matters = match kind {
            FileType::Directory => name != b"." && name != b"..",
            FileType::Symlink => true,
            FileType::RegularFile => is_skill_file(Path::new(OsStr::from_bytes(name))),
            _ => false,
        };
        if matters {
            let slash: &[u8] = if kind == FileType::Directory { b"/" } else { b"" };
            self.entries.push(Entry { name: [name, slash].concat(), kind });
        }
    }
}
