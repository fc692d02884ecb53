//! What a transaction is asked to find or to write, and what a list has in it.

use serde::Serialize;

use crate::model::{
    AgentType, ApprovalLevel, Category, ContentHash, Decision, Review, Skill, SkillId, SkillName, Status, VersionSource,
};

/// Which skills to list.
#[derive(Debug, Clone, Default)]
pub struct SkillFilter {
    /// Only of this category.
    pub category: Option<Category>,
    /// Only of this level.
    pub approval_level: Option<ApprovalLevel>,
    /// Only of this status.
    pub status: Option<Status>,
    /// Only those mapped to this agent type.
    pub agent_type: Option<AgentType>,
    /// Only those whose current version waits for a decision.
    pub pending: bool,
}

/// A skill in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedSkill {
    /// The row.
    pub skill: Skill,
    /// What became of the review of its current version.
    pub review: Review,
    /// The agent types that it is mapped to and enabled for, by name.
    pub agents: Vec<String>,
}

/// Bytes that the database names but does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unstored {
    /// The skill, or the bootstrap skill.
    pub name: String,
    /// Where the bytes should be.
    pub content_path: String,
    /// Their hash, in hex; unknown for bootstrap skills that nobody recorded.
    pub content_hash: Option<String>,
    /// The row of `skill_versions`; none for a bootstrap skill, and for a skill without a version or a hash.
    pub version_id: Option<i64>,
    /// Whether it is a bootstrap skill.
    pub bootstrap: bool,
}

/// What names to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// Skills.
    Skill,
    /// Agent types that have mappings.
    AgentType,
}

/// A skill that does not exist yet.
#[derive(Debug, Clone)]
pub struct NewSkill<'a> {
    /// The unique name.
    pub name: &'a SkillName,
    /// The category.
    pub category: Category,
    /// The team that it belongs to.
    pub team: Option<&'a str>,
    /// Tags, in order.
    pub tags: &'a [String],
    /// Who is responsible.
    pub owner: Option<&'a str>,
    /// The pattern in the workflow database that it was generated from; none: it was imported.
    pub phase4_pattern_id: Option<i64>,
}

/// Bytes that become a skill's current version.
#[derive(Debug, Clone)]
pub struct NewVersion<'a> {
    /// The number.
    pub version: &'a str,
    /// The address of the bytes.
    pub content_hash: &'a ContentHash,
    /// Where they were read from.
    pub content_path: &'a str,
    /// JSON of the front matter, where there was some.
    pub front_matter: Option<&'a str>,
    /// The review that they need; the skill's level from now on.
    pub approval_level: ApprovalLevel,
    /// What records it.
    pub source: VersionSource,
    /// Now, in UTC.
    pub now: &'a str,
}

/// Fields of a skill to change; `None` keeps.
#[derive(Debug, Clone, Default)]
pub struct SkillChange<'a> {
    /// The category.
    pub category: Option<&'a str>,
    /// The level.
    pub approval_level: Option<ApprovalLevel>,
    /// The status.
    pub status: Option<Status>,
    /// The team.
    pub team: Option<&'a str>,
    /// The tags.
    pub tags: Option<&'a [String]>,
    /// The owner.
    pub owner: Option<&'a str>,
    /// The pattern that it was generated from; sets `generated_by` and `is_auto_generated` too.
    pub phase4_pattern_id: Option<i64>,
    /// Now, in UTC.
    pub now: &'a str,
}

impl SkillChange<'_> {
    /// Whether any field is given.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        self.category.is_some()
            || self.approval_level.is_some()
            || self.status.is_some()
            || self.team.is_some()
            || self.tags.is_some()
            || self.owner.is_some()
            || self.phase4_pattern_id.is_some()
    }
}

/// A decision about bytes.
#[derive(Debug, Clone)]
pub struct NewApproval<'a> {
    /// The version that has the bytes.
    pub version: &'a str,
    /// The bytes.
    pub content_hash: &'a str,
    /// The review that was asked for.
    pub approval_level: ApprovalLevel,
    /// Who decides.
    pub approver: &'a str,
    /// What.
    pub decision: Decision,
    /// Why.
    pub reasoning: &'a str,
    /// JSON for `approval_criteria_check`.
    pub criteria_check: Option<&'a str>,
    /// Now, in UTC.
    pub now: &'a str,
}

/// The latest decision about some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatestDecision {
    /// The key of its record.
    pub id: i64,
    /// What was decided.
    pub decision: Decision,
}

/// A mapping as it is to be.
#[derive(Debug, Clone)]
pub struct NewMapping<'a> {
    /// The kind of agent.
    pub agent_type: &'a AgentType,
    /// 1 (first) to 10.
    pub priority: i64,
    /// Whether limits and conditions do not apply.
    pub required: bool,
    /// JSON.
    pub conditions: Option<&'a str>,
    /// Now, in UTC.
    pub now: &'a str,
}

/// UTC days as `YYYY-MM-DD`, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub first: String,
    /// The last.
    pub last: String,
}

/// Which rows of the usage log to show.
#[derive(Debug, Clone, Copy)]
pub enum UsageFilter<'a> {
    /// Of a task.
    Task(&'a str),
    /// Of a skill.
    Skill(SkillId),
}

/// The result of comparing the sums of the usage log with its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Sums that were compared, by day.
    pub cells: i64,
    /// Rows of the log that they add up.
    pub rows: i64,
    /// Sums that are not what their rows add up to.
    pub differences: i64,
}

/// How much waits for the workflow database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboxSummary {
    /// Deliveries that wait.
    pub waiting: u64,
    /// Those of them that have failed before.
    pub failing: u64,
    /// Deliveries that are not tried any more.
    pub dead_letters: u64,
    /// When the first one that waits was written, in UTC.
    pub oldest: Option<String>,
}

/// When a delivery that failed is due again without being asked for. Both are times in UTC.
#[derive(Debug, Clone, Copy)]
pub struct Due<'a> {
    /// One that failed at this time or later is not due; a time in the future counts for nothing, since clocks are set back.
    pub failed_since: &'a str,
    /// Now.
    pub now: &'a str,
}

/// A delivery that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undelivered {
    /// Its place in the order.
    pub id: i64,
    /// The pattern.
    pub pattern_id: i64,
    /// `execution`, `deployed` or `updated`.
    pub kind: String,
    /// When it was written, in UTC.
    pub created_at: Option<String>,
    /// When it failed last, in UTC.
    pub failed_at: String,
    /// Why.
    pub reason: String,
}
