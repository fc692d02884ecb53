//! `skill assign` and `skill unassign`: mappings of skills to agent types.

use serde::Serialize;

use super::error::{Error, Result, require_skill};
use super::publish::MappingFlags;
use super::status::not_served;
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{AgentType, EventKind, Skill, SkillName, StoredJson};
use crate::store::{Durability, NewEvent, Store, Transaction, write_unless};

/// Mappings to add or change. `None` keeps a field of an existing mapping.
#[derive(Debug, Clone)]
pub struct Assign<'a> {
    /// The skills.
    pub names: &'a [SkillName],
    /// The agent types.
    pub agents: &'a [AgentType],
    /// 1 (first) to 10; 5 for a new mapping.
    pub priority: Option<i64>,
    /// Whether limits and conditions do not apply; they do for a new mapping.
    pub required: Option<bool>,
    /// Replaces `taskContext` in the conditions.
    pub context: Option<&'a [String]>,
    /// Replaces `phase` in the conditions.
    pub phase: Option<&'a str>,
    /// Replaces all conditions, before `context` and `phase` do.
    pub condition: Option<&'a serde_json::Map<String, serde_json::Value>>,
    /// Whether the mapping is enabled; a new one is by default.
    pub enabled: Option<bool>,
    /// Keep existing mappings, as the old tool did.
    pub only_add: bool,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// Mappings to remove.
#[derive(Debug, Clone)]
pub struct Unassign<'a> {
    /// The skills.
    pub names: &'a [SkillName],
    /// The agent types.
    pub agents: &'a [AgentType],
    /// Who removes them.
    pub actor: &'a str,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// The outcome for each mapping.
#[derive(Debug, Clone, Serialize)]
pub struct AssignReport {
    /// By skill and agent type, in the order of the request.
    pub mappings: Vec<ChangedMapping>,
    /// Whether this was a dry run.
    pub dry_run: bool,
}

/// The outcome for a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedMapping {
    /// The skill.
    pub name: String,
    /// The agent type.
    pub agent_type: String,
    /// The change.
    pub change: MappingChange,
}

/// The change of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MappingChange {
    /// It was added.
    Added,
    /// It was changed.
    Changed,
    /// It was the same already.
    Unchanged,
    /// It exists, and was not to be changed.
    Kept,
    /// It was removed.
    Removed,
    /// It did not exist.
    Absent,
}

/// Adds or changes mappings of all these skills to all these agent types, in one transaction.
pub fn assign(store: &mut dyn Store, clock: Clock, request: &Assign<'_>) -> Result<AssignReport> {
    let now = clock.moment();
    let flags = MappingFlags {
        agents: &[],
        priority: request.priority,
        required: request.required,
        context: request.context,
        phase: request.phase,
        condition: request.condition,
        enabled: request.enabled,
    };
    change(store, request.names, request.dry_run, |tx, skill| {
        if request.required == Some(true) {
            require_served(tx, skill)?;
        }
        let kept = if request.only_add { mapped_to(tx, skill, request.agents)? } else { Vec::new() };
        let agents: Vec<AgentType> = request.agents.iter().filter(|it| !kept.contains(it)).cloned().collect();
        let flags = MappingFlags { agents: &agents, ..flags };
        let there = flags.there(tx, skill.id)?;
        let mapped = flags.apply(tx, skill.id, &there, now, &mut Vec::new())?;
        let happened = |agent: &AgentType| match agent.as_str() {
            it if mapped.added.iter().any(|added| added == it) => MappingChange::Added,
            it if mapped.changed.iter().any(|changed| changed == it) => MappingChange::Changed,
            _ if kept.contains(&agent) => MappingChange::Kept,
            _ => MappingChange::Unchanged,
        };
        Ok(request.agents.iter().map(|it| ChangedMapping::of(skill, it, happened(it))).collect())
    })
}

/// Removes mappings of all these skills to all these agent types, in one transaction. The history keeps their values.
pub fn unassign(store: &mut dyn Store, clock: Clock, request: &Unassign<'_>) -> Result<AssignReport> {
    let now = clock.moment();
    change(store, request.names, request.dry_run, |tx, skill| {
        let mut mappings = Vec::new();
        let before = tx.mappings(skill.id)?;
        for agent in request.agents {
            let removed = tx.remove_mapping(skill.id, agent)?;
            if let Some(mapping) = before.iter().find(|it| removed && it.agent_type == agent.as_str()) {
                let mapping = StoredJson::of(mapping);
                let event = NewEvent::of(skill.id, &skill.name, EventKind::Unassigned, now);
                tx.record_event(&NewEvent { detail: mapping.as_ref(), actor: Some(request.actor), ..event })?;
            }
            let change = if removed { MappingChange::Removed } else { MappingChange::Absent };
            mappings.push(ChangedMapping::of(skill, agent, change));
        }
        Ok(mappings)
    })
}

fn change(
    store: &mut dyn Store,
    names: &[SkillName],
    dry_run: bool,
    mut one: impl FnMut(&mut dyn Transaction, &Skill) -> Result<Vec<ChangedMapping>>,
) -> Result<AssignReport> {
    write_unless(dry_run, store, Durability::Full, |tx| {
        let mut mappings = Vec::new();
        for name in names {
            let skill = require_skill(as_snapshot(tx), name)?;
            mappings.extend(one(tx, &skill)?);
        }
        Ok(AssignReport { mappings, dry_run })
    })
}

/// Those of the agent types that have a mapping to the skill.
fn mapped_to<'a>(tx: &dyn Transaction, skill: &Skill, agents: &'a [AgentType]) -> Result<Vec<&'a AgentType>> {
    let there = tx.mappings(skill.id)?;
    Ok(agents.iter().filter(|agent| there.iter().any(|it| it.agent_type == agent.as_str())).collect())
}

/// A required skill must be one that agents can get.
fn require_served(tx: &dyn Transaction, skill: &Skill) -> Result<()> {
    match not_served(tx, skill)? {
        Some(why) => Err(Error::NotServed { name: skill.name.clone(), why }),
        None => Ok(()),
    }
}

impl ChangedMapping {
    fn of(skill: &Skill, agent: &AgentType, change: MappingChange) -> Self {
        Self { name: skill.name.clone(), agent_type: agent.to_string(), change }
    }
}
