//! The log of strace as the calls that change a disk.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::strace;

/// Every call that changes a file or a name, with all its bytes, and the path of each descriptor.
pub(super) const OPTIONS: [&str; 7] = [
    "-y",
    "-xx",
    "-s16777216",
    "-e",
    "trace=openat,write,pwrite64,ftruncate,fsync,fdatasync,/^rename,/^unlink,/^link,/^mkdir",
    "-e",
    "signal=none",
];

/// A call that changed the disk; paths are below the project.
#[derive(Debug)]
pub(super) enum Call {
    Create(PathBuf),
    /// At a place, or at the end.
    Write(PathBuf, Option<usize>, Vec<u8>),
    Truncate(PathBuf, usize),
    /// Of a file, or of a folder.
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    Unlink(PathBuf),
    Folder(PathBuf),
}

/// The calls in order.
pub(super) fn read(log: &str, project: &Path) -> Vec<Call> {
    strace::calls(log).iter().filter_map(|it| call(it, project)).collect()
}

fn call(line: &str, project: &Path) -> Option<Call> {
    let (name, rest) = line.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') || result.starts_with('?') {
        return None;
    }
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let texts: Vec<Vec<u8>> = arguments.split('"').skip(1).step_by(2).map(decoded).collect();
    // Relative to the folder of the project, which is the current one.
    let path = |at: usize| texts.get(at).and_then(|it| below(project, it.clone()));
    let descriptor = || {
        let bytes = arguments.split_once('<')?.1.split_once('>')?.0;
        below(project, decoded(bytes))
    };
    let last = || arguments.rsplit(", ").next()?.parse::<usize>().ok();
    match name {
        "openat" if arguments.contains("O_CREAT") => path(0).map(Call::Create),
        "write" => Some(Call::Write(descriptor()?, None, texts.first()?.clone())),
        "pwrite64" => Some(Call::Write(descriptor()?, Some(last()?), texts.first()?.clone())),
        "ftruncate" => Some(Call::Truncate(descriptor()?, last()?)),
        "fsync" | "fdatasync" => descriptor().map(Call::Sync),
        "rename" | "renameat" | "renameat2" => Some(Call::Rename(path(0)?, path(1)?)),
        "unlink" | "unlinkat" => path(0).map(Call::Unlink),
        "mkdir" | "mkdirat" => path(0).map(Call::Folder),
        _ => None,
    }
}

fn below(project: &Path, bytes: Vec<u8>) -> Option<PathBuf> {
    let path = project.join(OsString::from_vec(bytes));
    path.strip_prefix(project).ok().map(Path::to_owned)
}

/// `\x2f\x74` and so on.
fn decoded(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|it| u8::from_str_radix(&it[..2], 16).expect("two digits")).collect()
}
