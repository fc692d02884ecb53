//! `skill verify`: stored bytes against their hashes, and files on disk against what was approved.

use std::io::ErrorKind;

use serde::Serialize;

use super::content_file::{FileError, Files};
use super::error::{Result, require_skill};
use super::project::Project;
use crate::model::{ContentHash, Skill, SkillName};
use crate::store::{SkillFilter, Snapshot, Store};

/// What differs.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyReport {
    /// How many skills were looked at.
    pub checked: usize,
    /// What is not as it was approved.
    pub differences: Vec<Difference>,
}

/// Something that is not as it was approved.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// The skill.
    pub name: String,
    /// The version.
    pub version: String,
    /// What is wrong.
    pub problem: String,
}

/// Verifies one skill, or all. `progress` gets how many are done, and all.
pub fn verify(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    name: Option<&SkillName>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<VerifyReport> {
    let snapshot = store.read()?;
    let skills = match name {
        Some(name) => vec![require_skill(snapshot.as_ref(), name)?],
        None => snapshot.list(&SkillFilter::default())?.into_iter().map(|it| it.skill).collect(),
    };
    let mut report = VerifyReport { checked: skills.len(), differences: Vec::new() };
    for (done, skill) in skills.iter().enumerate() {
        progress(done, skills.len());
        stored_bytes(snapshot.as_ref(), skill, &mut report)?;
        if let Some(problem) = file_problem(files, project, skill) {
            report.add(skill, &skill.version, problem);
        }
    }
    Ok(report)
}

impl VerifyReport {
    fn add(&mut self, skill: &Skill, version: &str, problem: String) {
        self.differences.push(Difference { name: skill.name.clone(), version: version.to_owned(), problem });
    }
}

/// Every version's bytes; an earlier version's may be unknown to a database that was adopted, the current one's may not.
fn stored_bytes(snapshot: &dyn Snapshot, skill: &Skill, report: &mut VerifyReport) -> Result<()> {
    let mut current_recorded = false;
    for version in snapshot.versions(skill.id)? {
        let current = version.version == skill.version;
        current_recorded |= current && version.content_hash == skill.content_hash;
        match snapshot.content(&version.content_hash)? {
            None if current => report.add(skill, &version.version, "its bytes are not in the database".to_owned()),
            Some(bytes) if !version.content_hash.parse::<ContentHash>().is_ok_and(|it| it.matches(&bytes)) => {
                report.add(skill, &version.version, "its stored bytes are not those of its hash".to_owned());
            }
            _ => {}
        }
    }
    if !current_recorded {
        report.add(skill, &skill.version, "its row names other bytes than were recorded for its version".to_owned());
    }
    Ok(())
}

/// What is wrong with the file of a skill's current version.
fn file_problem(files: &Files, project: &Project, skill: &Skill) -> Option<String> {
    let mut problem = match skill.content_path.as_str() {
        "" => "no file of it is recorded".to_owned(),
        path => format!("its file is gone ({path})"),
    };
    for place in project.places(&skill.content_path) {
        match files.read(&place) {
            Ok(file) if ContentHash::of(&file.bytes).to_string() == skill.content_hash => return None,
            Ok(_) => problem = format!("its file was changed since approval ({})", skill.content_path),
            Err(FileError::Unreadable { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            Err(error) => problem = error.to_string(),
        }
    }
    Some(problem)
}
