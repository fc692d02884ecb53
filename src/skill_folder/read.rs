//! Reads what is on disk where a skill's folder belongs, and compares nothing: its files and their hashes.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, openat, statat};
use rustix::io::Errno;

use super::folders::open_below;
use crate::linux::{PLACE, each_entry};
use crate::model::{ContentHash, FileMode, FolderFile, FolderPath, SKILL_FILE, SkillFolder};

/// What is read at most: more is no folder that cfn has written.
const MOST_ENTRIES: usize = 20_000;
const MOST_BYTES: u64 = 256 * 1024 * 1024;
const MOST_DEPTH: usize = 600;

/// Room for the names of a folder.
const LISTING_BYTES: usize = 8 * 1024;

/// Room for more of a file that grows.
const MORE_BYTES: usize = 64 * 1024;

/// What has the name of a skill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnDisk {
    /// Nothing.
    Missing,
    /// A folder whose files could be those of a version.
    Folder(SkillFolder),
    /// A folder with a skill file, and with something that no version has.
    Odd(String),
    /// Something else: a file, a link, a folder without a skill file.
    Other(&'static str),
}

/// Reads the entry `name` of `parent`. Links are not followed, and nothing but regular files is opened.
pub fn read(parent: impl AsFd, name: &str) -> io::Result<OnDisk> {
    let root = match open_below(parent.as_fd(), name) {
        Ok(root) => root,
        Err(error) => return without(parent.as_fd(), name, error),
    };
    let mut reading = Reading { files: Vec::new(), content: Vec::new(), listing: Vec::new(), entries: 0, bytes: 0 };
    match reading.folder(&root, &mut String::new(), 0) {
        Ok(()) => {}
        Err(Stop::Odd(why)) => return Ok(odd(parent.as_fd(), name, why)),
        Err(Stop::Failed(error)) => return Err(error),
    }
    let has_skill_file = reading.files.iter().any(|it| it.path.as_str() == SKILL_FILE);
    if !has_skill_file {
        return Ok(OnDisk::Other(NO_SKILL_FILE));
    }
    Ok(SkillFolder::of(reading.files).map_or_else(|fault| OnDisk::Odd(fault.to_string()), OnDisk::Folder))
}

const NO_SKILL_FILE: &str = "it has no SKILL.md";

