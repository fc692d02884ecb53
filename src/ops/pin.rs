//! `skill pin` and `skill unpin`: the version that agents get, whatever comes later.

use serde::Serialize;

use super::error::{Error, Result, require_skill};
use super::required::require_version;
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{AgentType, EventKind, Mapping, Moment, Remark, Skill, SkillName, StoredJson, Version, Visible};
use crate::store::{Durability, NewEvent, Store, Transaction, write_unless};

/// A pin to set or to end.
#[derive(Debug, Clone)]
pub struct Pin<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// The version; `None` ends the pin.
    pub version: Option<Version>,
    /// The agent types that it is for; if empty, it is for all that have no pin of their own.
    pub agents: &'a [AgentType],
    /// Who sets or ends it.
    pub actor: &'a str,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// The outcome for a skill.
#[derive(Debug, Clone, Serialize)]
pub struct PinReport {
    /// The skill.
    pub name: String,
    /// One pin, or one for each agent type.
    pub pins: Vec<ChangedPin>,
    /// Whether this was a dry run.
    pub dry_run: bool,
    /// Remarks for the operator.
    pub warnings: Vec<Remark>,
}

/// A pin, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedPin {
    /// The agent type; `None` for the pin of the skill.
    pub agent_type: Option<String>,
    /// The pinned version; `None` without a pin.
    pub version: Option<String>,
    /// The previously pinned version.
    pub previous_version: Option<String>,
}

/// Sets or ends pins of a skill in one transaction.
pub fn pin(store: &mut dyn Store, clock: Clock, request: &Pin<'_>) -> Result<PinReport> {
    let now = clock.moment();
    write_unless(request.dry_run, store, Durability::Full, |tx| {
        let skill = require_skill(as_snapshot(tx), request.name)?;
        let (version, mut warnings) = chosen(tx, &skill, request.version)?;
        let mappings = tx.mappings(skill.id)?;
        let mut pins = Vec::new();
        for (agent_type, previous) in targets(&skill, &mappings, request.agents)? {
            if previous != version {
                tx.pin(skill.id, agent_type, version.as_deref(), now)?;
                request.record(tx, &skill, version.as_deref(), previous.as_deref(), agent_type, now)?;
            }
            pins.push(ChangedPin {
                agent_type: agent_type.map(ToString::to_string),
                version: version.clone(),
                previous_version: previous,
            });
        }
        if request.agents.is_empty() {
            warnings.extend(mappings.iter().filter_map(|it| remaining(it, version.as_ref())));
        }
        Ok(PinReport { name: skill.name, pins, dry_run: request.dry_run, warnings })
    })
}

impl Pin<'_> {
    fn record(
        &self,
        tx: &mut dyn Transaction,
        skill: &Skill,
        version: Option<&str>,
        previous: Option<&str>,
        agent_type: Option<&AgentType>,
        now: Moment,
    ) -> Result<()> {
        let event = if version.is_some() { EventKind::Pinned } else { EventKind::Unpinned };
        let detail = serde_json::json!({ "agent_type": agent_type, "previous_version": previous });
        tx.record_event(&NewEvent {
            version,
            detail: StoredJson::of(&detail).as_ref(),
            actor: Some(self.actor),
            ..NewEvent::of(skill.id, &skill.name, event, now)
        })?;
        Ok(())
    }
}

/// The recorded text of the version, and a remark if agents would not get it.
fn chosen(tx: &dyn Transaction, skill: &Skill, version: Option<Version>) -> Result<(Option<String>, Vec<Remark>)> {
    let Some(version) = version else { return Ok((None, Vec::new())) };
    let versions = tx.versions(skill.id)?;
    let found = require_version(&skill.name, &versions, version)?;
    let remark = Remark::from(format!(
        "version {} of \"{}\" is not approved; until it is, agents do not get the skill",
        Visible(&found.version),
        Visible(&skill.name)
    ));
    Ok((Some(found.version.clone()), if found.approved { Vec::new() } else { vec![remark] }))
}

/// An agent type, or the skill itself, with the pinned version.
type Target<'a> = (Option<&'a AgentType>, Option<String>);

fn targets<'a>(skill: &Skill, mappings: &[Mapping], agents: &'a [AgentType]) -> Result<Vec<Target<'a>>> {
    if agents.is_empty() {
        return Ok(vec![(None, skill.pinned_version.clone())]);
    }
    let of = |agent: &'a AgentType| match mappings.iter().find(|it| it.agent_type == agent.as_str()) {
        Some(mapping) => Ok((Some(agent), mapping.pinned_version.clone())),
        None => Err(Error::NotMapped { name: skill.name.clone(), agent_type: agent.to_string() }),
    };
    agents.iter().map(of).collect()
}

/// A remark about the pin of an agent type, which wins over that of the skill.
fn remaining(mapping: &Mapping, version: Option<&String>) -> Option<Remark> {
    let own = mapping.pinned_version.as_ref().filter(|it| Some(*it) != version)?;
    let (agent, own) = (Visible(&mapping.agent_type), Visible(own));
    Some(Remark::from(format!("{agent} has a pin of its own, to {own}, which stays")))
}
