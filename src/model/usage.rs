//! The usage log: its rows, and the sums in reports.

use serde::{Deserialize, Serialize};

use super::{ApprovalLevel, Decision, Moment, SkillId, StoredTime};

/// Maximum number of bytes of an id or a phase in the usage log: PostgreSQL's indexes hold two of them.
pub const LONGEST_USAGE_TEXT: usize = 1_000;

/// A row of `skill_usage_log`: an agent loaded or used a skill.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage<'a> {
    /// The agent's id.
    pub agent_id: &'a str,
    /// The agent type.
    pub agent_type: &'a str,
    /// The skill.
    pub skill_id: SkillId,
    /// The task's id.
    pub task_id: Option<&'a str>,
    /// The phase.
    pub phase: Option<&'a str>,
    /// In UTC.
    pub loaded_at: Moment,
    /// The skill's level at that time.
    pub approval_level: ApprovalLevel,
    /// The skill's origin at that time.
    pub phase4_generated: bool,
    /// The version that the agent loaded.
    pub version: Option<&'a str>,
    /// The SHA-256 of the loaded bytes, in hex.
    pub content_hash: Option<&'a str>,
    /// The outcome; `None` if the skill was only loaded.
    pub outcome: Option<Outcome>,
}

impl Usage<'_> {
    /// Whether its outcome is still to be logged, once: it was logged for a task, without an outcome.
    #[must_use]
    pub fn awaits_outcome(&self) -> bool {
        self.outcome.is_none() && self.task_id.is_some()
    }
}

/// A use that awaits its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenUse {
    /// The row's key.
    pub id: i64,
    /// Its delivery key in the outbox.
    pub key: String,
}

/// The outcome of a use.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcome {
    /// The execution time.
    pub execution_ms: Option<i64>,
    /// 0 is success.
    pub exit_code: Option<i64>,
    /// The agent's confidence before, 0–1.
    pub confidence_before: Option<f64>,
    /// The agent's confidence after, 0–1.
    pub confidence_after: Option<f64>,
    /// The share of the skill's tests that passed, 0–1.
    pub test_pass_rate: Option<f64>,
    /// Tokens saved.
    pub tokens_avoided: Option<i64>,
    /// Money saved.
    pub cost_avoided_usd: Option<f64>,
}

/// Maximum number of milliseconds or tokens of one use, so that sums of millions of rows do not overflow.
const MOST: i64 = 1_000_000_000_000;

/// Maximum amount of money of one use, in US dollars.
const MOST_USD: f64 = 1e6;

/// A figure out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {must_be}")]
pub struct OutOfRange {
    /// The field.
    pub field: &'static str,
    /// The allowed values.
    pub must_be: String,
}

impl Outcome {
    /// Checks the range of each figure.
    pub fn checked(self) -> Result<Self, OutOfRange> {
        let shares = [
            ("confidence_before", self.confidence_before),
            ("confidence_after", self.confidence_after),
            ("test_pass_rate", self.test_pass_rate),
        ];
        let counts = [("execution_ms", self.execution_ms), ("tokens_avoided", self.tokens_avoided)];
        if let Some((field, _)) = shares.into_iter().find(|(_, it)| it.is_some_and(|it| !(0.0..=1.0).contains(&it))) {
            return Err(OutOfRange { field, must_be: "a number from 0 to 1".to_owned() });
        }
        if let Some((field, _)) = counts.into_iter().find(|(_, it)| it.is_some_and(|it| !(0..=MOST).contains(&it))) {
            return Err(OutOfRange { field, must_be: format!("an integer from 0 to {MOST}") });
        }
        if self.cost_avoided_usd.is_some_and(|it| !(0.0..=MOST_USD).contains(&it)) {
            return Err(OutOfRange { field: "cost_avoided_usd", must_be: format!("an amount from 0 to {MOST_USD}") });
        }
        Ok(self)
    }
}

