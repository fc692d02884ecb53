//! What a reviewer looks at: the current bytes of a skill, what changed since the last approved version, the risk, and
//! the findings.

use serde::Serialize;

use super::assess::{AssessReport, of_skill};
use super::diff::{DiffReport, since_approved};
use super::error::{Result, require_skill};
use super::pending::waiting_names;
use super::review::Reviewed;
use super::stored_folder::current_folder_hash;
use crate::clock::Clock;
use crate::model::{ApprovalLevel, Decision, Remark, SkillName};
use crate::skill_file::{self, Limits, Mode, Severity, SkillFile};
use crate::store::Store;

/// A skill to decide about.
#[derive(Debug, Clone, Serialize)]
pub struct Proposal {
    /// The skill.
    pub name: String,
    /// Its current version.
    pub version: String,
    /// The hash of the bytes that everything here is about.
    pub content_hash: String,
    /// The category.
    pub category: String,
    /// The review that it needs.
    pub approval_level: ApprovalLevel,
    /// The latest decision about these bytes, with its id.
    pub decided: Option<(i64, Decision)>,
    /// The changes since the last approved version; everything, if there is none.
    pub diff: DiffReport,
    /// The risk.
    pub assessed: AssessReport,
    /// What is unusual about the file.
    pub findings: Vec<Remark<(), Severity>>,
}

/// What there is to see of a skill, from one snapshot.
pub fn proposal(store: &mut dyn Store, name: &SkillName) -> Result<Proposal> {
    let snapshot = store.read()?;
    let skill = require_skill(snapshot.as_ref(), name)?;
    let assessed = of_skill(snapshot.as_ref(), &skill, None)?;
    let (diff, text) = since_approved(snapshot.as_ref(), &skill)?;
    let folder_hash = current_folder_hash(snapshot.as_ref(), &skill)?;
    let latest = snapshot.latest_decision(skill.id, &skill.content_hash, folder_hash.as_deref())?;
    let limits = Limits { file_bytes: text.len(), ..Limits::default() };
    let findings = match SkillFile::read(text.as_bytes(), &limits) {
        Ok(file) => skill_file::validate(&file, None, Mode::Lenient),
        Err(error) => vec![Remark::new((), Severity::Error, error.to_string()).at(error.line())],
    };
    Ok(Proposal {
        name: skill.name,
        version: skill.version,
        content_hash: skill.content_hash,
        category: skill.category,
        approval_level: skill.approval_level,
        decided: latest.map(|it| (it.id, it.decision)),
        diff,
        assessed,
        findings,
    })
}

/// The skills to decide about: the named ones, which must exist, or those that wait for review.
pub fn to_review(store: &mut dyn Store, clock: Clock, which: &Reviewed<'_>) -> Result<Vec<SkillName>> {
    let snapshot = store.read()?;
    match which {
        Reviewed::Named(names) => {
            names.iter().map(|it| require_skill(snapshot.as_ref(), it).map(|_| it.clone())).collect()
        }
        Reviewed::Pending { category, level } => waiting_names(snapshot.as_ref(), clock, *category, *level),
    }
}
