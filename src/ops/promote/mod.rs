//! `skill promote`: brings staged skills into the database and into the project's folder of skills.
//!
//! The database comes first: a run that ends between the two leaves the staged folder, and the next one finds the same
//! bytes recorded and moves the folder.

mod report;
mod staged;

use std::fs;
use std::io;
use std::path::Path;

use self::staged::{FILE, Found, Places};
use super::add::{is_approved, review_of};
use super::content_file::{FileError, Files};
use super::error::{Error, Result};
use super::folder::{ReadSkill, Wanted};
use super::project::Project;
use super::publish::{Fields, Judgement, MappingFlags, Numbering, Publication, Trust, find, publish};
use super::rules::{Content, FolderContent};
use super::source::{Source, another_source, is_same_path};
use crate::clock::Clock;
use crate::linux::rename_without_replacing;
use crate::model::{Category, Decision, Skill, SkillName, VersionSource};
use crate::regular_file;
use crate::store::{Durability, Store, Transaction, write_unless};

pub use self::report::{PromoteReport, Promotion, Staged, StagedSkill};

/// A request to promote staged skills.
#[derive(Debug, Clone)]
pub struct Promote<'a> {
    /// The skills.
    pub staged: Staged<'a>,
    /// The approver, for approving them immediately; without one, they wait for review, unless their level is `auto`.
    pub approver: Option<&'a str>,
    /// The reason for the approval.
    pub reason: Option<&'a str>,
    /// A dry run: do everything except the commit and the move.
    pub dry_run: bool,
}

/// Lists staged skills.
pub fn staged(files: &Files, project: &Project, clock: Clock, request: &Staged<'_>) -> Result<PromoteReport> {
    let found = Places::of(project)?.found(files, clock, request)?;
    Ok(PromoteReport { skills: found.into_iter().map(|it| it.skill).collect(), dry_run: false })
}

/// Promotes the staged skills that are ready, each in a transaction of its own, because its folder moves with it.
pub fn promote(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    clock: Clock,
    request: &Promote<'_>,
) -> Result<PromoteReport> {
    let places = Places::of(project)?;
    let mut skills = Vec::new();
    for Found { path, name, mut skill } in places.found(files, clock, &request.staged)? {
        if let Some(name) = name.filter(|_| skill.ready) {
            let target = places.skills.join(name.as_str());
            let staging = Staging {
                name: &name,
                path: &path,
                staged: &project.stored_path(&path.join(FILE))?,
                recorded: &project.stored_path(&target.join(FILE))?,
            };
            let done = one(store, files, project, clock, request, &staging).and_then(|promoted| {
                let moved = if request.dry_run || promoted.is_err() { Ok(()) } else { move_folder(&path, &target) };
                moved.map(|()| promoted).map_err(|source| FileError::NotMoved { path, source }.into())
            });
            match done {
                Ok(Ok(promotion)) => skill.promoted = Some(promotion),
                Ok(Err(problem)) => skill.problem = Some(problem),
                Err(error) if is_about_the_skill(&error) => skill.problem = Some(error.to_string()),
                Err(error) => return Err(error),
            }
            skill.ready = skill.problem.is_none();
        }
        skills.push(skill);
    }
    Ok(PromoteReport { skills, dry_run: request.dry_run })
}

/// Where a skill is, and where its file will be.
struct Staging<'a> {
    name: &'a SkillName,
    path: &'a Path,
    /// Its file now, as a path is recorded.
    staged: &'a str,
    recorded: &'a str,
}

impl Staging<'_> {
    /// Why a skill that is there does not come from this folder.
    fn foreign(&self, tx: &dyn Transaction, project: &Project, skill: &Skill) -> Result<Option<String>> {
        let source = Source::of(tx, skill)?;
        let own = [self.recorded, self.staged];
        let is_own = source.paths().any(|it| own.iter().any(|own| is_same_path(project, it, own)));
        Ok((!is_own).then(|| another_source(&skill.name, source.path(), self.staged)))
    }
}

/// Records a skill; or says why another source has it.
fn one(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    clock: Clock,
    request: &Promote<'_>,
    staging: &Staging<'_>,
) -> Result<std::result::Result<Promotion, String>> {
    let read = ReadSkill::read(files, Wanted { path: staging.path, only_skill_file: false })?;
    let (folder, contents) = (read.folder(None), read.contents());
    let in_folder = Some(FolderContent::of(&folder, &contents));
    let content = read.described.content(&read.file.bytes, staging.recorded);
    let content = Content { moved: true, folder: in_folder, ..content };
    let publication = Publication {
        name: staging.name,
        content,
        file: Some(&read.described),
        command: Fields::default(),
        default: Category::Domain.into(),
        trust: Trust::Warn,
        least_level: None,
        numbering: Numbering::Declared,
        source: VersionSource::Promote,
        judgement: request.judgement(),
        overrule: None,
        mappings: MappingFlags::default(),
        now: clock.moment(),
    };
    let promoted = write_unless(request.dry_run, store, Durability::Full, |tx| -> Result<_> {
        let known = find(tx, staging.name)?;
        if let Some(problem) = known.as_ref().map(|it| staging.foreign(tx, project, it)).transpose()?.flatten() {
            return Ok(Err(problem));
        }
        publication.require_unrefused(tx, known.as_ref())?;
        let published = publish(tx, known.as_ref(), &publication)?;
        let (approved, review) = (is_approved(tx, &published)?, review_of(tx, &published)?);
        let (version, approval_level) = (published.version, published.level);
        Ok(Ok(Promotion { version, approval_level, approved, review, warnings: published.warnings }))
    })?;
    Ok(promoted.map(|mut it| {
        it.warnings.extend(read.warnings);
        it.warnings.extend(read.described.warnings);
        it
    }))
}

impl<'a> Promote<'a> {
    fn judgement(&self) -> Option<Judgement<'a>> {
        self.approver.map(|approver| Judgement {
            decision: Decision::Approved,
            approver,
            level: None,
            reasoning: self.reason.unwrap_or("Approved when it was promoted"),
            criteria: None,
        })
    }
}

/// Whether an error is the skill's own, so that others can still be promoted.
fn is_about_the_skill(error: &Error) -> bool {
    !matches!(error, Error::Store(_))
}

/// Moves a folder where nothing is, durably. Another run may have moved it first.
fn move_folder(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    rename_without_replacing(from, to).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if to.is_dir() => io::Error::other("another run moved it"),
        _ => error,
    })?;
    for folder in [to.parent(), from.parent()].into_iter().flatten() {
        regular_file::open_folder(folder)?.sync_all()?;
    }
    Ok(())
}