/// The current properties of a skill that a usage row records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedSkill {
    /// The key.
    pub id: SkillId,
    /// How strictly it is reviewed.
    pub approval_level: ApprovalLevel,
    /// Whether the workflow codification generated it.
    pub phase4_generated: bool,
    /// The version and hash that an agent would load now.
    pub version: Option<(String, String)>,
}

/// A usage row for display.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsageRow {
    /// The id; a higher one was recorded later.
    pub id: i64,
    /// The skill; `None` if its row is gone.
    pub skill: Option<String>,
    /// The agent's id.
    pub agent_id: String,
    /// The agent type.
    pub agent_type: String,
    /// The task's id.
    pub task_id: Option<String>,
    /// The phase.
    pub phase: Option<String>,
    /// In UTC.
    pub loaded_at: StoredTime,
    /// The version that the agent got.
    pub version: Option<String>,
    /// The bytes that the agent got.
    pub content_hash: Option<String>,
    /// The execution time.
    pub execution_time_ms: Option<i64>,
    /// 0 is success.
    pub exit_code: Option<i64>,
}

/// Uses that came from one origin, in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OriginUses {
    /// The label of the follower that pushed them; `None` for those logged in this database.
    pub origin: Option<String>,
    /// Number of uses.
    pub uses: i64,
    /// Number of agents.
    pub agents: i64,
    /// Number of skills.
    pub skills: i64,
    /// Number of uses with an exit code.
    pub outcomes: i64,
    /// Number of uses with exit code 0.
    pub succeeded: i64,
    /// The first use.
    pub first_used: Option<Moment>,
    /// The last use.
    pub last_used: Option<Moment>,
}

/// Sums over the usage rows of one skill, agent type and level. Confidences are in millionths and money is in billionths, so sums
/// are exact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageCell {
    /// The skill's key.
    pub skill_id: i64,
    /// The skill's name; `None` if its row is gone.
    pub skill: Option<String>,
    /// Its category.
    pub category: Option<String>,
    /// Whether the workflow codification generated it.
    pub phase4_generated: bool,
    /// The agent type.
    pub agent_type: String,
    /// The level that the rows recorded; empty where they recorded none.
    pub approval_level: String,
    /// Rows.
    pub uses: i64,
    /// Rows that have both confidences.
    pub measured: i64,
    /// Of those: the sum of after − before, in millionths.
    pub gain_millionths: i64,
    /// Of those: how many gained over 0.05.
    pub helped: i64,
    /// Of those: how many have an execution time.
    pub timed: i64,
    /// Of those: the sum of their execution times.
    pub time_ms: i64,
    /// Of those: how many have an exit code.
    pub outcomes: i64,
    /// Of those: how many have exit code 0.
    pub succeeded: i64,
    /// Over all rows.
    pub tokens_avoided: i64,
    /// Those of rows without an amount of money.
    pub unpriced_tokens: i64,
    /// Over all rows, in billionths of a dollar.
    pub cost_avoided_billionths: i128,
    /// The first use, in UTC.
    pub first_used: Option<Moment>,
    /// The last use, in UTC.
    pub last_used: Option<Moment>,
}

/// A decision, with the time when its version was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionTime {
    /// The approval level at the time.
    pub approval_level: ApprovalLevel,
    /// The decision.
    pub decision: Decision,
    /// Its time, in UTC.
    pub decided_at: Option<StoredTime>,
    /// The time when the version was recorded, in UTC; unknown for versions of an old layout.
    pub recorded_at: Option<StoredTime>,
    /// The duration of the review, if recorded.
    pub review_minutes: Option<i64>,
}

/// A skill whose current version waits for review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The skill.
    pub name: String,
    /// Its current version.
    pub version: String,
    /// Its approval level.
    pub approval_level: ApprovalLevel,
    /// The time when the version was recorded, in UTC.
    pub since: Option<StoredTime>,
}
