//! Finds what belongs to a folder.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use ignore::gitignore::Gitignore;
use rustix::fs::FileType;

use super::belongs::{is_copy_of_version, never_belongs};
use super::opened::{Identity, identity, open_folder};
use super::problem::FolderProblem;
use crate::linux;
use crate::model::{FolderLimits, FolderPath};
use crate::ops::database_files::DatabaseFiles;
use crate::ops::tree::{IGNORE_FILE, is_skill_file, is_skill_of_its_own, patterns};

/// Maximum number of entries below a folder, with those that do not belong to it.
const MOST_ENTRIES: usize = 100_000;

/// Buffer size for listing a folder.
const BUFFER: usize = 32 * 1024;

/// Which files belong to a folder.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Scope<'a> {
    /// The folder's path, to which patterns refer.
    pub(in crate::ops) path: &'a Path,
    /// The patterns of the folders above, nearest first.
    pub(in crate::ops) outer: &'a [Arc<Gitignore>],
    pub(in crate::ops) limits: FolderLimits,
    /// The files of the database, which are left out.
    pub(in crate::ops) database: Option<&'a DatabaseFiles>,
}

/// The entries that belong to a folder, besides its skill file.
#[derive(Default)]
pub(super) struct Entries {
    /// Regular files.
    pub(super) files: Vec<FolderPath>,
    pub(super) links: Vec<FolderPath>,
    /// The paths of the folders, empty for the folder itself.
    pub(super) folders: HashMap<Identity, String>,
    /// The name of the skill file.
    pub(super) skill_file: Option<String>,
    /// Files of the database, which are left out.
    pub(super) of_database: Vec<String>,
}

/// Walks an opened folder. Links are not followed.
pub(super) fn entries(folder: &OwnedFd, scope: &Scope<'_>) -> Result<Entries, FolderProblem> {
    let mut walk = Walk { folder, scope, entries: Entries::default(), seen: 0, buffer: Vec::with_capacity(BUFFER) };
    let mut next = vec![Visit { path: String::new(), above: None }];
    while let Some(visit) = next.pop() {
        walk.visit(&visit, &mut next)?;
    }
    walk.entries.links.sort_unstable();
    Ok(walk.entries)
}

/// A folder to list.
struct Visit {
    path: String,
    above: Option<Rc<Ignored>>,
}

/// The patterns of a folder, and of those above it.
struct Ignored {
    patterns: Gitignore,
    above: Option<Rc<Self>>,
}

struct Walk<'a> {
    folder: &'a OwnedFd,
    scope: &'a Scope<'a>,
    entries: Entries,
    /// The number of entries seen.
    seen: usize,
    buffer: Vec<u8>,
}

