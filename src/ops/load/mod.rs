//! `load`: what an agent gets. What is served is what was approved: bytes come from the database and are hashed before they
//! are handed out; the file on disk is never read for a body.

mod format;
mod kept;
mod listing;
mod remembered;
mod selection;

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use super::cached::cached;
use super::error::Result;
use super::update::as_snapshot;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::model::{AgentType, ApprovalLevel, SkillId, Usage};
use crate::store::{Durability, Snapshot, Store, Transaction, write};

pub use format::Format;
pub use listing::{Listed, Listing};
pub use remembered::Remembered;
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
    /// The maximum of tokens, estimated as bytes / 4 of what the format writes; required ones are never cut.
    pub max_tokens: Option<u64>,
    /// Whether bootstrap skills come first.
    pub bootstrap: bool,
    /// How they are handed out.
    pub format: Format,
}

impl Load {
    /// What is asked for where nothing is said but who asks.
    #[must_use]
    pub fn usual(agent_type: AgentType) -> Self {
        Self {
            agent_type,
            context: Vec::new(),
            phase: None,
            max_skills: 20,
            max_tokens: None,
            bootstrap: true,
            format: Format::Prompt,
        }
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
    /// Bytes / 4 of what the format writes: an estimate.
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
#[derive(Debug, Clone)]
pub struct LoadedSkill {
    /// Which one, and why it may be.
    pub picked: Picked,
    /// Its bytes, exactly as they were approved.
    pub content: String,
    /// Its file, where files are handed out.
    pub listed: Option<Listed>,
}

/// Everything about a skill that is handed out but its bytes: what a cache keeps.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Picked {
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
    /// Where the bytes were read from.
    pub content_path: String,
    /// What it is for, where the row says so: bootstrap skills.
    pub description: Option<String>,
    /// The skill's row; none for a bootstrap skill.
    pub origin: Option<Origin>,
}

impl Serialize for LoadedSkill {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("LoadedSkill", 6)?;
        fields.serialize_field("name", &self.picked.name)?;
        fields.serialize_field("version", &self.picked.version)?;
        fields.serialize_field("content_hash", &self.picked.content_hash)?;
        fields.serialize_field("priority", &self.picked.priority)?;
        fields.serialize_field("required", &self.picked.required)?;
        fields.serialize_field("content", &self.content)?;
        fields.end()
    }
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
    /// The reason why it was left out.
    pub reason: String,
    /// What kind of reason that is.
    pub cause: Cause,
}

/// Why a skill is not handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// A limit or a gate: as it was asked for.
    Limit,
    /// Something that somebody should mend.
    Fault,
    /// A bootstrap skill whose bytes nobody stored.
    NoBootstrapBytes,
}

impl Serialize for LeftOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("LeftOut", 2)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("reason", &self.reason)?;
        fields.end()
    }
}

/// Loads from the cache, or else from one snapshot.
pub fn load(store: &mut dyn Store, cache: &dyn Cache, request: &Load) -> Result<LoadReport> {
    let mut report = cached(store, cache, request)?;
    settle(request, &mut report);
    Ok(report)
}

/// Loads, and writes one usage row per skill that is handed out in the same transaction.
pub fn load_and_log(store: &mut dyn Store, clock: Clock, request: &Load, usage: &UsageOf) -> Result<LoadReport> {
    let now = clock.database_time();
    write(store, Durability::Normal, |tx| {
        let mut report = select(as_snapshot(tx), request)?;
        complete(as_snapshot(tx), request, &mut report)?;
        settle(request, &mut report);
        log(tx, &now, request, usage, &report)?;
        Ok(report)
    })
}

fn log(tx: &mut dyn Transaction, now: &str, request: &Load, usage: &UsageOf, report: &LoadReport) -> Result<()> {
    for Picked { origin, version, content_hash, .. } in report.skills.iter().map(|it| &it.picked) {
        let Some(origin) = origin else { continue };
        tx.log_usage(&Usage {
            agent_id: &usage.agent_id,
            agent_type: request.agent_type.as_str(),
            skill_id: origin.id,
            task_id: usage.task_id.as_deref(),
            phase: request.phase.as_deref(),
            loaded_at: now,
            approval_level: origin.approval_level,
            phase4_generated: origin.phase4_generated,
            version: Some(version),
            content_hash: Some(content_hash),
            outcome: None,
        })?;
    }
    Ok(())
}

/// Finds the files of skills, where files are handed out; those that may not be are left out.
fn complete(snapshot: &dyn Snapshot, request: &Load, report: &mut LoadReport) -> Result<()> {
    let Format::Xml(listing) = &request.format else { return Ok(()) };
    for mut skill in std::mem::take(&mut report.skills) {
        if skill.listed.is_none() {
            match listing.of(snapshot, &skill.picked, &skill.content)? {
                Ok(listed) => skill.listed = Some(listed),
                Err(reason) => {
                    let (name, reason) = (skill.picked.name, reason.to_owned());
                    report.left_out.push(LeftOut { name, reason, cause: Cause::Fault });
                    continue;
                }
            }
        }
        report.skills.push(skill);
    }
    Ok(())
}

/// Estimates what is written. Where that is over the budget, because what is left out is named in the text too, the last skills go
/// that may.
fn settle(request: &Load, report: &mut LoadReport) {
    let mut bytes = request.format.size(report);
    while let Some(most) = request.max_tokens.filter(|most| tokens(bytes) > *most) {
        let may_go = |it: &LoadedSkill| !it.picked.required && it.picked.origin.is_some();
        let Some(last) = report.skills.iter().rposition(may_go) else { break };
        let skill = report.skills.remove(last);
        let left_out = LeftOut { reason: over_budget(most), cause: Cause::Limit, name: skill.picked.name.clone() };
        bytes = bytes.saturating_sub(request.format.size_of(&skill)) + request.format.size_of_left_out(&left_out);
        report.left_out.push(left_out);
    }
    report.estimated_tokens = tokens(bytes);
}

fn over_budget(most: u64) -> String {
    format!("over the budget of {most} tokens (estimated)")
}

fn tokens(bytes: u64) -> u64 {
    bytes.div_ceil(4)
}
