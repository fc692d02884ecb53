//! Whether a materialized folder is exactly what was approved.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, fsync, openat, statat};

use super::manifest::{Entry, Manifest, Seen};
use super::root::{FOLDER, names};
use crate::model::{ContentHash, FileMode, FolderFile, SkillFolder};

/// How files are opened: never through a link, and without waiting for a writer of a FIFO.
const FILE: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// The mode of a folder: nothing can be added by accident.
pub(super) const FOLDER_MODE: u32 = 0o555;

/// The mode of a file.
pub(super) const FILE_MODE: u32 = 0o444;

/// The mode of a file that may be run.
pub(super) const RUNNABLE_MODE: u32 = 0o555;

/// Whether to sync what is read, so that a power cut cannot take its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// It was just written.
    Yes,
    /// It has been there.
    No,
}

/// Whether everything in a manifest is still as it was. Costs a system call for each file and folder.
pub(super) fn is_unchanged(root: BorrowedFd<'_>, folder: &str, manifest: &Manifest) -> bool {
    let mut path = String::with_capacity(256);
    manifest.entries.iter().all(|entry| {
        path.clear();
        path.push_str(folder);
        if !entry.path.is_empty() {
            path.push('/');
            path.push_str(&entry.path);
        }
        statat(root, path.as_str(), AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|found| Seen::from(&found) == entry.seen)
    })
}

/// Reads a folder completely. Its files and folders, if they are exactly these files with these bytes, read-only, and
/// nothing else.
pub(super) fn verified(parent: BorrowedFd<'_>, name: &str, folder: &SkillFolder, sync: Sync) -> Option<Vec<Entry>> {
    let mut walk = Walk { sync, entries: Vec::new() };
    let is_same = walk.folder(parent, name, "", folder.files());
    is_same.is_ok_and(|it| it).then_some(walk.entries)
}

struct Walk {
    sync: Sync,
    entries: Vec<Entry>,
}

impl Walk {
    /// Reads a folder; `path` is its own below the skill's folder, and `files` are all below it.
    fn folder(&mut self, parent: BorrowedFd<'_>, name: &str, path: &str, files: &[FolderFile]) -> io::Result<bool> {
        let handle = openat(parent, name, FOLDER, Mode::empty())?;
        let found = fstat(&handle)?;
        if found.st_mode & 0o7777 != FOLDER_MODE {
            return Ok(false);
        }
        self.entries.push(Entry { path: path.to_owned(), seen: Seen::from(&found), hash: None });
        let start = if path.is_empty() { 0 } else { path.len() + 1 };
        let mut expected = 0;
        for group in files.chunk_by(|one, other| child(one, start).0 == child(other, start).0) {
            let Some(first) = group.first() else { continue };
            expected += 1;
            let is_same = match child(first, start) {
                (name, None) => self.file(handle.as_fd(), name, first)?,
                (name, Some(path)) => self.folder(handle.as_fd(), name, path, group)?,
            };
            if !is_same {
                return Ok(false);
            }
        }
        if self.sync == Sync::Yes {
            fsync(&handle)?;
        }
        Ok(names(&handle)?.len() == expected)
    }

    fn file(&mut self, parent: BorrowedFd<'_>, name: &str, file: &FolderFile) -> io::Result<bool> {
        let handle = openat(parent, name, FILE, Mode::empty())?;
        // Before the bytes are read, so that a later change is seen.
        let found = fstat(&handle)?;
        let mode = match file.mode {
            FileMode::Plain => FILE_MODE,
            FileMode::Executable => RUNNABLE_MODE,
        };
        let is_right = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile
            && found.st_mode & 0o7777 == mode
            && u64::try_from(found.st_size) == Ok(file.size);
        let mut handle = File::from(handle);
        if !is_right || ContentHash::of_reader(&mut handle)? != (file.hash, file.size) {
            return Ok(false);
        }
        if self.sync == Sync::Yes {
            fsync(&handle)?;
        }
        self.entries.push(Entry { path: file.path.to_string(), seen: Seen::from(&found), hash: Some(file.hash) });
        Ok(true)
    }
}

/// The name of the part of a path that begins there, and the path up to it if it is a folder.
fn child(file: &FolderFile, start: usize) -> (&str, Option<&str>) {
    let path = file.path.as_str();
    let rest = &path[start..];
    match rest.find('/') {
        None => (rest, None),
        Some(length) => (&rest[..length], Some(&path[..start + length])),
    }
}
