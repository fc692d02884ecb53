//! What a walk leaves out: folders that hold no skills of their own, and what a `.cfnignore` names.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::{FileType, Mode, OFlags};

/// A file of patterns in gitignore's syntax; it counts for the folder that it is in, and for all that is below.
pub(super) const IGNORE_FILE: &[u8] = b".cfnignore";

/// Larger than any list that a person keeps; patterns cost time and memory.
const LARGEST_IGNORE_FILE: u64 = 16 * 1024;

/// Folders of version control, of installed dependencies, of builds and of caches.
const SKIPPED: [&[u8]; 28] = [
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

/// Why a folder of this name is not walked into.
pub(super) fn skipped_by_name(name: &[u8]) -> bool {
    SKIPPED.contains(&name)
}

/// Whether a folder with such a file in it is a virtual environment, or a cache (by the Cache Directory Tagging Specification).
pub(super) fn marks_skipped_folder(name: &[u8]) -> bool {
    matches!(name, b"pyvenv.cfg" | b"CACHEDIR.TAG")
}

/// What a `.cfnignore` names, and its lines that are no patterns, each with the reason.
pub(super) struct Patterns {
    pub(super) ignored: Gitignore,
    pub(super) wrong: Vec<String>,
}

/// The patterns of the folders above this one, up to the root of its project (the folder that holds `.claude` or `.git`), the
/// nearest first, each with the path of its file; none where there is no such root. `Err` as in [`patterns`], with the path.
pub(super) fn patterns_above(folder: &Path) -> Result<Vec<(PathBuf, Patterns)>, (PathBuf, String)> {
    let mut found = Vec::new();
    for (index, above) in folder.ancestors().enumerate() {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
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

/// The patterns of a folder's `.cfnignore`. `Err` where it cannot be known what it names.
pub(super) fn patterns(folder: &OwnedFd, path: &Path) -> Result<Patterns, String> {
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

/// No link is followed and no pipe waited for.
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
