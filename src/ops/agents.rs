//! `agents`: the agent types, and the skills that one of them would get.

use std::collections::HashMap;

use serde::Serialize;

use super::error::Result;
use super::load::{Cause, Load, LoadReport, select_among};
use crate::model::{AgentType, Remark, StoredJson};
use crate::store::{SilentMapping, Store};

/// All agent types that have mappings.
#[derive(Debug, Clone, Serialize)]
pub struct AgentsReport {
    /// By name.
    pub agents: Vec<AgentSummary>,
}

/// An agent type, with its numbers of skills and uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgentSummary {
    /// Its name.
    pub agent_type: String,
    /// Number of active skills with an enabled mapping.
    pub skills: i64,
    /// Number of those whose current version waits for review.
    pub pending: i64,
    /// Number of uses by agents of this type.
    pub uses: i64,
}

/// The skills that an agent type would get now, without limits.
#[derive(Debug, Clone, Serialize)]
pub struct AgentReport {
    /// Its name.
    pub agent_type: String,
    /// In the order in which an agent would get them, bootstrap skills first.
    pub skills: Vec<AgentSkill>,
    /// Mapped skills that it would not get.
    pub left_out: Vec<Remark<String, Cause>>,
    /// Agent types with a similar name, if this one has no mapping.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub did_you_mean: Vec<String>,
}

/// A skill that an agent type would get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgentSkill {
    /// Its name.
    pub name: String,
    /// The version; empty for a bootstrap skill.
    pub version: String,
    /// 1 (first) to 10; 0 for a bootstrap skill.
    pub priority: i64,
    /// Whether limits and conditions do not apply to it.
    pub required: bool,
    /// The conditions, as JSON.
    pub conditions: Option<StoredJson>,
    /// Its size in bytes.
    pub bytes: usize,
    /// Whether its version is pinned.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// Deprecated skills that it is served in place of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<String>,
}

/// Lists the agent types, from one snapshot.
pub fn agents(store: &mut dyn Store) -> Result<AgentsReport> {
    let snapshot = store.read()?;
    let mut uses: HashMap<String, i64> = HashMap::new();
    for cell in snapshot.usage_cells(None)? {
        *uses.entry(cell.agent_type).or_default() += cell.uses;
    }
    let agents = snapshot.agent_types()?.into_iter().map(|it| AgentSummary {
        uses: uses.get(&it.agent_type).copied().unwrap_or_default(),
        agent_type: it.agent_type,
        skills: it.skills,
        pending: it.pending,
    });
    Ok(AgentsReport { agents: agents.collect() })
}

/// Lists the skills that an agent type would get for any task, and the reasons for leaving out others, from one
/// snapshot.
pub fn agent(store: &mut dyn Store, agent_type: &AgentType) -> Result<AgentReport> {
    let snapshot = store.read()?;
    let request = Load { max_skills: usize::MAX, ..Load::usual(agent_type.clone()) };
    let candidates = snapshot.candidates(agent_type)?;
    let mut conditions: HashMap<String, Option<StoredJson>> =
        candidates.iter().rev().map(|it| (it.name.clone(), it.conditions.clone())).collect();
    let loaded = select_among(snapshot.as_ref(), &request, candidates)?;
    let silent = snapshot.silent_mappings(agent_type)?.into_iter();
    let silent = silent.filter(|it| !conditions.contains_key(&it.name)).map(|it| without_effect(it, &loaded));
    let silent: Vec<_> = silent.collect();
    let skills = loaded.skills.into_iter().map(|it| AgentSkill {
        conditions: conditions.remove(&it.picked.name).flatten(),
        name: it.picked.name,
        version: it.picked.version,
        priority: it.picked.priority,
        required: it.picked.required,
        bytes: it.content.len(),
        pinned: it.picked.pinned,
        replaces: it.picked.replaces,
    });
    let skills = skills.collect();
    let left_out = loaded.left_out.into_iter().chain(silent).collect();
    Ok(AgentReport { agent_type: agent_type.to_string(), skills, left_out, did_you_mean: loaded.did_you_mean })
}

/// The reason that a mapping has no effect: it is disabled, or its skill is not active.
fn without_effect(mapping: SilentMapping, loaded: &LoadReport) -> Remark<String, Cause> {
    let replacement = loaded.skills.iter().map(|it| &it.picked).find(|it| it.replaces.contains(&mapping.name));
    let reason = match replacement {
        _ if !mapping.enabled => "the mapping is disabled".to_owned(),
        Some(replacement) => format!("it is {}, and replaced by {}", mapping.status, replacement.name),
        None => format!("it is {}", mapping.status),
    };
    Remark::new(mapping.name, Cause::Limit, reason)
}
