//! The staged skills, and whether each is ready. Nothing is followed out of the project: a link is not a staged skill.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::report::{Staged, StagedSkill};
use crate::clock::Clock;
use crate::model::{SkillName, folded};
use crate::ops::content_file::{FileError, Files};
use crate::ops::error::Result;
use crate::ops::project::Project;
use crate::ops::rules::read_described;
use crate::ops::validate::validate;
use crate::skill_file::Severity;

/// The file inside a skill's folder.
pub(super) const FILE: &str = "SKILL.md";

/// Hours without a change before a skill is ready.
const SETTLED: f64 = 48.0;

/// Hours without a change after which a skill should be promoted: a daily job has had its chance.
const STALE: f64 = 72.0;

/// Maximum number of files in a staged folder.
const MOST_FILES: usize = 100_000;

/// The folders of a project that promotion works with, links resolved.
pub(super) struct Places {
    root: PathBuf,
    pub(super) skills: PathBuf,
    staging: PathBuf,
}

/// A folder to judge.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) name: Option<SkillName>,
    pub(super) skill: StagedSkill,
}

impl Places {
    pub(super) fn of(project: &Project) -> Result<Self> {
        let folder = project.folders().next().unwrap_or(Path::new("."));
        let unreadable = |path: &Path, source| FileError::Unreadable { path: path.to_owned(), source };
        let root = fs::canonicalize(folder).map_err(|error| unreadable(folder, error))?;
        let skills = root.join(".claude/skills");
        let skills = match fs::canonicalize(&skills) {
            Ok(real) if real.starts_with(&root) => real,
            Ok(_) => return Err(outside(&skills).into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => skills,
            Err(error) => return Err(unreadable(&skills, error).into()),
        };
        Ok(Self { staging: skills.join("staging"), skills, root })
    }

    /// The path as a user knows it.
    fn shown(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_owned()
    }

    /// The requested folders: each a name in the staging folder, a skill's folder, or a folder of such; by default the
    /// whole staging folder.
    fn requested(&self, request: &Staged<'_>) -> Result<Vec<PathBuf>> {
        if request.staged.is_empty() {
            return if self.staging.is_dir() { self.inside(&self.staging) } else { Ok(Vec::new()) };
        }
        let mut folders = Vec::new();
        for typed in request.staged {
            let named = self.staging.join(typed);
            let path = if fs::symlink_metadata(&named).is_ok() { named } else { request.current_folder.join(typed) };
            let (parent, name) = path.parent().zip(path.file_name()).unwrap_or((&path, "".as_ref()));
            let unreadable = |source| FileError::Unreadable { path: typed.clone(), source };
            let real = fs::canonicalize(parent).map_err(unreadable)?.join(name);
            fs::symlink_metadata(&real).map_err(unreadable)?;
            if real.is_dir() && !real.is_symlink() && fs::symlink_metadata(real.join(FILE)).is_err() {
                folders.extend(self.inside(&real)?);
            } else {
                folders.push(real);
            }
        }
        folders.dedup();
        Ok(folders)
    }

    /// The folders in a folder, by name.
    fn inside(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let real =
            fs::canonicalize(folder).map_err(|source| FileError::Unreadable { path: folder.to_owned(), source })?;
        if !real.starts_with(&self.root) {
            return Err(outside(folder).into());
        }
        let listed = || -> io::Result<Vec<PathBuf>> {
            let entries = fs::read_dir(&real)?.collect::<io::Result<Vec<_>>>()?;
            let hidden = |path: &PathBuf| path.file_name().is_some_and(|it| it.as_encoded_bytes().starts_with(b"."));
            let mut folders: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
            folders.retain(|it| !hidden(it) && it.is_dir());
            folders.sort();
            Ok(folders)
        };
        Ok(listed().map_err(|source| FileError::Unreadable { path: folder.to_owned(), source })?)
    }

    /// Every requested folder, judged.
    pub(super) fn found(&self, files: &Files, clock: Clock, request: &Staged<'_>) -> Result<Vec<Found>> {
        let files = Files { root: files.root.clone().or_else(|| Some(self.root.clone())), ..files.clone() };
        let folders = self.requested(request)?;
        Ok(folders.into_iter().map(|it| self.judge(&files, clock, it, request.force)).collect())
    }

    fn judge(&self, files: &Files, clock: Clock, path: PathBuf, force: bool) -> Found {
        let shown = self.shown(&path);
        let mut skill = StagedSkill { path: shown, ..StagedSkill::default() };
        let (name, problem) = match self.content(files, &path) {
            Ok(name) => (Some(name), None),
            Err(problem) => (None, Some(problem)),
        };
        skill.name = name.as_ref().map(ToString::to_string);
        skill.valid = problem.is_none();
        match unchanged_for(&path, clock) {
            Ok(hours) => {
                skill.hours = (hours * 10.0).floor() / 10.0;
                skill.stale = hours > STALE;
                let early = || format!("it changed {hours:.1} hours ago, and {SETTLED:.0} must pass");
                skill.early = hours < SETTLED && !force;
                skill.problem = problem.or_else(|| self.taken(name.as_ref())).or_else(|| skill.early.then(early));
            }
            Err(error) => skill.problem = Some(format!("its files cannot be read: {error}")),
        }
        skill.ready = skill.problem.is_none();
        Found { path, name, skill }
    }

    /// The name of a valid skill, or the first error in it.
    fn content(&self, files: &Files, path: &Path) -> std::result::Result<SkillName, String> {
        let file = path.join(FILE);
        let is_plain = |path: &Path, expected: fn(&fs::FileType) -> bool| {
            fs::symlink_metadata(path).is_ok_and(|it| expected(&it.file_type()))
        };
        if !path.starts_with(&self.root) {
            return Err("it lies outside the project".to_owned());
        }
        if !is_plain(path, fs::FileType::is_dir) {
            return Err("it is a link or a file, not a folder".to_owned());
        }
        if !is_plain(&file, fs::FileType::is_file) {
            return Err(format!("it has no {FILE}, or one that is a link"));
        }
        let report = validate(files, &file, false).map_err(|error| error.to_string())?;
        for it in report.files {
            let finding = it.findings.into_iter().find(|it| it.kind == Severity::Error);
            if let Some(why) = it.unreadable.or(finding.map(|it| it.reason)) {
                return Err(why);
            }
        }
        let (_, described) = read_described(files, &file).map_err(|error| error.to_string())?;
        let folder = path.file_name().map(|it| it.to_string_lossy()).unwrap_or_default();
        let name = described.name.and_then(|it| it.parse().ok()).or_else(|| folder.parse::<SkillName>().ok());
        let name = name.ok_or("neither its front matter nor its folder has a valid skill name")?;
        if folded(name.as_str()) != folded(&folder) {
            return Err(format!("its folder is not called \"{name}\", the name in its front matter"));
        }
        Ok(name)
    }

    fn taken(&self, name: Option<&SkillName>) -> Option<String> {
        let target = self.skills.join(name?.as_str());
        let taken = || format!("{} is there already", self.shown(&target).display());
        fs::symlink_metadata(&target).is_ok().then(taken)
    }
}

fn outside(folder: &Path) -> FileError {
    FileError::Content {
        path: folder.to_owned(),
        problem: "it leads out of the project".to_owned(),
        hint: "Nothing was changed; name a folder of the project.",
    }
}

/// Hours since the newest file of a folder was written.
fn unchanged_for(folder: &Path, clock: Clock) -> io::Result<f64> {
    let mut newest = fs::symlink_metadata(folder.join(FILE)).or_else(|_| fs::symlink_metadata(folder))?.modified()?;
    let (mut waiting, mut count) = (vec![folder.to_owned()], 0);
    while let Some(folder) = waiting.pop().filter(|it| !it.is_symlink() && it.is_dir()) {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            count += 1;
            if count > MOST_FILES {
                return Err(io::Error::other(format!("it has more than {MOST_FILES} files")));
            }
            if kind.is_dir() {
                waiting.push(entry.path());
            } else {
                newest = newest.max(entry.metadata()?.modified()?);
            }
        }
    }
    let newest = Timestamp::try_from(newest).map_err(io::Error::other)?;
    Ok((clock.now().duration_since(newest).as_secs_f64() / 3600.0).max(0.0))
}
