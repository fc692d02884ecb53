//! The skill files below a folder: every spelling of `SKILL.md`, in path order, links followed only inside.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::content_file::{FileError, Folder};

/// What is below a folder.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Skill files, in the order of their paths.
    pub(super) files: Vec<Found>,
    /// What looked like one and cannot be read, and why.
    pub(super) refused: Refused,
}

/// Paths from the folder that was searched, each with a reason.
pub(super) type Refused = Vec<(PathBuf, String)>;

/// A skill file.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Where it is: no part of the path was a link when it was found, but the file itself may be one.
    pub(super) path: PathBuf,
    /// How much of the path is the folder that was searched.
    below: usize,
}

impl Found {
    /// The path from the folder that was searched.
    pub(super) fn relative(&self) -> &Path {
        let bytes = self.path.as_os_str().as_bytes();
        Path::new(OsStr::from_bytes(bytes.get(self.below..).unwrap_or(bytes)))
    }
}

/// All skill files below a folder.
pub(super) fn skill_files(folder: &Path) -> Result<Tree, FileError> {
    let folder = Folder::open(folder)?;
    let mut files = Vec::new();
    let refused = walk(&folder, &mut |found| {
        files.push(found);
        ControlFlow::Continue(())
    });
    Ok(Tree { files, refused })
}

/// Looks through a folder, and hands over each skill file as soon as it is found, in the order of their paths; answers what was
/// refused. Links are resolved here and never walked into: what is inside is found under its own path, and what is outside is not
/// part of the folder.
pub(super) fn walk(folder: &Folder, take: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Refused {
    let root = folder.path();
    let mut refused = Vec::new();
    for entry in WalkDir::new(root).sort_by(in_path_order) {
        match entry {
            Ok(entry) => {
                if consider(root, &entry, &mut refused) && take(found(root, &entry)).is_break() {
                    break;
                }
            }
            Err(error) => {
                let path = error.path().unwrap_or(root);
                let why = error.io_error().map_or_else(|| "it cannot be read".to_owned(), ToString::to_string);
                refused.push((relative(root, path).to_owned(), why));
            }
        }
    }
    refused.sort_by(|(a, _), (b, _)| a.cmp(b));
    refused
}

/// What is in a folder has the folder's name and a slash in its path, so that is what the folder counts as.
fn in_path_order(a: &DirEntry, b: &DirEntry) -> Ordering {
    let (slash_a, slash_b) = (a.file_type().is_dir().then_some(&b'/'), b.file_type().is_dir().then_some(&b'/'));
    a.file_name().as_bytes().iter().chain(slash_a).cmp(b.file_name().as_bytes().iter().chain(slash_b))
}

fn relative<'p>(root: &Path, path: &'p Path) -> &'p Path {
    path.strip_prefix(root).unwrap_or(path)
}

fn found(root: &Path, entry: &DirEntry) -> Found {
    let below = entry.path().as_os_str().len() - relative(root, entry.path()).as_os_str().len();
    Found { path: entry.path().to_owned(), below }
}

/// Whether it is a skill file.
fn consider(root: &Path, entry: &DirEntry, refused: &mut Refused) -> bool {
    let named = is_skill_file(entry.path());
    if !entry.file_type().is_symlink() {
        return named && entry.file_type().is_file();
    }
    let mut refuse = |why: &str| refused.push((relative(root, entry.path()).to_owned(), why.to_owned()));
    match fs::canonicalize(entry.path()) {
        Err(_) if named => refuse("it is a link to nothing"),
        // A link to any other file is no business of ours.
        Ok(target) if !target.starts_with(root) && (named || target.is_dir()) => {
            refuse("it is a link that leads outside the folder");
        }
        // A target that is a skill file itself is found under its own path.
        Ok(target) => return named && target.is_file() && !is_skill_file(&target),
        Err(_) => {}
    }
    false
}

fn is_skill_file(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.eq_ignore_ascii_case("SKILL.md"))
}

/// The name of the folder that a file is in.
pub(super) fn folder_name(path: &Path) -> Option<&str> {
    path.parent().and_then(Path::file_name).and_then(|name| name.to_str())
}
