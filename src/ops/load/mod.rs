//! `load`: the approved skills of an agent type. Content comes from the database, and its hash is verified; the files
//! on disk are not read for it.

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
use crate::model::{AgentType, ApprovalLevel, Moment, Remark, SkillId, Usage};
use crate::store::{Durability, Snapshot, Store, Transaction, write};

pub use format::Format;
pub use listing::{Listed, Listing};
pub use remembered::Remembered;
pub(super) use selection::select;

/// A request for an agent's skills.
#[derive(Debug, Clone)]
pub struct Load {
    /// The agent type.
    pub agent_type: AgentType,
    /// Keywords of its task; empty if not stated.
    pub context: Vec<String>,
    /// Its phase, if stated.
    pub phase: Option<String>,
    /// Maximum number of skills, excluding bootstrap skills; required skills are always included.
    pub max_skills: usize,
    /// Maximum number of tokens, estimated as bytes / 4 of the rendered text; required skills are always included.
    pub max_tokens: Option<u64>,
    /// Whether to include bootstrap skills, which come first.
    pub bootstrap: bool,
    /// The output format.
    pub format: Format,
}

impl Load {
    /// The default number of skills.
    pub const USUAL_SKILLS: usize = 20;

    /// A request with default options.
    #[must_use]
    pub fn usual(agent_type: AgentType) -> Self {
        Self {
            agent_type,
            context: Vec::new(),
            phase: None,
            max_skills: Self::USUAL_SKILLS,
            max_tokens: None,
            bootstrap: true,
            format: Format::Prompt,
        }
    }
}

/// The agent and task for the usage log.
#[derive(Debug, Clone)]
pub struct UsageOf {
    /// The agent's id.
    pub agent_id: String,
    /// The task's id.
    pub task_id: Option<String>,
}

/// The skills of an agent.
#[derive(Debug, Clone, Serialize)]
pub struct LoadReport {
    /// The agent type.
    pub agent_type: AgentType,
    /// The skills, in the order for the agent to read them.
    pub skills: Vec<LoadedSkill>,
    /// Mapped skills that are left out, with reasons.
    pub left_out: Vec<Remark<String, Cause>>,
    /// Estimated tokens: bytes / 4 of the rendered text.
    pub estimated_tokens: u64,
    /// Similar agent types, if this one has no mappings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub did_you_mean: Vec<String>,
    /// Whether this agent type has no mappings.
    #[serde(skip)]
    pub unmapped: bool,
    /// Whether a cache may keep it. It may not if it depends on the usage log, or a skill is left out for damaged
    /// bytes.
    #[serde(skip)]
    pub keepable: bool,
}

/// A loaded skill.
#[derive(Debug, Clone)]
pub struct LoadedSkill {
    /// Everything but its content.
    pub picked: Picked,
    /// Its content, exactly as approved.
    pub content: String,
    /// Its file, for formats with files.
    pub listed: Option<Listed>,
}

/// A loaded skill without its content, as a cache keeps it.
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
    /// The path that the content was read from.
    pub content_path: String,
    /// Its description, for bootstrap skills that have one.
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

/// The properties of a skill that the usage log records when it is loaded.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Origin {
    /// The skill.
    pub id: SkillId,
    /// Its approval level.
    pub approval_level: ApprovalLevel,
    /// Whether the workflow codification generated it.
    pub phase4_generated: bool,
}

/// Kinds of reasons for leaving a skill out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// A limit or condition of the request.
    Limit,
    /// A fault that needs attention.
    Fault,
    /// A bootstrap skill without stored content.
    NoBootstrapBytes,
}

impl Serialize for Remark<String, Cause> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Remark", 2)?;
        fields.serialize_field("name", &self.subject)?;
        fields.serialize_field("reason", &self.reason)?;
        fields.end()
    }
}

/// Loads from the cache, or from one snapshot.
pub fn load(store: &mut dyn Store, cache: &dyn Cache, request: &Load) -> Result<LoadReport> {
    let mut report = cached(store, cache, request)?;
    settle(request, &mut report);
    Ok(report)
}

/// Loads skills, and logs one usage row for each in the same transaction.
pub fn load_and_log(store: &mut dyn Store, clock: Clock, request: &Load, usage: &UsageOf) -> Result<LoadReport> {
    let now = clock.moment();
    write(store, Durability::Normal, |tx| {
        let mut report = select(as_snapshot(tx), request)?;
        complete(as_snapshot(tx), request, &mut report)?;
        settle(request, &mut report);
        log(tx, now, request, usage, &report)?;
        Ok(report)
    })
}

fn log(tx: &mut dyn Transaction, now: Moment, request: &Load, usage: &UsageOf, report: &LoadReport) -> Result<()> {
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

/// Resolves the files of skills, for formats with files; skills with an unusable file are left out.
fn complete(snapshot: &dyn Snapshot, request: &Load, report: &mut LoadReport) -> Result<()> {
    let Format::Xml(listing) = &request.format else { return Ok(()) };
    for mut skill in std::mem::take(&mut report.skills) {
        if skill.listed.is_none() {
            match listing.of(snapshot, &skill.picked, &skill.content)? {
                Ok(listed) => skill.listed = Some(listed),
                Err(reason) => {
                    report.left_out.push(Remark::new(skill.picked.name, Cause::Fault, reason));
                    continue;
                }
            }
        }
        report.skills.push(skill);
    }
    Ok(())
}

/// Estimates the tokens. If they exceed the limit, since the text also lists what is left out, the last optional skills
/// are removed.
fn settle(request: &Load, report: &mut LoadReport) {
    let mut bytes = request.format.size(report);
    while let Some(most) = request.max_tokens.filter(|most| tokens(bytes) > *most) {
        let may_go = |it: &LoadedSkill| !it.picked.required && it.picked.origin.is_some();
        let Some(last) = report.skills.iter().rposition(may_go) else { break };
        let skill = report.skills.remove(last);
        let left_out = Remark::new(skill.picked.name.clone(), Cause::Limit, over_budget(most));
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
