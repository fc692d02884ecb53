//! `skill verify`: compares stored bytes with their hashes, and files on disk with the approved hashes.

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::capture::UPPER_CASE;
use super::content_file::{FileError, Files};
use super::error::{Error, Result, require_skill};
use super::folder_on_disk;
use super::project::Project;
use super::refusal::purge_of;
use super::stored_folder::stored_folder;
use crate::model::{
    Bootstrap, ContentHash, ListedSkill, Remark, SKILL_FILE, Skill, SkillFolder, SkillId, SkillName, Visible,
};
use crate::store::{SkillFilter, Snapshot, Store};

/// The differences.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyReport {
    /// Number of checked skills, including bootstrap skills.
    pub checked: usize,
    /// The differences.
    pub differences: Vec<Remark<Verified>>,
}

/// A skill that was compared with the approved state.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The skill.
    pub name: String,
    /// The version; empty for a bootstrap skill.
    pub version: String,
    /// Where it differs.
    pub place: DifferentPlace,
}

/// Where a skill differs from the approved state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferentPlace {
    /// In the database: bytes are missing or damaged, or records contradict each other.
    Database,
    /// On disk.
    Disk,
}

/// `NAME VERSION`, or only the name.
impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.version.is_empty() { "" } else { " " };
        write!(f, "{}{separator}{}", self.name, self.version)
    }
}

impl Serialize for Remark<Verified> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Remark", 3)?;
        fields.serialize_field("name", &self.subject.name)?;
        fields.serialize_field("version", &self.subject.version)?;
        fields.serialize_field("problem", &self.reason)?;
        fields.end()
    }
}

/// Verifies one skill, or all including bootstrap skills. `progress` gets the number done and in total.
pub fn verify(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    name: Option<&SkillName>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<VerifyReport> {
    let snapshot = store.read()?;
    let (skills, bootstrap) = subjects(snapshot.as_ref(), name)?;
    compare(snapshot.as_ref(), files, project, (&skills, &bootstrap), progress)
}

/// Verifies the first skills, at most `most`; also returns the number of all.
pub(super) fn verify_first(
    snapshot: &dyn Snapshot,
    files: &Files,
    project: &Project,
    most: usize,
) -> Result<(VerifyReport, usize)> {
    let (mut skills, mut bootstrap) = subjects(snapshot, None)?;
    let all = skills.len() + bootstrap.len();
    bootstrap.truncate(most);
    skills.truncate(most - bootstrap.len());
    Ok((compare(snapshot, files, project, (&skills, &bootstrap), &mut |_, _| {})?, all))
}

fn compare(
    snapshot: &dyn Snapshot,
    files: &Files,
    project: &Project,
    (skills, bootstrap): (&[Current], &[Bootstrap]),
    progress: &mut dyn FnMut(usize, usize),
) -> Result<VerifyReport> {
    let all = skills.len() + bootstrap.len();
    let mut report = VerifyReport { checked: all, differences: Vec::new() };
    for (done, skill) in skills.iter().enumerate() {
        progress(done, all);
        let recorded = stored_bytes(snapshot, skill, &mut report)?;
        match approved_file(files, project, &skill.content_path, Some(&skill.content_hash)) {
            Err(problem) => report.add(&skill.name, &skill.version, DifferentPlace::Disk, problem),
            Ok(file) => {
                for problem in recorded.iter().flat_map(|it| folder_on_disk::differences(files, &file, it)) {
                    report.add(&skill.name, &skill.version, DifferentPlace::Disk, problem);
                }
            }
        }
    }
    for (done, skill) in bootstrap.iter().enumerate() {
        progress(skills.len() + done, all);
        for (place, problem) in bootstrap_problems(snapshot, files, project, skill)? {
            report.add(&skill.name, "", place, format!("bootstrap skill: {problem}"));
        }
    }
    Ok(report)
}

/// The current bytes of a skill.
struct Current {
    skill: SkillId,
    name: String,
    version: String,
    content_hash: String,
    content_path: String,
}

impl From<ListedSkill> for Current {
    fn from(ListedSkill { id: skill, name, version, content_hash, content_path, .. }: ListedSkill) -> Self {
        Self { skill, name, version, content_hash, content_path }
    }
}

impl From<Skill> for Current {
    fn from(Skill { id: skill, name, version, content_hash, content_path, .. }: Skill) -> Self {
        Self { skill, name, version, content_hash, content_path }
    }
}

/// The skills to verify. A name may be that of a skill, of a bootstrap skill, or of both.
fn subjects(snapshot: &dyn Snapshot, name: Option<&SkillName>) -> Result<(Vec<Current>, Vec<Bootstrap>)> {
    let mut bootstrap = snapshot.bootstrap()?;
    let Some(name) = name else {
        let skills = snapshot.list(&SkillFilter::default())?.into_iter().map(Current::from).collect();
        return Ok((skills, bootstrap));
    };
    bootstrap.retain(|it| it.name == name.as_str());
    match require_skill(snapshot, name) {
        Ok(skill) => Ok((vec![Current::from(skill)], bootstrap)),
        Err(Error::SkillNotFound { .. }) if !bootstrap.is_empty() => Ok((Vec::new(), bootstrap)),
        Err(error) => Err(error),
    }
}

impl VerifyReport {
    fn add(&mut self, name: &str, version: &str, place: DifferentPlace, problem: String) {
        let subject = Verified { name: name.to_owned(), version: version.to_owned(), place };
        self.differences.push(Remark::new(subject, (), problem));
    }
}

/// Checks the bytes of every version. In an adopted database, those of earlier versions may be unknown, but not those
/// of the current one. Returns the files of the current one, if they are known.
fn stored_bytes(snapshot: &dyn Snapshot, skill: &Current, report: &mut VerifyReport) -> Result<Option<SkillFolder>> {
    let mut current_recorded = false;
    let mut recorded = None;
    for version in snapshot.versions(skill.skill)? {
        let current = version.version == skill.version;
        current_recorded |= current && version.content_hash == skill.content_hash;
        match stored_problem(snapshot, &version.content_hash)? {
            Some(MISSING) if !current => {}
            Some(problem) => report.add(&skill.name, &version.version, STORED, problem.to_owned()),
            None => {}
        }
        let Some(folder_hash) = &version.folder_hash else {
            if current {
                recorded = version.content_hash.parse().ok().map(|it| SkillFolder::alone(it, 0));
            }
            continue;
        };
        match stored_folder(snapshot, skill.skill, &version.version, folder_hash)? {
            Ok(folder) => {
                for problem in file_problems(snapshot, &folder)? {
                    report.add(&skill.name, &version.version, STORED, problem);
                }
                recorded = if current { Some(folder) } else { recorded };
            }
            Err(fault) => report.add(&skill.name, &version.version, STORED, fault.to_string()),
        }
    }
    if !current_recorded {
        let problem = "its row has another hash than the record of its version";
        report.add(&skill.name, &skill.version, STORED, problem.to_owned());
    }
    Ok(recorded.filter(|_| current_recorded))
}

/// The problems of the files of a version besides its skill file. Erased ones stay recorded.
fn file_problems(snapshot: &dyn Snapshot, folder: &SkillFolder) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in folder.files().iter().filter(|it| it.path.as_str() != SKILL_FILE) {
        let hash = file.hash.to_string();
        let Some(problem) = stored_problem(snapshot, &hash)? else { continue };
        if problem != MISSING || purge_of(snapshot, [&hash], None)?.is_none() {
            problems.push(format!("{}: {problem}", Visible(file.path.as_str())));
        }
    }
    Ok(problems)
}

