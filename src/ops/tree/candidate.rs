//! What only looks like a skill file.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::FileType;

use super::tree_file::is_skill_file;

/// Whether an entry is a skill file, by its path and kind; `Err` says why it is none, though it looks like one.
pub(super) fn check(path: &Path, kind: FileType, root: &Path) -> Result<bool, &'static str> {
    if kind == FileType::Symlink {
        return check_link(path, root);
    }
    if !is_named(path) {
        return Ok(false);
    }
    match kind {
        FileType::RegularFile => Ok(true),
        FileType::Directory => Err("it is a folder, not a file"),
        FileType::Fifo => Err("it is a FIFO, not a file"),
        FileType::Socket => Err("it is a socket, not a file"),
        _ => Err("it is a device, not a file"),
    }
}

fn check_link(link: &Path, root: &Path) -> Result<bool, &'static str> {
    let named = is_named(link);
    match fs::canonicalize(link) {
        Err(_) if named => Err("it is a dangling link"),
        Err(_) => Ok(false),
        // Links to other files are ignored.
        Ok(target) if !target.starts_with(root) && (named || target.is_dir()) => {
            Err("it is a link to a path outside the folder")
        }
        Ok(target) if named && !target.is_file() => Err("it is a link to something that is not a regular file"),
        // A target that is a skill file is found under its own path.
        Ok(target) => Ok(named && !is_named(&target)),
    }
}

fn is_named(path: &Path) -> bool {
    path.file_name().map(OsStr::as_bytes).is_some_and(is_skill_file)
}
