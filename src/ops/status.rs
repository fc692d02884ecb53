//! `skill deprecate`, `archive` and `restore`: change the status of skills.

use serde::Serialize;

use super::error::{Error, Result, require_skill};
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{Remark, Skill, SkillName, Status, StoredJson, Visible};
use crate::store::{Durability, NewEvent, Retirement, SkillChange, Store, Transaction, write_unless};

/// A change of the status of skills.
#[derive(Debug, Clone)]
pub struct SetStatus<'a> {
    /// The skills.
    pub names: &'a [SkillName],
    /// The new status.
    pub status: Status,
    /// The skill that agents get instead; only for deprecated ones.
    pub replacement: Option<&'a SkillName>,
    /// A note for users of the skills.
    pub note: Option<&'a str>,
    /// Who changes it.
    pub actor: Option<&'a str>,
    /// Do everything but the commit.
    pub dry_run: bool,
}

/// The outcome of a restore.
#[derive(Debug, Clone, Serialize)]
pub struct StatusReport {
    /// The skills, in the given order.
    pub skills: Vec<ChangedStatus>,
    /// The skill that agents get instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// Whether this was a dry run.
    pub dry_run: bool,
    /// Remarks for the operator.
    pub warnings: Vec<Remark>,
}

/// The status of a skill, before and after.
#[derive(Debug, Clone, Serialize)]
pub struct ChangedStatus {
    /// The skill.
    pub name: String,
    /// The new status.
    pub status: Status,
    /// The previous status.
    pub previous_status: String,
}

/// Changes the status of all these skills in one transaction; of none if a name is unknown.
pub fn set_status(store: &mut dyn Store, clock: Clock, request: &SetStatus<'_>) -> Result<StatusReport> {
    let now = clock.moment();
    write_unless(request.dry_run, store, Durability::Full, |tx| {
        let replacement = request.replacement.map(|it| require_skill(as_snapshot(tx), it)).transpose()?;
        let mut warnings = Vec::new();
        if let Some(skill) = &replacement {
            warnings.extend(unserved(tx, skill)?);
        }
        let mut skills = Vec::new();
        for name in request.names {
            let skill = require_skill(as_snapshot(tx), name)?;
            if replacement.as_ref().is_some_and(|it| it.id == skill.id) {
                return Err(Error::ReplacesItself { name: skill.name });
            }
            let retirement = Retirement { replacement: replacement.as_ref().map(|it| it.id), note: request.note };
            let change =
                SkillChange { status: Some(request.status), retirement: Some(retirement), ..SkillChange::at(now) };
            let says_nothing = replacement.is_none() && request.note.is_none();
            if skill.status != request.status.as_str() || !says_nothing {
                tx.update_skill(skill.id, &change)?;
                let before = serde_json::json!({ "status": skill.status });
                tx.record_event(&NewEvent {
                    detail: StoredJson::of(&before).as_ref(),
                    actor: request.actor,
                    reason: request.note,
                    ..NewEvent::of(skill.id, &skill.name, request.status.into(), now)
                })?;
            }
            skills.push(ChangedStatus { name: skill.name, status: request.status, previous_status: skill.status });
        }
        let replacement = replacement.map(|it| it.name);
        Ok(StatusReport { skills, replacement, dry_run: request.dry_run, warnings })
    })
}

/// The reason that agents would not get the replacement either.
fn unserved(tx: &dyn Transaction, skill: &Skill) -> Result<Option<Remark>> {
    let why = not_served(tx, skill)?;
    let name = Visible(&skill.name);
    Ok(why.map(|why| Remark::from(format!("agents do not get the replacement \"{name}\" yet: {why}"))))
}

/// The reason that no agent gets a skill, whatever its mappings; `None` if agents may get it.
pub(super) fn not_served(tx: &dyn Transaction, skill: &Skill) -> Result<Option<String>> {
    if skill.status != Status::Active.as_str() {
        return Ok(Some(format!("it is {}", Visible(&skill.status))));
    }
    let approved = tx.versions(skill.id)?.iter().any(|it| it.approved);
    Ok((!approved).then(|| "none of its versions is approved".to_owned()))
}
