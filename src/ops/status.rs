//! `skill restore`: makes deprecated and archived skills active.

use serde::Serialize;

use super::error::{Result, require_skill};
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{SkillName, Status};
use crate::store::{Durability, SkillChange, Store, write_unless};

/// Skills to restore.
#[derive(Debug, Clone)]
pub struct Restore<'a> {
    /// The skills.
    pub names: &'a [SkillName],
    /// Do everything but the commit.
    pub dry_run: bool,
}

/// The outcome of a restore.
#[derive(Debug, Clone, Serialize)]
pub struct StatusReport {
    /// The skills, in the given order.
    pub skills: Vec<ChangedStatus>,
    /// Whether this was a dry run.
    pub dry_run: bool,
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

/// Makes all these skills active in one transaction. An unknown name fails all.
pub fn restore(store: &mut dyn Store, clock: Clock, request: &Restore<'_>) -> Result<StatusReport> {
    let now = clock.database_time();
    write_unless(request.dry_run, store, Durability::Full, |tx| {
        let mut skills = Vec::new();
        for name in request.names {
            let skill = require_skill(as_snapshot(tx), name)?;
            if skill.status != Status::Active.as_str() {
                let change = SkillChange { status: Some(Status::Active), now: &now, ..SkillChange::default() };
                tx.update_skill(skill.id, &change)?;
            }
            skills.push(ChangedStatus { name: skill.name, status: Status::Active, previous_status: skill.status });
        }
        Ok(StatusReport { skills, dry_run: request.dry_run })
    })
}