impl Walk<'_> {
    fn visit(&mut self, visit: &Visit, next: &mut Vec<Visit>) -> Result<(), FolderProblem> {
        let problem = || FolderProblem::io(&visit.path);
        let handle = open_folder(self.folder, &visit.path).map_err(problem())?;
        let mut listed = self.list(&handle, &visit.path)?;
        listed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let is_root = visit.path.is_empty();
        if !is_root && Self::is_another_skill(&visit.path, &listed) {
            return Ok(());
        }
        let own = identity(&handle).map_err(problem())?;
        self.entries.folders.insert(own, visit.path.clone());
        let ignored = self.patterns(&handle, visit, &listed)?;
        for (name, kind) in listed {
            if never_belongs(&name, kind) || is_root && is_copy_of_version(&name) {
                continue;
            }
            if is_root && kind != FileType::Directory && is_skill_file(&name) {
                self.take_skill_file(&name)?;
                continue;
            }
            let slash = if is_root { "" } else { "/" };
            let shown = format!("{}{slash}{}", visit.path, String::from_utf8_lossy(&name));
            if self.is_ignored(&visit.path, &name, kind, ignored.as_deref()) {
                continue;
            }
            if kind != FileType::Directory && self.scope.database.is_some_and(|it| it.has(own, &name)) {
                self.entries.of_database.push(shown);
                continue;
            }
            if std::str::from_utf8(&name).is_err() {
                return Err(FolderProblem::entry(shown, "its name is not UTF-8"));
            }
            self.take(shown, kind, ignored.as_ref(), next)?;
        }
        Ok(())
    }

    fn list(&mut self, handle: &OwnedFd, path: &str) -> Result<Vec<(Vec<u8>, FileType)>, FolderProblem> {
        let mut listed = Vec::new();
        let mut failed = None;
        let seen = &mut self.seen;
        linux::each_entry(handle, self.buffer.spare_capacity_mut(), &mut |name, kind| {
            *seen += 1;
            match kind {
                Ok(kind) => listed.push((name.to_vec(), kind)),
                Err(error) => failed = Some(error),
            }
            if *seen > MOST_ENTRIES || failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .map_err(FolderProblem::io(path))?;
        match failed {
            Some(error) => Err(FolderProblem::io(path)(error)),
            None if *seen > MOST_ENTRIES => Err(FolderProblem::Entries(MOST_ENTRIES)),
            None => Ok(listed),
        }
    }

    /// Whether a folder below is that of another skill.
    fn is_another_skill(path: &str, listed: &[(Vec<u8>, FileType)]) -> bool {
        let has_skill_file = || listed.iter().any(|(name, kind)| *kind != FileType::Directory && is_skill_file(name));
        is_skill_of_its_own(path.as_bytes()) && has_skill_file()
    }

    /// The patterns that apply in a folder.
    fn patterns(
        &self,
        handle: &OwnedFd,
        visit: &Visit,
        listed: &[(Vec<u8>, FileType)],
    ) -> Result<Option<Rc<Ignored>>, FolderProblem> {
        if !listed.iter().any(|(name, _)| name == IGNORE_FILE) {
            return Ok(visit.above.clone());
        }
        let slash = if visit.path.is_empty() { "" } else { "/" };
        let file = format!("{}{slash}{}", visit.path, String::from_utf8_lossy(IGNORE_FILE));
        let read = patterns(handle, &self.scope.path.join(&visit.path));
        let found = read.map_err(|why| FolderProblem::entry(file.clone(), why))?;
        match found.wrong.into_iter().next() {
            // What it should leave out would be taken.
            Some(why) => Err(FolderProblem::entry(file, why)),
            None => Ok(Some(Rc::new(Ignored { patterns: found.ignored, above: visit.above.clone() }))),
        }
    }

    fn is_ignored(&self, folder: &str, name: &[u8], kind: FileType, ignored: Option<&Ignored>) -> bool {
        if ignored.is_none() && self.scope.outer.is_empty() {
            return false;
        }
        let path = self.scope.path.join(folder).join(OsStr::from_bytes(name));
        let inner = std::iter::successors(ignored, |it| it.above.as_deref()).map(|it| &it.patterns);
        let mut decided = inner
            .chain(self.scope.outer.iter().map(AsRef::as_ref))
            .map(|it| it.matched(&path, kind == FileType::Directory));
        decided.find(|it| !it.is_none()).is_some_and(|it| it.is_ignore())
    }

    fn take_skill_file(&mut self, name: &[u8]) -> Result<(), FolderProblem> {
        let name = String::from_utf8_lossy(name).into_owned();
        match self.entries.skill_file.replace(name.clone()) {
            Some(other) => Err(FolderProblem::Whole(format!("the folder has two skill files, {other} and {name}"))),
            None => Ok(()),
        }
    }

    fn take(
        &mut self,
        shown: String,
        kind: FileType,
        ignored: Option<&Rc<Ignored>>,
        next: &mut Vec<Visit>,
    ) -> Result<(), FolderProblem> {
        let path = shown.parse::<FolderPath>().map_err(|error| FolderProblem::entry(shown.clone(), error))?;
        match kind {
            FileType::Directory => next.push(Visit { path: shown, above: ignored.cloned() }),
            FileType::RegularFile => self.entries.files.push(path),
            FileType::Symlink => self.entries.links.push(path),
            _ => return Err(FolderProblem::entry(shown, "it is not a regular file")),
        }
        // The skill file is one of them.
        if self.entries.files.len() + self.entries.links.len() >= self.scope.limits.files {
            return Err(FolderProblem::Files(self.scope.limits.files));
        }
        Ok(())
    }
}