const STORED: DifferentPlace = DifferentPlace::Database;

const MISSING: &str = "its bytes are not in the database";

/// The problem of the bytes stored for a hash, if any.
fn stored_problem(snapshot: &dyn Snapshot, hash: &str) -> Result<Option<&'static str>> {
    Ok(match snapshot.content(hash)? {
        None => Some(MISSING),
        Some(bytes) if !hash.parse::<ContentHash>().is_ok_and(|it| it.matches(&bytes)) => {
            Some("its stored bytes do not match its hash")
        }
        Some(_) => None,
    })
}

fn bootstrap_problems(
    snapshot: &dyn Snapshot,
    files: &Files,
    project: &Project,
    skill: &Bootstrap,
) -> Result<Vec<(DifferentPlace, String)>> {
    let recorded = skill.content_hash.as_deref();
    let file = file_problem(files, project, &skill.file_path, recorded);
    let Some(hash) = recorded else {
        let more = file.map_or_else(String::new, |it| format!(", and {it}"));
        return Ok(vec![(STORED, format!("no hash of its bytes is recorded{more}"))]);
    };
    let stored = stored_problem(snapshot, hash)?.map(|it| (STORED, it.to_owned()));
    Ok(stored.into_iter().chain(file.map(|it| (DifferentPlace::Disk, it))).collect())
}

/// The problem of the current file, if any.
fn file_problem(files: &Files, project: &Project, path: &str, hash: Option<&str>) -> Option<String> {
    approved_file(files, project, path, hash).err()
}

/// The file with the approved bytes, or why there is none. Without a hash, only its existence is checked.
fn approved_file(
    files: &Files,
    project: &Project,
    path: &str,
    hash: Option<&str>,
) -> std::result::Result<PathBuf, String> {
    let mut problem = match path {
        "" => "no file of it is recorded".to_owned(),
        path => format!("its file is missing ({path})"),
    };
    for place in project.places(path) {
        match files.read(&place) {
            Ok(file) if hash.is_none_or(|it| ContentHash::of(&file.bytes).to_string() == it) => return Ok(place),
            Ok(file) if hash.is_some_and(|it| it.eq_ignore_ascii_case(&ContentHash::of(&file.bytes).to_string())) => {
                problem = format!("{UPPER_CASE} ({path})");
            }
            Ok(_) => problem = format!("its file changed since its approval ({path})"),
            Err(FileError::Unreadable { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            Err(error) => problem = error.to_string(),
        }
    }
    Err(problem)
}
