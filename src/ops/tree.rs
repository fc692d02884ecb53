//! The skill files below a folder: every spelling of `SKILL.md`, in path order, links followed only inside.

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::content_file::FileError;

/// What is below a folder.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Skill files, in the order of their paths.
    pub(super) files: Vec<Found>,
    /// What looked like one and cannot be read, and why.
    pub(super) refused: Vec<(PathBuf, String)>,
}

/// A skill file.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Where it is.
    pub(super) path: PathBuf,
    /// The same from the folder that was searched.
    pub(super) relative: PathBuf,
    /// Its size in bytes when it was found.
    pub(super) size: u64,
}

/// Looks through a folder. Links are resolved here and never walked into: what is inside is found under its own path, and what
/// is outside is not part of the folder.
pub(super) fn skill_files(folder: &Path) -> Result<Tree, FileError> {
    let root = fs::canonicalize(folder).map_err(|source| FileError::Unreadable { path: folder.to_owned(), source })?;
    let mut tree = Tree::default();
    for entry in WalkDir::new(&root).sort_by_file_name() {
        match entry {
            Ok(entry) => consider(&root, &entry, &mut tree),
            Err(error) => {
                let path = error.path().unwrap_or(&root);
                let relative = path.strip_prefix(&root).unwrap_or(path).to_owned();
                let why = error.io_error().map_or_else(|| "it cannot be read".to_owned(), ToString::to_string);
                tree.refused.push((relative, why));
            }
        }
    }
    tree.files.sort_by(|a, b| a.relative.as_os_str().cmp(b.relative.as_os_str()));
    Ok(tree)
}

fn consider(root: &Path, entry: &DirEntry, tree: &mut Tree) {
    let relative = entry.path().strip_prefix(root).unwrap_or(entry.path()).to_owned();
    let named = is_skill_file(entry.path());
    if entry.file_type().is_symlink() {
        let refuse = |tree: &mut Tree, why: &str| tree.refused.push((relative.clone(), why.to_owned()));
        match fs::canonicalize(entry.path()) {
            Err(_) if named => refuse(tree, "it is a link to nothing"),
            // A link to any other file is no business of ours.
            Ok(target) if !target.starts_with(root) && (named || target.is_dir()) => {
                refuse(tree, "it is a link that leads outside the folder");
            }
            // A target that is a skill file itself is found under its own path.
            Ok(target) if named && target.is_file() && !is_skill_file(&target) => push(tree, entry, relative),
            _ => {}
        }
    } else if named && entry.file_type().is_file() {
        push(tree, entry, relative);
    }
}

fn push(tree: &mut Tree, entry: &DirEntry, relative: PathBuf) {
    let size = fs::metadata(entry.path()).map_or(0, |it| it.len());
    tree.files.push(Found { path: entry.path().to_owned(), relative, size });
}

fn is_skill_file(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.eq_ignore_ascii_case("SKILL.md"))
}

/// The name of the folder that a file is in.
pub(super) fn folder_name(path: &Path) -> Option<&str> {
    path.parent().and_then(Path::file_name).and_then(|name| name.to_str())
}
