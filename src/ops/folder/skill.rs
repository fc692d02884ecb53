//! Reads a skill from the path that a command names: a folder, its skill file, or a file of any other name.

use std::fs;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::Gitignore;
use rustix::fs::{CWD, FileType, Mode, OFlags};

use super::belongs::{may_belong, project_mark};
use super::files::{Others, Reading};
use super::opened::open_file;
use super::problem::FolderProblem;
use super::read::read_others;
use super::walk::Scope;
use crate::linux;
use crate::model::{ContentHash, FolderFile, FolderPath, Remark, SKILL_FILE, SkillFolder, Visible};
use crate::ops::content_file::{ContentFile, FileError, Files};
use crate::ops::rules::{Described, describe};
use crate::ops::tree::{Patterns, is_skill_file, patterns_above};

/// A skill that was read.
pub(in crate::ops) struct ReadSkill {
    /// The skill file.
    pub(in crate::ops) file: ContentFile,
    pub(in crate::ops) described: Described,
    rest: Rest,
    /// Why files beside the skill file were left.
    pub(in crate::ops) warnings: Vec<Remark>,
    /// Why all of them were left, if they were.
    pub(in crate::ops) alone: Option<Remark>,
}

/// The files besides the skill file.
enum Rest {
    /// These, with their bytes.
    Files { others: Others, bytes: Vec<u8> },
    /// None.
    Alone,
    /// Those of the skill's current version.
    Kept,
}

/// What a command wants to have read.
#[derive(Debug, Clone, Copy)]
pub(in crate::ops) struct Wanted<'a> {
    /// A folder, its skill file, or a file of any other name.
    pub(in crate::ops) path: &'a Path,
    /// Leave what lies beside a skill file.
    pub(in crate::ops) only_skill_file: bool,
}

impl ReadSkill {
    /// Reads a skill. A folder is taken as a whole or refused. A skill file takes along what lies beside it, unless its
    /// folder is a project's root, or too large.
    pub(in crate::ops) fn read(files: &Files, wanted: Wanted<'_>) -> Result<Self, FileError> {
        let is_folder = wanted.path.is_dir();
        let path = if is_folder { skill_file_in(wanted.path)? } else { wanted.path.to_owned() };
        let file = files.read(&path)?;
        let described = describe(&file.bytes, files.most_bytes).map_err(|error| FileError::Content {
            path: path.clone(),
            problem: error.to_string(),
            hint: "Nothing was stored; correct the file.",
        })?;
        Self::of_file(files, Wanted { path: &path, ..wanted }, is_folder, file, described)
    }

    /// Reads the files beside a skill file that was read.
    pub(in crate::ops) fn of_file(
        files: &Files,
        wanted: Wanted<'_>,
        is_folder: bool,
        file: ContentFile,
        described: Described,
    ) -> Result<Self, FileError> {
        let mut read = Self::replacement(file, described);
        if is_folder || is_named_as_skill(wanted.path) {
            let place = if wanted.only_skill_file { Ok(None) } else { read.place(files, wanted.path, is_folder) };
            let taken = match place {
                Ok(Some(folder)) => read.take(files, &folder)?,
                Ok(None) => Taken::Nothing,
                Err(why) => Taken::Left(why),
            };
            read.rest = match taken {
                Taken::Files(rest) => rest,
                Taken::Nothing => Rest::Alone,
                Taken::Left(why) if is_folder => {
                    return Err(refusal(wanted.path.parent().unwrap_or(wanted.path), why));
                }
                Taken::Left(why) => {
                    let remark = Remark::from(format!("only {SKILL_FILE} is taken: {why}"));
                    read.warnings.push(remark.clone());
                    read.alone = Some(remark);
                    Rest::Alone
                }
            };
        }
        Ok(read)
    }

    /// A skill file that replaces the one of the skill's current version, whose other files are kept.
    pub(in crate::ops) fn replacement(file: ContentFile, described: Described) -> Self {
        Self { file, described, rest: Rest::Kept, warnings: Vec::new(), alone: None }
    }

    /// The folder to publish; `current` is that of the skill's current version, if it has files.
    pub(in crate::ops) fn folder(&self, current: Option<&SkillFolder>) -> SkillFolder {
        let size = self.file.bytes.len() as u64;
        let mut skill =
            FolderFile { path: FolderPath::skill_file(), mode: self.file.mode, hash: self.described.hash, size };
        let mut files = match (&self.rest, current) {
            (Rest::Files { others, .. }, _) => others.files.iter().map(|it| it.file.clone()).collect(),
            (Rest::Kept, Some(current)) => current.files().to_vec(),
            (Rest::Kept, None) => return SkillFolder::alone(self.described.hash, size),
            (Rest::Alone, _) => Vec::new(),
        };
        if let Some(at) = files.iter().position(|it| it.path == skill.path) {
            skill.mode = files.swap_remove(at).mode;
        }
        files.push(skill);
        // Other files were checked together with a skill file.
        SkillFolder::of(files).unwrap_or_else(|_| SkillFolder::alone(self.described.hash, size))
    }

    /// Whether the other files are those of the current version.
    pub(in crate::ops) fn keeps_files(&self) -> bool {
        matches!(self.rest, Rest::Kept)
    }

    /// The bytes to store, besides those of the skill file.
    pub(in crate::ops) fn contents(&self) -> Vec<(ContentHash, &[u8])> {
        match &self.rest {
            Rest::Files { others, bytes } => others.contents(bytes),
            Rest::Alone | Rest::Kept => Vec::new(),
        }
    }

