//! Parameters and results of the ports.

use jiff::civil::Date;
use serde::Serialize;

use crate::model::{
    AgentType, ApprovalLevel, Category, ContentHash, Decision, Failures, Moment, Severity, SkillFolder, SkillId,
    SkillName, Status, StoredJson, StoredTime, VersionSource,
};

/// Recorded content that is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unstored {
    /// The skill, or the bootstrap skill.
    pub name: String,
    /// The recorded path of the file.
    pub content_path: String,
    /// The hash in hex; `None` for bootstrap skills without a recorded one.
    pub content_hash: Option<String>,
    /// The id in `skill_versions`; `None` for a bootstrap skill, and for a skill without a version or hash.
    pub version_id: Option<i64>,
    /// Whether it is a bootstrap skill.
    pub bootstrap: bool,
}

/// Kinds of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// Skills.
    Skill,
    /// Former names of skills.
    FormerName,
    /// Agent types with mappings.
    AgentType,
}

/// A skill to insert.
#[derive(Debug, Clone)]
pub struct NewSkill<'a> {
    /// The unique name.
    pub name: &'a SkillName,
    /// The category.
    pub category: Category,
    /// The team.
    pub team: Option<&'a str>,
    /// Tags, in order.
    pub tags: &'a [String],
    /// The owner.
    pub owner: Option<&'a str>,
    /// The pattern that it was generated from; `None` if it was imported.
    pub phase4_pattern_id: Option<i64>,
}

/// A version to record as the current one.
#[derive(Debug, Clone)]
pub struct NewVersion<'a> {
    /// The version number.
    pub version: &'a str,
    /// The hash of the bytes.
    pub content_hash: &'a ContentHash,
    /// Its files; `None` for a plain folder, see [`SkillFolder::is_plain`].
    pub folder: Option<&'a SkillFolder>,
    /// The path that they were read from.
    pub content_path: &'a str,
    /// JSON of the front matter, if any.
    pub front_matter: Option<&'a StoredJson>,
    /// The approval level of the version, and new level of the skill.
    pub approval_level: ApprovalLevel,
    /// The source of the record.
    pub source: VersionSource,
    /// Now.
    pub now: Moment,
}

/// Fields of a skill to change; `None` keeps a field.
#[derive(Debug, Clone)]
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
    /// The pattern that it was generated from; also sets `generated_by` and `is_auto_generated`.
    pub phase4_pattern_id: Option<i64>,
    /// The replacement, and the note for users.
    pub retirement: Option<Retirement<'a>>,
    /// Now.
    pub now: Moment,
}

/// The replacement of a deprecated skill; both fields are `None` for an active one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retirement<'a> {
    /// The skill that agents get instead.
    pub replacement: Option<SkillId>,
    /// The reason, for those who use the skill.
    pub note: Option<&'a str>,
}

impl SkillChange<'_> {
    /// Changes nothing yet.
    #[must_use]
    pub fn at(now: Moment) -> Self {
        Self {
            category: None,
            approval_level: None,
            status: None,
            team: None,
            tags: None,
            owner: None,
            phase4_pattern_id: None,
            retirement: None,
            now,
        }
    }

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
            || self.retirement.is_some()
    }
}

/// A decision to record.
#[derive(Debug, Clone)]
pub struct NewApproval<'a> {
    /// The version with these bytes.
    pub version: &'a str,
    /// The bytes of its skill file.
    pub content_hash: &'a str,
    /// The hash of its folder; `None` for a plain one.
    pub folder_hash: Option<&'a str>,
    /// The approval level at the time.
    pub approval_level: ApprovalLevel,
    /// The approver.
    pub approver: &'a str,
    /// The decision.
    pub decision: Decision,
    /// The reason.
    pub reasoning: &'a str,
    /// What was checked.
    pub criteria_check: Option<&'a StoredJson>,
    /// The expert who should decide; only for an escalation.
    pub escalated_to: Option<&'a str>,
    /// Now.
    pub now: Moment,
}

/// The latest decision about some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatestDecision {
    /// The id of its record.
    pub id: i64,
    /// The decision.
    pub decision: Decision,
}

/// A mapping to add or change.
#[derive(Debug, Clone)]
pub struct NewMapping<'a> {
    /// The agent type.
    pub agent_type: &'a AgentType,
    /// 1 (first) to 10.
    pub priority: i64,
    /// Whether limits and conditions do not apply.
    pub required: bool,
    /// JSON.
    pub conditions: Option<&'a StoredJson>,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Now.
    pub now: Moment,
}

/// An edge case to record.
#[derive(Debug, Clone, Copy)]
pub struct NewEdgeCase<'a> {
    /// The description.
    pub description: &'a str,
    /// The reason for the failure.
    pub failure_reason: Option<&'a str>,
    /// The input.
    pub input_parameters: Option<&'a str>,
    /// The expected output.
    pub expected_output: Option<&'a str>,
    /// The actual output.
    pub actual_output: Option<&'a str>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// Now, in UTC.
    pub now: Moment,
}

/// UTC days of the years 0 to 9999, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
}

/// A filter for usage rows.
#[derive(Debug, Clone, Copy)]
pub enum UsageFilter<'a> {
    /// Rows of a task.
    Task(&'a str),
    /// Rows of a skill.
    Skill(SkillId),
}

/// The result of comparing the sums of the usage log with its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Sums that were compared, by day.
    pub cells: i64,
    /// Rows of the log that they add up.
    pub rows: i64,
    /// Sums that differ from their rows.
    pub differences: i64,
}

impl Proof {
    /// Adds what else was compared.
    pub fn add(&mut self, other: Self) {
        self.cells += other.cells;
        self.rows += other.rows;
        self.differences += other.differences;
    }
}

/// A summary of the outbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboxSummary {
    /// Number of queued deliveries.
    pub waiting: u64,
    /// Number of queued deliveries that have failed before.
    pub failing: u64,
    /// Number of dead letters.
    pub dead_letters: u64,
    /// Time of the oldest queued event, in UTC.
    pub oldest: Option<StoredTime>,
}

/// When failed deliveries are due again. Both times are in UTC.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// A delivery that failed at this time or later is not due. Times in the future are ignored, since clocks may be
    /// set back.
    pub failed_since: Moment,
    /// Now.
    pub now: Moment,
}

impl Due {
    /// Whether this attempt was too recently for another one.
    #[must_use]
    pub fn excludes(self, failures: &Failures) -> bool {
        (self.failed_since.as_str()..=self.now.as_str()).contains(&failures.last.as_str())
    }
}

/// A failed delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undelivered {
    /// Its position in the queue.
    pub id: i64,
    /// The pattern.
    pub pattern_id: i64,
    /// `execution`, `deployed` or `updated`.
    pub kind: String,
    /// Time of queueing, in UTC.
    pub created_at: Option<StoredTime>,
    /// Time of the last failure, in UTC.
    pub failed_at: StoredTime,
    /// The reason.
    pub reason: String,
}
