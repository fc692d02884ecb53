//! Lists the relevant entries of one folder.

use std::io;
use std::mem::MaybeUninit;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;

use rustix::fs::FileType;

use super::exported::EXPORT_LOCK;
use super::skip;
use super::tree_file::is_skill_file;
use crate::linux;
use crate::ops::folder::may_belong;

/// The entries of a folder.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is found on its own")]
pub(super) struct Listing {
    pub(super) entries: Vec<Entry>,
    /// Names whose type is unknown, with the reason.
    pub(super) unknown: Vec<(Vec<u8>, String)>,
    /// Whether it has a `.cfnignore`.
    pub(super) has_ignore_file: bool,
    /// Whether it has more than a skill file that may belong to a skill.
    pub(super) has_more: bool,
    /// Whether it has the record of an export.
    pub(super) has_export: bool,
    /// Whether it is marked as a virtual environment or cache.
    pub(super) is_marked: bool,
}

/// A relevant entry: a folder, a link, or anything with the name of a skill file.
pub(super) struct Entry {
    /// The name, with a trailing slash for a folder, so that entries sort like full paths.
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
        linux::each_entry(folder, buffer, &mut |name, kind| {
            match kind {
                Ok(kind) => listing.consider(name, kind),
                Err(error) => listing.unknown.push((name.to_vec(), error.to_string())),
            }
            ControlFlow::Continue(())
        })?;
        Ok(listing)
    }

    fn consider(&mut self, name: &[u8], kind: FileType) {
        self.has_ignore_file |= name == skip::IGNORE_FILE;
        self.is_marked |= kind == FileType::RegularFile && skip::marks_skipped_folder(name);
        self.has_more = self.has_more || may_belong(name, kind);
        self.has_export |= kind == FileType::RegularFile && name == EXPORT_LOCK;
        let matters = match kind {
            FileType::Directory => name != b"." && name != b"..",
            FileType::Symlink => true,
            _ => is_skill_file(name),
        };
        if matters {
            let slash: &[u8] = if kind == FileType::Directory { b"/" } else { b"" };
            self.entries.push(Entry { name: [name, slash].concat(), kind });
        }
    }
}
