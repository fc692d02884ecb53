//! The usage log: what is written to it, and what reports add up.

use serde::{Deserialize, Serialize};

use super::{ApprovalLevel, Decision, Moment, SkillId, StoredTime};

/// A row of `skill_usage_log`: an agent got, or used, a skill.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage<'a> {
    /// Which agent.
    pub agent_id: &'a str,
    /// Of what kind.
    pub agent_type: &'a str,
    /// The skill.
    pub skill_id: SkillId,
    /// For which task.
    pub task_id: Option<&'a str>,
    /// In which phase.
    pub phase: Option<&'a str>,
    /// In UTC.
    pub loaded_at: Moment,
    /// The skill's level at that time.
    pub approval_level: ApprovalLevel,
    /// The skill's origin at that time.
    pub phase4_generated: bool,
    /// The version that the agent got.
    pub version: Option<&'a str>,
    /// The bytes that the agent got: SHA-256 in hex.
    pub content_hash: Option<&'a str>,
    /// What came of it; none where the skill was only handed out.
    pub outcome: Option<Outcome>,
}

impl Usage<'_> {
    /// Whether what comes of it is to be said later, once: whoever gets a skill for a task says so.
    #[must_use]
    pub fn awaits_outcome(&self) -> bool {
        self.outcome.is_none() && self.task_id.is_some()
    }
}

/// A use of which it is not known yet what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenUse {
    /// The row's key.
    pub id: i64,
    /// Where it waits to be delivered, as the store wrote it.
    pub key: String,
}

/// What came of using a skill once.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcome {
    /// How long it took.
    pub execution_ms: Option<i64>,
    /// 0 is success.
    pub exit_code: Option<i64>,
    /// The agent's confidence before, 0–1.
    pub confidence_before: Option<f64>,
    /// And after, 0–1.
    pub confidence_after: Option<f64>,
    /// The share of the skill's tests that passed, 0–1.
    pub test_pass_rate: Option<f64>,
    /// Tokens that did not have to be spent.
    pub tokens_avoided: Option<i64>,
    /// Money that did not have to be spent.
    pub cost_avoided_usd: Option<f64>,
}

/// The most milliseconds or tokens of one use: sums of millions of rows must not overflow.
const MOST: i64 = 1_000_000_000_000;

/// The most money of one use, in US dollars.
const MOST_USD: f64 = 1e6;

/// A figure that no use can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {must_be}")]
pub struct OutOfRange {
    /// Which one.
    pub field: &'static str,
    /// What it may be.
    pub must_be: String,
}

impl Outcome {
    /// The outcome, where each of its figures can be one.
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

/// What an agent needs to be remembered for a usage row: a skill as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedSkill {
    /// The key.
    pub id: SkillId,
    /// How strictly it is reviewed.
    pub approval_level: ApprovalLevel,
    /// Whether the workflow codification generated it.
    pub phase4_generated: bool,
    /// The version and bytes that an agent would get now.
    pub version: Option<(String, String)>,
}

/// A usage row as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsageRow {
    /// The key; a higher one was written later.
    pub id: i64,
    /// The skill; none where its row is gone.
    pub skill: Option<String>,
    /// Which agent.
    pub agent_id: String,
    /// Of what kind.
    pub agent_type: String,
    /// For which task.
    pub task_id: Option<String>,
    /// In which phase.
    pub phase: Option<String>,
    /// In UTC.
    pub loaded_at: StoredTime,
    /// The version that the agent got.
    pub version: Option<String>,
    /// The bytes that the agent got.
    pub content_hash: Option<String>,
    /// How long it took.
    pub execution_time_ms: Option<i64>,
    /// 0 is success.
    pub exit_code: Option<i64>,
}

/// Sums over the usage rows of one skill, agent type and level. Confidences are in millionths and money is in billionths, so sums
/// are exact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageCell {
    /// The skill's key.
    pub skill_id: i64,
    /// The skill's name; none where its row is gone.
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
    /// Over all rows, in billionths of a dollar.
    pub cost_avoided_billionths: i128,
    /// The first use, in UTC.
    pub first_used: Option<Moment>,
    /// The last use, in UTC.
    pub last_used: Option<Moment>,
}

/// A decision, with when what it decides on was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionTime {
    /// The review that was asked for.
    pub approval_level: ApprovalLevel,
    /// What was decided.
    pub decision: Decision,
    /// When, in UTC.
    pub decided_at: Option<StoredTime>,
    /// When the version was recorded, in UTC; unknown for versions of an old layout.
    pub recorded_at: Option<StoredTime>,
    /// How long the review took, where somebody wrote it down.
    pub review_minutes: Option<i64>,
}

/// A skill whose current version has no approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The skill.
    pub name: String,
    /// Its current version.
    pub version: String,
    /// The review that it needs.
    pub approval_level: ApprovalLevel,
    /// When the version was recorded, in UTC.
    pub since: Option<StoredTime>,
}
