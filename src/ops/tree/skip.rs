//! Entries that a walk skips: folders without skills, and everything that a `.cfnignore` file excludes.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::linux;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::{FileType, Mode, OFlags};

/// The name of the file with patterns in gitignore syntax, which apply to its folder and everything below.
pub(in crate::ops) const IGNORE_FILE: &[u8] = b".cfnignore";

/// Maximum size of the file, since patterns cost time and memory.
const LARGEST_IGNORE_FILE: u64 = 16 * 1024;

/// Folders of version control, of installed dependencies, of builds, of caches, and of agents at work.
const SKIPPED: [&[u8]; 29] = [
    b".git",
    b".hg",
    b".svn",
    b"node_modules",
    b"bower_components",
    b".venv",
    b"venv",
    b"site-packages",
    b"target",
    b"dist",
    b"__pycache__",
    b".cache",
    b".cfn-workspaces",
    b".eggs",
    b".gradle",
    b".m2",
    b".mypy_cache",
    b".next",
    b".npm",
    b".nox",
    b".parcel-cache",
    b".pnpm-store",
    b".pytest_cache",
    b".ruff_cache",
    b".terraform",
    b".tox",
    b".turbo",
    b".yarn",
    b".yarn-cache",
];

/// Whether folders with this name are skipped.
pub(super) fn skipped_by_name(name: &[u8]) -> bool {
    SKIPPED.contains(&name)
}

/// Whether this file marks its folder as a virtual environment, or a cache (Cache Directory Tagging Specification).
pub(super) fn marks_skipped_folder(name: &[u8]) -> bool {
    matches!(name, b"pyvenv.cfg" | b"CACHEDIR.TAG")
}

/// The patterns of a `.cfnignore`, and the reasons for its invalid lines.
pub(in crate::ops) struct Patterns {
    pub(in crate::ops) ignored: Gitignore,
    pub(in crate::ops) wrong: Vec<String>,
}

/// The patterns of the folders above this one, nearest first, each with the path of its file. The search ends at the
/// root of the project (the folder with `.claude` or `.git`); without one, there are no patterns. `Err` as in
/// [`patterns`], with the path.
pub(in crate::ops) fn patterns_above(folder: &Path) -> Result<Vec<(PathBuf, Patterns)>, (PathBuf, String)> {
    let mut found = Vec::new();
    for (index, above) in folder.ancestors().enumerate() {
        let flags = linux::PLACE | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let file = above.join(OsStr::from_bytes(IGNORE_FILE));
        if index > 0 && file.symlink_metadata().is_ok() {
            let opened = rustix::fs::open(above, flags, Mode::empty()).map_err(io::Error::from);
            let read = opened.map_err(|error| error.to_string()).and_then(|opened| patterns(&opened, above));
            found.push((file.clone(), read.map_err(|why| (file, why))?));
        }
        if [".claude", ".git"].iter().any(|it| above.join(it).exists()) {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// The patterns of a folder's `.cfnignore`. `Err` if the file is unreadable.
pub(in crate::ops) fn patterns(folder: &OwnedFd, path: &Path) -> Result<Patterns, String> {
    let text = read(folder).map_err(|error| error.to_string())?;
    let mut builder = GitignoreBuilder::new(path);
    let mut wrong = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = if number == 0 { line.trim_start_matches('\u{feff}') } else { line };
        if let Err(error) = builder.add_line(None, line) {
            wrong.push(format!("line {} is not a pattern: {error}", number + 1));
        }
    }
    Ok(Patterns { ignored: builder.build().map_err(|error| error.to_string())?, wrong })
}

/// Reads the file without following links or blocking on a FIFO.
fn read(folder: &OwnedFd) -> io::Result<String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, OsStr::from_bytes(IGNORE_FILE), flags, Mode::empty())?;
    if FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = String::new();
    std::fs::File::from(file).take(LARGEST_IGNORE_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST_IGNORE_FILE {
        return Err(io::Error::other(format!("it has more than {LARGEST_IGNORE_FILE} bytes")));
    }
    Ok(text)
}
