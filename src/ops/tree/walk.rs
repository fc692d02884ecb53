//! Walks a folder recursively.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::vec;

use ignore::gitignore::Gitignore;
use rustix::fs::FileType;

use super::candidate;
use super::exported::exported;
use super::listing::{Entry, Listing};
use super::skip;
use super::tree_file::{Beside, TreeFile, Walked, is_skill_file};
use crate::model::Remark;
use crate::ops::content_file::{FileError, Folder};
use crate::ops::folder::project_mark;

/// Walks a folder, and passes on each skill file as soon as it is found, in path order. Links to folders are not
/// followed: a target inside is found under its own path, and a target outside is not part of the folder. With
/// `nested`, all files inside another skill's folder count. `Err` if the folder itself is unreadable.
pub(in crate::ops) fn walk(
    folder: &Folder,
    nested: bool,
    take: &mut dyn FnMut(TreeFile) -> ControlFlow<()>,
) -> Result<Walked, FileError> {
    let path = below(folder.path());
    let start = path.len();
    let buffer = Vec::with_capacity(BUFFER);
    let mut walk = Walk {
        folder,
        path,
        start,
        nested,
        outer: Vec::new(),
        exported: HashSet::new(),
        walked: Walked::default(),
        buffer,
    };
    let mut levels = Vec::from_iter(walk.begin()?);
    while let Some(level) = levels.last_mut() {
        walk.path.truncate(level.length);
        let Some(entry) = level.entries.next() else {
            levels.pop();
            continue;
        };
        walk.path.extend_from_slice(&entry.name);
        if entry.is_folder() {
            let inner = walk.enter(&levels);
            levels.extend(inner);
            continue;
        }
        let path = OsString::from_vec(walk.path.clone()).into();
        let beside = level.beside.clone();
        if take(TreeFile { path, below: start, shares_folder: level.shared, beside }).is_break() {
            break;
        }
    }
    walk.walked.refused.sort();
    walk.walked.nested.sort();
    Ok(walk.walked)
}

/// The prefix of the paths below a folder.
fn below(folder: &Path) -> Vec<u8> {
    let mut path = folder.as_os_str().as_bytes().to_vec();
    if path != b"/" {
        path.push(b'/');
    }
    path
}

/// Buffer size for listing a folder.
const BUFFER: usize = 32 * 1024;

/// Folders of a skill that contain no other skills.
const PARTS: [&[u8]; 4] = [b"assets", b"references", b"examples", b"templates"];

/// Whether a folder with a skill file can be a separate skill, by its path below another skill's folder.
pub(in crate::ops) fn is_skill_of_its_own(below: &[u8]) -> bool {
    let parts: Vec<&[u8]> = below.split(|it| *it == b'/').collect();
    let part = |name: &&[u8]| PARTS.iter().any(|it| name.eq_ignore_ascii_case(it));
    let [above @ .., parent, _] = parts.as_slice() else { return false };
    parent.eq_ignore_ascii_case(b"skills") && !above.iter().any(part)
}

struct Walk<'a> {
    folder: &'a Folder,
    /// The current path, with a trailing slash for a folder.
    path: Vec<u8>,
    /// Length of the searched folder's path.
    start: usize,
    nested: bool,
    /// The patterns of the folders above, nearest first.
    outer: Vec<Arc<Gitignore>>,
    /// The folders that `cfn export` wrote.
    exported: HashSet<Vec<u8>>,
    walked: Walked,
    buffer: Vec<u8>,
}

/// A folder on the current path.
struct Level {
    /// Length of its path.
    length: usize,
    entries: vec::IntoIter<Entry>,
    /// Length of the path of the innermost skill folder that contains it, or is it.
    skill: Option<usize>,
    /// The patterns of its `.cfnignore`.
    ignored: Option<Arc<Gitignore>>,
    /// What it has besides a skill file, if it has one.
    beside: Option<Arc<Beside>>,
    /// Whether it has more than one skill file.
    shared: bool,
}