/// Whether the entry `name` of `parent` is a folder with a skill file.
pub fn is_skill(parent: impl AsFd, name: &str) -> bool {
    let is_file = |it: rustix::fs::Stat| FileType::from_raw_mode(it.st_mode) == FileType::RegularFile;
    let place = openat(parent, name, PLACE | OFlags::DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
    place.is_ok_and(|it| statat(&it, SKILL_FILE, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(is_file))
}

/// What is there instead of a folder that can be opened.
fn without(parent: BorrowedFd<'_>, name: &str, error: io::Error) -> io::Result<OnDisk> {
    match Errno::from_io_error(&error) {
        Some(Errno::NOENT) => Ok(OnDisk::Missing),
        Some(Errno::LOOP) => Ok(OnDisk::Other("it is a link")),
        Some(Errno::NOTDIR) => match statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(it) if FileType::from_raw_mode(it.st_mode) == FileType::Symlink => Ok(OnDisk::Other("it is a link")),
            _ => Ok(OnDisk::Other("it is not a folder")),
        },
        Some(Errno::ACCESS) => Ok(OnDisk::Odd("it may not be read".to_owned())),
        _ => Err(error),
    }
}

fn odd(parent: BorrowedFd<'_>, name: &str, why: String) -> OnDisk {
    if is_skill(parent, name) { OnDisk::Odd(why) } else { OnDisk::Other(NO_SKILL_FILE) }
}

/// Why reading ended early.
enum Stop {
    Odd(String),
    Failed(io::Error),
}

struct Reading {
    files: Vec<FolderFile>,
    content: Vec<u8>,
    listing: Vec<u8>,
    entries: usize,
    bytes: u64,
}

impl Reading {
    fn folder(&mut self, folder: &OwnedFd, path: &mut String, depth: usize) -> Result<(), Stop> {
        if depth > MOST_DEPTH {
            return Err(Stop::Odd(format!("it has more than {MOST_DEPTH} folders in one another")));
        }
        for (name, kind) in self.entries(folder)? {
            let name = str::from_utf8(&name).map_err(|_| Stop::Odd("a name in it is not UTF-8".to_owned()))?;
            let length = path.len();
            if length > 0 {
                path.push('/');
            }
            path.push_str(name);
            self.entry(folder, name, kind, path, depth)?;
            path.truncate(length);
        }
        Ok(())
    }

    fn entries(&mut self, folder: &OwnedFd) -> Result<Vec<(Vec<u8>, FileType)>, Stop> {
        let (mut entries, mut failure) = (Vec::new(), None);
        let left = MOST_ENTRIES - self.entries;
        self.listing.reserve(LISTING_BYTES);
        each_entry(folder, self.listing.spare_capacity_mut(), &mut |name, kind| {
            match kind {
                Ok(_) if matches!(name, b"." | b"..") => {}
                Ok(kind) => entries.push((name.to_vec(), kind)),
                Err(error) => failure = Some(error),
            }
            if entries.len() > left || failure.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .map_err(Stop::Failed)?;
        if let Some(failure) = failure {
            return Err(Stop::Failed(failure));
        }
        if entries.len() > left {
            return Err(Stop::Odd(format!("it has more than {MOST_ENTRIES} files and folders")));
        }
        self.entries += entries.len();
        Ok(entries)
    }

    fn entry(
        &mut self,
        parent: &OwnedFd,
        name: &str,
        kind: FileType,
        path: &mut String,
        depth: usize,
    ) -> Result<(), Stop> {
        match kind {
            FileType::Directory => {
                let folder = open_below(parent, name).map_err(|error| unreadable(path, error))?;
                self.folder(&folder, path, depth + 1)
            }
            FileType::RegularFile => self.file(parent, name, path),
            FileType::Symlink => Err(Stop::Odd(format!("{path} is a link"))),
            _ => Err(Stop::Odd(format!("{path} is not a regular file"))),
        }
    }

    fn file(&mut self, parent: &OwnedFd, name: &str, path: &str) -> Result<(), Stop> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(parent, name, flags, Mode::empty()).map_err(|it| unreadable(path, it.into()))?;
        let found = fstat(&file).map_err(failed)?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(Stop::Odd(format!("{path} is not a regular file")));
        }
        let left = MOST_BYTES - self.bytes;
        let too_much = || Stop::Odd(format!("it has more than {} MiB", MOST_BYTES >> 20));
        if u64::try_from(found.st_size).unwrap_or(u64::MAX) > left {
            return Err(too_much());
        }
        self.content.clear();
        let expected = usize::try_from(found.st_size).unwrap_or_default();
        let size = read_to_end(&file, &mut self.content, expected, left).map_err(Stop::Failed)?;
        if size > left {
            return Err(too_much());
        }
        self.bytes += size;
        let odd = |why| Stop::Odd(format!("{path}: {why}"));
        let path: FolderPath = path.parse().map_err(odd)?;
        let (mode, hash) = (FileMode::of(found.st_mode), ContentHash::of(&self.content));
        self.files.push(FolderFile { path, mode, hash, size });
        Ok(())
    }
}

/// Reads a file to its end, or a little more than `most` bytes of it; the number of bytes. Nearly always it is as long as
/// expected: the room is for one byte more, so that a short answer with all of them is the end.
fn read_to_end(file: &OwnedFd, content: &mut Vec<u8>, expected: usize, most: u64) -> io::Result<u64> {
    content.reserve(expected + 1);
    loop {
        let room = content.capacity() - content.len();
        let count = rustix::io::read(file, spare_capacity(content))?;
        let size = content.len();
        if count == 0 || count < room && size >= expected || size as u64 > most {
            return Ok(size as u64);
        }
        content.reserve(MORE_BYTES);
    }
}

fn failed(error: Errno) -> Stop {
    Stop::Failed(error.into())
}

/// A part that may not be read, or is gone already, is no failure: the folder is just not one of a version.
fn unreadable(path: &str, error: io::Error) -> Stop {
    match Errno::from_io_error(&error) {
        Some(Errno::ACCESS) => Stop::Odd(format!("{path} may not be read")),
        Some(Errno::NOENT | Errno::LOOP | Errno::NOTDIR) => Stop::Odd(format!("{path} changed while it was read")),
        _ => Stop::Failed(error),
    }
}