    /// The folder to take files from, if it has more than a skill file; or why they are left.
    fn place(&self, files: &Files, path: &Path, is_folder: bool) -> Result<Option<PathBuf>, String> {
        let folder = self.folder_on_disk(files, path).ok_or("it is a link to a file of another folder")?;
        let entries = fs::read_dir(&folder).map_err(|error| error.to_string())?;
        if !entries.flatten().any(|it| may_be_taken(&it)) {
            return Ok(None);
        }
        let is_there = |name: &str| folder.join(name).symlink_metadata().is_ok();
        match project_mark(is_there).filter(|_| !is_folder) {
            Some(mark) => {
                Err(format!("{mark} marks its folder as a project's root; to take all of it, name the folder"))
            }
            None => Ok(Some(folder)),
        }
    }

    /// The folder of the skill file; where that is a link to another skill file, the folder of that one.
    fn folder_on_disk(&self, files: &Files, path: &Path) -> Option<PathBuf> {
        let real = &self.file.path;
        let named =
            || fs::canonicalize(path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new(".")));
        let folder = if is_named_as_skill(real) { real.parent()?.to_owned() } else { named().ok()? };
        let root = files.root.as_ref().map(fs::canonicalize).transpose().ok()?;
        (real.starts_with(&folder) && root.is_none_or(|it| folder.starts_with(it))).then_some(folder)
    }

    fn take(&mut self, files: &Files, path: &Path) -> Result<Taken, FileError> {
        let mut bytes = Vec::new();
        let others = self.others(files, path, &mut bytes);
        self.warnings.extend(others.as_ref().ok().and_then(Others::warning));
        match others {
            Ok(others) if others.files.is_empty() => Ok(Taken::Nothing),
            Ok(others) => Ok(Taken::Files(Rest::Files { others, bytes })),
            Err(problem) if problem.is_size() => Ok(Taken::Left(problem.to_string())),
            Err(FolderProblem::Entry { path: entry, reason }) => Err(refusal(&path.join(entry), reason)),
            Err(problem) => Err(refusal(path, problem.to_string())),
        }
    }

    fn others(&self, files: &Files, path: &Path, bytes: &mut Vec<u8>) -> Result<Others, FolderProblem> {
        let outer = patterns_for(path)?;
        let folder = &open_place(path).map_err(FolderProblem::io(""))?;
        let skill = FolderFile {
            path: FolderPath::skill_file(),
            mode: self.file.mode,
            hash: self.described.hash,
            size: self.file.bytes.len() as u64,
        };
        let scope = Scope { path, outer: &outer, limits: files.folder, database: files.database.as_ref() };
        let most_kept = usize::try_from(files.folder.bytes).unwrap_or(usize::MAX);
        let others = read_others(&Reading { folder, scope, skill: &skill, most_kept }, bytes)?;
        // The path may lead to another folder than when the skill file was read.
        let inside = self.file.path.strip_prefix(path).ok().and_then(Path::to_str).unwrap_or(SKILL_FILE);
        let again = open_file(folder, inside).and_then(|it| ContentHash::of_reader(it.take(skill.size + 1)));
        if again.ok() != Some((skill.hash, skill.size)) {
            return Err(FolderProblem::Whole("it was replaced while it was read".to_owned()));
        }
        others.with(skill).map(|_| others)
    }
}

/// What was taken of a folder.
enum Taken {
    Nothing,
    Files(Rest),
    /// It was left, for this reason.
    Left(String),
}

fn refusal(path: &Path, problem: String) -> FileError {
    let hint = "Nothing was stored; correct the folder, or list in its .cfnignore what does not belong to the skill.";
    FileError::Content { path: path.to_owned(), problem, hint }
}

fn is_named_as_skill(path: &Path) -> bool {
    path.file_name().is_some_and(|it| is_skill_file(it.as_bytes()))
}

/// The skill file of a folder.
fn skill_file_in(folder: &Path) -> Result<PathBuf, FileError> {
    let usual = folder.join(SKILL_FILE);
    if usual.symlink_metadata().is_ok() {
        return Ok(usual);
    }
    let entries = fs::read_dir(folder).map_err(|source| FileError::Unreadable { path: folder.to_owned(), source })?;
    let found = entries.flatten().map(|it| it.path()).find(|it| is_named_as_skill(it));
    found.ok_or_else(|| FileError::NoSkillFile { path: folder.to_owned() })
}

/// Whether an entry beside the skill file may belong to the skill.
fn may_be_taken(entry: &fs::DirEntry) -> bool {
    let kind = entry.file_type().ok().map_or(FileType::Unknown, |it| match () {
        () if it.is_dir() => FileType::Directory,
        () if it.is_file() => FileType::RegularFile,
        () => FileType::Symlink,
    });
    let name = entry.file_name();
    may_belong(name.as_bytes(), kind) && name != ".claude"
}

/// The patterns of the folders above.
fn patterns_for(folder: &Path) -> Result<Vec<Arc<Gitignore>>, FolderProblem> {
    let problem =
        |file: &Path, why: String| FolderProblem::Whole(format!("{}: {why}", Visible(file.to_string_lossy())));
    let above = patterns_above(folder).map_err(|(file, why)| problem(&file, why))?;
    let one = |(file, patterns): (PathBuf, Patterns)| match patterns.wrong.into_iter().next() {
        Some(why) => Err(problem(&file, why)),
        None => Ok(Arc::new(patterns.ignored)),
    };
    above.into_iter().map(one).collect()
}

/// Opens a folder by a path whose links were resolved.
fn open_place(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match linux::open_without_links(CWD, path, flags) {
        Some(opened) => Ok(opened.into()),
        None => Ok(rustix::fs::open(path, flags | OFlags::NOFOLLOW, Mode::empty())?),
    }
}