impl Walk<'_> {
    /// The folder's path without the slash, with which a link that replaced the folder would be followed.
    fn own_path(&self) -> &[u8] {
        self.path.strip_suffix(b"/").filter(|it| !it.is_empty()).unwrap_or(&self.path)
    }

    /// Lists the folder at `path`; also returns its handle if it has a `.cfnignore`, or the record of an
    /// export.
    fn list(&mut self) -> io::Result<(Listing, Option<OwnedFd>)> {
        let handle = self.folder.list(Path::new(OsStr::from_bytes(self.own_path())))?;
        let listing = Listing::of(&handle, self.buffer.spare_capacity_mut())?;
        for (name, why) in &listing.unknown {
            self.refuse(&self.path_of(name), why.clone());
        }
        if listing.has_export {
            let paths: Vec<_> = exported(&handle).iter().map(|it| self.path_of(it.as_bytes())).collect();
            self.exported.extend(paths);
        }
        let handle = listing.has_ignore_file.then_some(handle);
        Ok((listing, handle))
    }

    /// Starts with the searched folder.
    fn begin(&mut self) -> Result<Option<Level>, FileError> {
        let unreadable = |source| FileError::Unreadable { path: self.folder.path().to_owned(), source };
        let (listing, handle) = self.list().map_err(unreadable)?;
        match skip::patterns_above(self.folder.path()) {
            Ok(found) => {
                for (file, patterns) in found {
                    self.walked
                        .refused
                        .extend(patterns.wrong.into_iter().map(|why| Remark::new(file.clone(), (), why)));
                    self.outer.push(Arc::new(patterns.ignored));
                }
                Ok(self.level(listing, handle, &[]))
            }
            Err((file, why)) => {
                let why = format!("{why}, so its folder was skipped");
                self.walked.refused.push(Remark::new(file, (), why));
                Ok(None)
            }
        }
    }

    /// Enters the folder at `path`, inside another one.
    fn enter(&mut self, above: &[Level]) -> Option<Level> {
        match self.list() {
            Ok((listing, _)) if listing.is_marked => {
                self.skip("it is a virtual environment or a cache", &self.path.clone());
                None
            }
            Ok((listing, handle)) => self.level(listing, handle, above),
            Err(error) => {
                let path = self.own_path().to_vec();
                self.refuse(&path, error.to_string());
                None
            }
        }
    }

    /// Prepares the folder at `path` for walking.
    fn level(&mut self, listing: Listing, handle: Option<OwnedFd>, above: &[Level]) -> Option<Level> {
        let ignored = self.patterns(handle).ok()?;
        let mut entries = listing.entries;
        let above_it: Vec<&Arc<Gitignore>> = above.iter().rev().filter_map(|it| it.ignored.as_ref()).collect();
        let inner: Vec<&Arc<Gitignore>> = ignored.iter().chain(above_it.iter().copied()).collect();
        entries.retain(|entry| self.keeps(entry, &inner));
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let files = entries.iter().filter(|it| !it.is_folder()).count();
        let mut skill = above.last().and_then(|it| it.skill);
        if files > 0 && (self.nested || skill.is_none_or(|outer| self.is_separate(outer))) {
            skill = Some(self.path.len());
        } else if files > 0 {
            for Entry { name, .. } in entries.extract_if(.., |it| !it.is_folder()) {
                self.walked.nested.push(self.relative(&self.path_of(&name)));
            }
        }
        let has_skill = files > 0 && skill == Some(self.path.len());
        let beside = (has_skill && listing.has_more).then(|| self.beside(above_it));
        let length = self.path.len();
        Some(Level { length, entries: entries.into_iter(), skill, ignored, beside, shared: files > 1 })
    }

    /// What the folder at `path` has besides its skill file.
    fn beside(&self, above: Vec<&Arc<Gitignore>>) -> Arc<Beside> {
        let outer = above.into_iter().chain(&self.outer).cloned().collect();
        let is_root = self.path.len() == self.start;
        let is_there = |name: &str| is_root && self.folder.path().join(name).symlink_metadata().is_ok();
        Arc::new(Beside { outer, mark: project_mark(is_there) })
    }

    /// The patterns of the folder's `.cfnignore`. If the file is unreadable, the folder is skipped.
    fn patterns(&mut self, handle: Option<OwnedFd>) -> Result<Option<Arc<Gitignore>>, ()> {
        let Some(handle) = handle else { return Ok(None) };
        let file = self.path_of(skip::IGNORE_FILE);
        match skip::patterns(&handle, Path::new(OsStr::from_bytes(&self.path))) {
            Ok(patterns) => {
                for why in patterns.wrong {
                    self.refuse(&file, why);
                }
                Ok(Some(Arc::new(patterns.ignored)))
            }
            Err(why) => {
                self.refuse(&file, format!("{why}, so its folder was skipped"));
                Err(())
            }
        }
    }

    /// Whether an entry of the folder at `path` is a folder to walk, or a skill file.
    fn keeps(&mut self, entry: &Entry, ignored: &[&Arc<Gitignore>]) -> bool {
        let folder = entry.is_folder();
        let name = entry.name.strip_suffix(b"/").unwrap_or(&entry.name);
        if folder && skip::skipped_by_name(name) {
            self.skip("folders with this name have no skills of their own", &self.path_of(&entry.name));
            return false;
        }
        if folder && self.exported.contains(&self.path_of(name)) {
            self.skip("exported by cfn", &self.path_of(&entry.name));
            return false;
        }
        if !ignored.is_empty() || !self.outer.is_empty() {
            let path = self.path_of(name);
            let path = Path::new(OsStr::from_bytes(&path));
            let mut decided = ignored.iter().copied().chain(&self.outer).map(|it| it.matched(path, folder));
            if decided.find(|it| !it.is_none()).is_some_and(|it| it.is_ignore()) {
                self.skip("excluded by a .cfnignore", &self.path_of(&entry.name));
                return false;
            }
        }
        if entry.kind == FileType::RegularFile || (folder && !is_skill_file(name)) {
            return true; // nearly all entries
        }
        let path = self.path_of(name);
        match candidate::check(Path::new(OsStr::from_bytes(&path)), entry.kind, self.folder.path()) {
            Ok(is_skill_file) => is_skill_file,
            Err(why) => {
                self.refuse(&path, why.to_owned());
                folder
            }
        }
    }

    /// The path of an entry of the folder at `path`.
    fn path_of(&self, entry: &[u8]) -> Vec<u8> {
        [&self.path, entry].concat()
    }

    /// Whether the folder at `path` can be a separate skill, although it is inside another skill's folder.
    fn is_separate(&self, outer: usize) -> bool {
        is_skill_of_its_own(self.path.get(outer..).and_then(|it| it.strip_suffix(b"/")).unwrap_or_default())
    }

    fn skip(&mut self, why: &'static str, path: &[u8]) {
        let path = self.relative(path);
        self.walked.skipped.entry(why).or_default().push(path);
    }

    fn refuse(&mut self, path: &[u8], why: String) {
        let path = self.relative(path);
        self.walked.refused.push(Remark::new(path, (), why));
    }

    fn relative(&self, path: &[u8]) -> PathBuf {
        OsStr::from_bytes(path.get(self.start..).unwrap_or(path)).into()
    }
}
