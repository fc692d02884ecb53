//! `load`: what an agent gets. What is served is what was approved: bytes come from the database and are hashed before they
//! are handed out; the file on disk is never read for a body.

mod available;
mod kept;
mod remembered;
mod selection;

use serde::{Deserialize, Serialize, Serializer};

use super::cached::cached;
use super::error::Result;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::model::{AgentType, ApprovalLevel, Outcome, SkillId, Usage};
use crate::store::{Durability, Snapshot, Store};

pub use available::{XmlReport, has_approved_file, xml};
pub use remembered::{Remembered, load_marked};
use selection::select;
pub(super) use selection::tags;

/// Which skills an agent asks for.
#[derive(Debug, Clone)]
pub struct Load {
    /// The kind of agent.
    pub agent_type: AgentType,
    /// Keywords of its task; empty: not stated.
    pub context: Vec<String>,
    /// Its phase, where stated.
    pub phase: Option<String>,
    /// The most skills, bootstrap skills not counted; required ones are never cut.
    pub max_skills: usize,
    /// The most tokens, estimated as bytes / 4; required ones are never cut.
    pub max_tokens: Option<u64>,
    /// Whether bootstrap skills come first.
    pub bootstrap: bool,
}

impl Load {
    /// What is asked for where nothing is said but who asks.
    #[must_use]
    pub fn usual(agent_type: AgentType) -> Self {
        Self { agent_type, context: Vec::new(), phase: None, max_skills: 20, max_tokens: None, bootstrap: true }
    }
}

/// Who gets it, for the usage log.
#[derive(Debug, Clone)]
pub struct UsageOf {
    /// Which agent.
    pub agent_id: String,
    /// For which task.
    pub task_id: Option<String>,
}

/// What an agent gets.
#[derive(Debug, Clone, Serialize)]
pub struct LoadReport {
    /// The kind of agent.
    pub agent_type: AgentType,
    /// In the order in which the agent should read them.
    pub skills: Vec<LoadedSkill>,
    /// What it does not get although it is mapped to it, and why.
    pub left_out: Vec<LeftOut>,
    /// Bytes / 4: an estimate.
    pub estimated_tokens: u64,
    /// Agent types with a similar name, where this one is mapped to nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub did_you_mean: Vec<String>,
    /// Whether this agent type is mapped to nothing at all.
    #[serde(skip)]
    pub unmapped: bool,
    /// Whether a cache may keep it: neither did the usage log have a say in it, which every row may change, nor is anything left
    /// out for damaged bytes.
    #[serde(skip)]
    pub keepable: bool,
}

/// A skill that is handed out.
#[derive(Debug, Clone, Serialize)]
pub struct LoadedSkill {
    /// Its name.
    pub name: String,
    /// Its version; empty for a bootstrap skill.
    pub version: String,
    /// SHA-256 of its bytes.
    pub content_hash: String,
    /// 1 (first) to 10; 0 for a bootstrap skill.
    pub priority: i64,
    /// Whether limits and conditions do not apply to it.
    pub required: bool,
    /// Its bytes, exactly as they were approved.
    pub content: String,
    /// Where the bytes were read from.
    #[serde(skip)]
    pub content_path: String,
    /// What it is for, where the row says so: bootstrap skills.
    #[serde(skip)]
    pub description: Option<String>,
    /// The skill's row; none for a bootstrap skill.
    #[serde(skip)]
    pub origin: Option<Origin>,
}

/// What the usage log keeps about a skill at the time it was handed out.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Origin {
    /// The skill.
    pub id: SkillId,
    /// How strictly it is reviewed.
    pub approval_level: ApprovalLevel,
    /// Whether the workflow codification generated it.
    pub phase4_generated: bool,
}

/// A skill that is not handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Whether somebody should look at it; limits and gates are no trouble.
    pub trouble: bool,
}

impl Serialize for LeftOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut fields = serializer.serialize_struct("LeftOut", 2)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("reason", &self.reason)?;
        fields.end()
    }
}

/// Loads from the cache, or else from one snapshot.
pub fn load(store: &mut dyn Store, cache: &dyn Cache, request: &Load) -> Result<LoadReport> {
    cached(store, cache, request)
}

/// Loads, and writes one usage row per skill in the same transaction: what is logged is what `hands_out` says is handed out.
pub fn load_and_log(
    store: &mut dyn Store,
    clock: Clock,
    request: &Load,
    usage: &UsageOf,
    hands_out: &dyn Fn(&LoadedSkill) -> bool,
) -> Result<LoadReport> {
    let now = clock.database_time();
    let mut transaction = store.write(Durability::Normal)?;
    let report = select(transaction.as_ref() as &dyn Snapshot, request)?;
    for skill in report.skills.iter().filter(|it| hands_out(it)) {
        let Some(origin) = skill.origin else { continue };
        transaction.log_usage(&Usage {
            agent_id: &usage.agent_id,
            agent_type: request.agent_type.as_str(),
            skill_id: origin.id,
            task_id: usage.task_id.as_deref(),
            phase: request.phase.as_deref(),
            loaded_at: &now,
            approval_level: origin.approval_level,
            phase4_generated: origin.phase4_generated,
            version: Some(&skill.version),
            content_hash: Some(&skill.content_hash),
            outcome: Outcome::default(),
        })?;
    }
    transaction.commit()?;
    Ok(report)
}
