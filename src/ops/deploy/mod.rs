//! `deploy`: an approved skill goes into the database, or what is missing of it.

mod job;

use std::path::Path;

use serde::Serialize;

use super::content_file::Files;
use super::error::Result;
use super::project::Project;
use super::rules::{Remark, read_described};
use crate::clock::Clock;
use crate::model::{AgentType, ApprovalLevel, Category, ContentHash, SkillId, SkillName, Version};
use crate::store::{Durability, Store};

use job::Job;

/// What to deploy.
#[derive(Debug, Clone)]
pub struct Deploy<'a> {
    /// The pattern in the workflow database that the skill was generated from.
    pub pattern_id: i64,
    /// The skill.
    pub name: &'a SkillName,
    /// Its file.
    pub path: &'a Path,
    /// Kept, or `domain` for a new skill, where not given.
    pub category: Option<Category>,
    /// Agent types that get it from now on.
    pub agents: &'a [AgentType],
    /// The next patch version, or 1.0.0 for a new skill, where not given.
    pub version: Option<Version>,
    /// Of new mappings: 1 (first) to 10.
    pub priority: i64,
    /// Of new mappings.
    pub required: bool,
    /// JSON, of new mappings.
    pub conditions: Option<String>,
    /// The team that the skill belongs to.
    pub team: Option<&'a str>,
    /// Replaces the tags of the front matter.
    pub tags: Option<&'a [String]>,
    /// Replaces the owner of the front matter.
    pub owner: Option<&'a str>,
    /// Who approves.
    pub approver: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
    /// Do everything but the commit.
    pub dry_run: bool,
}

impl<'a> Deploy<'a> {
    /// A deployment that says no more than it must.
    #[must_use]
    pub fn new(pattern_id: i64, name: &'a SkillName, path: &'a Path) -> Self {
        Self {
            pattern_id,
            name,
            path,
            category: None,
            agents: &[],
            version: None,
            priority: 5,
            required: false,
            conditions: None,
            team: None,
            tags: None,
            owner: None,
            approver: None,
            reason: None,
            dry_run: false,
        }
    }
}

/// What was deployed.
#[derive(Debug, Clone, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct DeployReport {
    /// The skill's key; none in a dry run of a new skill.
    pub id: Option<SkillId>,
    /// The skill.
    pub name: String,
    /// Its version now.
    pub version: String,
    /// SHA-256 of its bytes.
    pub content_hash: ContentHash,
    /// The review that it needs.
    pub approval_level: ApprovalLevel,
    /// Whether it is new.
    pub created: bool,
    /// Whether these bytes are a new version.
    pub new_version: bool,
    /// Whether an approval was recorded.
    pub approval_recorded: bool,
    /// Agent types that were added.
    pub agents_added: Vec<String>,
    /// Whether nothing was written, on purpose.
    pub dry_run: bool,
    /// What a reviewer should know about the file.
    pub warnings: Vec<Remark>,
}

/// Deploys in one transaction. Deploying the same bytes again adds what is missing.
pub fn deploy(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    clock: Clock,
    request: &Deploy<'_>,
) -> Result<DeployReport> {
    let (file, described) = read_described(files, request.path)?;
    let job = Job {
        request,
        file: &file,
        described: &described,
        files,
        project,
        stored_path: &project.stored_path(&file.path)?,
        now: &clock.database_time(),
    };
    let mut transaction = store.write(Durability::Full)?;
    let tx = transaction.as_mut();
    let mut report = match tx.skill(request.name)? {
        None => job.insert(tx)?,
        Some(skill) => job.change(tx, &skill)?,
    };
    report.id.map(|id| tx.announce_deployed(id, job.now)).transpose()?;
    report.dry_run = request.dry_run;
    if request.dry_run {
        report.id = report.id.filter(|_| !report.created);
    } else {
        transaction.commit()?;
    }
    report.warnings = job.warnings(report.created);
    Ok(report)
}
