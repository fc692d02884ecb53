//! `skill rename`: gives a skill another name. The old one goes on finding it.

use serde::Serialize;

use super::error::{Error, Result, require_skill};
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{EventKind, Skill, SkillName, StoredJson};
use crate::store::{Durability, NewEvent, Store, Transaction, write_unless};

/// A skill to rename.
#[derive(Debug, Clone)]
pub struct Rename<'a> {
    /// The skill, by its present or a former name.
    pub name: &'a SkillName,
    /// Its new name.
    pub to: &'a SkillName,
    /// Who renames it.
    pub actor: &'a str,
    /// The reason, for the history.
    pub reason: Option<&'a str>,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// The renamed skill.
#[derive(Debug, Clone, Serialize)]
pub struct RenameReport {
    /// Its name.
    pub name: String,
    /// The name before.
    pub previous_name: String,
    /// All names that find it besides its own.
    pub former_names: Vec<String>,
    /// Whether this was a dry run.
    pub dry_run: bool,
}

/// Renames in one transaction.
pub fn rename(store: &mut dyn Store, clock: Clock, request: &Rename<'_>) -> Result<RenameReport> {
    let now = clock.moment();
    write_unless(request.dry_run, store, Durability::Full, |tx| {
        let skill = require_skill(as_snapshot(tx), request.name)?;
        if skill.name == request.to.as_str() {
            return Err(Error::NameUnchanged { name: skill.name });
        }
        require_free(tx, &skill, request.to)?;
        tx.rename_skill(skill.id, request.to, now)?;
        let names = StoredJson::of(&serde_json::json!({ "from": skill.name, "to": request.to }));
        tx.record_event(&NewEvent {
            detail: names.as_ref(),
            actor: Some(request.actor),
            reason: request.reason,
            ..NewEvent::of(skill.id, request.to.as_str(), EventKind::Renamed, now)
        })?;
        Ok(RenameReport {
            name: request.to.to_string(),
            previous_name: skill.name,
            former_names: tx.former_names(skill.id)?,
            dry_run: request.dry_run,
        })
    })
}

/// Refuses the name or former name of another skill, in whatever case.
fn require_free(tx: &dyn Transaction, skill: &Skill, to: &SkillName) -> Result<()> {
    if let Some(taken) = tx.spellings(to)?.into_iter().find(|it| it.skill != skill.id) {
        return Err(Error::taken(to, taken));
    }
    let own = |it: &str| it == skill.name || it == to.as_str() && skill.name.eq_ignore_ascii_case(it);
    let mut bootstrap = tx.bootstrap()?.into_iter().map(|it| it.name);
    match bootstrap.find(|it| it.eq_ignore_ascii_case(to.as_str()) && !own(it)) {
        Some(other) => Err(Error::NameTaken { name: to.to_string(), other, former_of: None }),
        None => Ok(()),
    }
}
