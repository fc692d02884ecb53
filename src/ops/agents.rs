//! `agents`: the agent types, and the skills that one of them would get.

use std::collections::HashMap;

use serde::Serialize;

use super::error::Result;
use super::load::{Cause, Load, select_among};
use crate::model::{AgentType, Remark, StoredJson};
use crate::store::{Snapshot, Store};

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
        candidates.iter().map(|it| (it.name.clone(), it.conditions.clone())).collect();
    let silent = unserved(snapshot.as_ref(), agent_type, &conditions)?;
    let loaded = select_among(snapshot.as_ref(), &request, candidates)?;
    let skills = loaded.skills.into_iter().map(|it| AgentSkill {
        conditions: conditions.remove(&it.picked.name).flatten(),
        name: it.picked.name,
        version: it.picked.version,
        priority: it.picked.priority,
        required: it.picked.required,
        bytes: it.content.len(),
    });
    let skills = skills.collect();
    let left_out = loaded.left_out.into_iter().chain(silent).collect();
    Ok(AgentReport { agent_type: agent_type.to_string(), skills, left_out, did_you_mean: loaded.did_you_mean })
}

/// Mappings without effect: they are disabled, or their skill is not active.
fn unserved(
    snapshot: &dyn Snapshot,
    agent_type: &AgentType,
    candidates: &HashMap<String, Option<StoredJson>>,
) -> Result<Vec<Remark<String, Cause>>> {
    let silent = snapshot.silent_mappings(agent_type)?;
    Ok(silent
        .into_iter()
        .filter(|it| !candidates.contains_key(&it.name))
        .map(|it| {
            let reason = if it.enabled { format!("it is {}", it.status) } else { "the mapping is disabled".to_owned() };
            Remark::new(it.name, Cause::Limit, reason)
        })
        .collect())
}
