//! Rows of the database. Other programs write these tables too, so versions, hashes and categories are kept as text,
//! and validated when they are used.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{ApprovalLevel, Decision, StoredJson, StoredTags, StoredTime};

/// `skills.id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SkillId(pub i64);

/// A row of `skills`: a skill and its current version.
#[derive(Debug, Clone, PartialEq)]
pub struct Skill {
    /// The key.
    pub id: SkillId,
    /// The unique name.
    pub name: String,
    /// One of the five categories, unless another program wrote something else.
    pub category: String,
    /// The team.
    pub team: Option<String>,
    /// The path that the current version was read from.
    pub content_path: String,
    /// SHA-256 of the current version, in hex.
    pub content_hash: String,
    /// Its tags.
    pub tags: Option<StoredTags>,
    /// The current version.
    pub version: String,
    /// The status; an unknown word is kept, and is not `active`.
    pub status: String,
    /// The approval level; an unknown word counts as `human`.
    pub approval_level: ApprovalLevel,
    /// The last approver.
    pub last_approved_by: Option<String>,
    /// The time of the last approval, in UTC.
    pub last_approval_date: Option<StoredTime>,
    /// The pattern that it was generated from.
    pub phase4_pattern_id: Option<i64>,
    /// `phase4`, `manual` or `imported`.
    pub generated_by: Option<String>,
    /// The owner.
    pub owner: Option<String>,
    /// In UTC; other programs may have left it out.
    pub created_at: Option<StoredTime>,
    /// In UTC; other programs may have left it out.
    pub updated_at: Option<StoredTime>,
    /// The version that agents get instead of the newest approved one.
    pub pinned_version: Option<String>,
}

/// The source of a version's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionSource {
    /// `cfn deploy`.
    Deploy,
    /// `cfn update`.
    Update,
    /// `cfn init --from`.
    Import,
    /// `cfn skill rollback`.
    Rollback,
    /// `cfn skill add`.
    Add,
    /// `cfn skill promote`.
    Promote,
    /// Another program.
    External,
}

impl VersionSource {
    /// The word in the database; `adoption` is written by the schema itself, and `external` too.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Update => "update",
            Self::Import => "import",
            Self::Rollback => "rollback",
            Self::Add => "add",
            Self::Promote => "promote",
            Self::External => "external",
        }
    }
}

/// A row of `skill_versions`: a version of a skill. Serialised as it is shown to users: without its key and its front
/// matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// The key; a higher one was recorded later.
    #[serde(skip)]
    pub id: i64,
    /// `X.Y.Z`, unless another program wrote something else.
    pub version: String,
    /// SHA-256 in hex.
    pub content_hash: String,
    /// The hash of its folder, in hex; `None` for a plain one, see [`SkillFolder::is_plain`](super::SkillFolder::is_plain).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_hash: Option<String>,
    /// The path that the bytes were read from.
    pub content_path: String,
    /// The front matter, where there was some.
    #[serde(skip)]
    pub front_matter: Option<StoredJson>,
    /// The approval level of this version.
    pub approval_level: ApprovalLevel,
    /// Whether it is approved, with its files or without.
    pub approved: bool,
    /// Whether only its skill file is approved, and not the rest of its folder.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// Whether the bytes are in the database.
    pub stored: bool,
    /// `deploy`, `update`, `import`, `rollback`, `adoption`, or `external` for other programs.
    pub source: String,
    /// In UTC.
    pub created_at: StoredTime,
}

/// A version by its number and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionBytes {
    /// `X.Y.Z`, unless another program wrote something else.
    pub version: String,
    /// SHA-256 in hex.
    pub content_hash: String,
    /// The hash of its folder, in hex; `None` for a plain one.
    pub folder_hash: Option<String>,
}

impl From<&VersionRecord> for VersionBytes {
    fn from(record: &VersionRecord) -> Self {
        let VersionRecord { version, content_hash, folder_hash, .. } = record.clone();
        Self { version, content_hash, folder_hash }
    }
}

impl VersionRecord {
    /// The record as reports have it: without its key and its front matter, which no report shows and no cache keeps.
    #[must_use]
    pub fn reported(self) -> Self {
        Self { id: 0, front_matter: None, ..self }
    }
}

/// A row of `approval_history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The key; a higher one was decided later.
    pub id: i64,
    /// The version.
    pub version: String,
    /// The hash of the bytes; unknown for old records of removed versions.
    pub content_hash: Option<String>,
    /// The hash of the folder that the decision is about; `None` for a skill file alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_hash: Option<String>,
    /// The approval level at the time.
    pub approval_level: ApprovalLevel,
    /// The approver.
    pub approver: Option<String>,
    /// The decision.
    pub decision: Decision,
    /// The reason.
    pub reasoning: Option<String>,
    /// What was checked.
    pub approval_criteria_check: Option<StoredJson>,
    /// The risk of the bytes, as it was assessed.
    pub risk_assessment: Option<StoredJson>,
    /// The expert who should decide, after an escalation.
    pub escalated_to: Option<String>,
    /// In UTC.
    pub timestamp: Option<StoredTime>,
}

/// A row of `agent_skill_mappings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The agent type.
    pub agent_type: String,
    /// 1 (first) to 10.
    pub priority: i64,
    /// Whether limits and conditions do not apply.
    pub required: bool,
    /// [`Conditions`](super::Conditions).
    pub conditions: Option<StoredJson>,
    /// [`TddCondition`](super::TddCondition).
    pub tdd_condition: Option<StoredJson>,
    /// Whether the mapping is enabled.
    pub enabled: bool,
    /// The version that this agent type gets instead of the newest approved one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_version: Option<String>,
}

/// A skill mapped to an agent type, with the version to serve.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The skill.
    pub id: SkillId,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Option<StoredTags>,
    /// 1 (first) to 10.
    pub priority: i64,
    /// Whether limits and conditions do not apply.
    pub required: bool,
    /// [`Conditions`](super::Conditions).
    pub conditions: Option<StoredJson>,
    /// [`TddCondition`](super::TddCondition).
    pub tdd_condition: Option<StoredJson>,
    /// Share of code covered, 0–1.
    pub test_coverage: Option<f64>,
    /// Whether it has a test suite.
    pub has_test_suite: bool,
    /// The approval level.
    pub approval_level: ApprovalLevel,
    /// Whether the workflow codification generated it.
    pub phase4_generated: bool,
    /// The version to serve: the pinned one, if it is approved; without a pin, the newest approved one, if any.
    pub approved: Option<ApprovedVersion>,
    /// The pinned version, of the mapping or else of the skill.
    pub pinned: Option<String>,
    /// The deprecated skill that it is served in place of.
    pub replaces: Option<String>,
}

impl Candidate {
    /// The order of serving: required ones first, then by priority and name; a skill for itself before the same skill in
    /// place of another.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        let key = |it: &Self| (!it.required, it.priority);
        let rest = || self.name.cmp(&other.name).then_with(|| self.replaces.cmp(&other.replaces));
        key(self).cmp(&key(other)).then_with(rest)
    }
}

/// The version of a skill that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedVersion {
    /// `X.Y.Z`.
    pub version: String,
    /// SHA-256 in hex.
    pub content_hash: String,
    /// The path that the bytes were read from.
    pub content_path: String,
    /// The hash of its folder, in hex; `None` for a plain one.
    pub folder_hash: Option<String>,
    /// Whether only its skill file is approved, and not the rest of its folder.
    pub partial: bool,
}

/// A row of `bootstrap_skills`: a skill that every agent loads first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootstrap {
    /// The key.
    pub name: String,
    /// The path of its file.
    pub file_path: String,
    /// Its position in the order.
    pub load_order: i64,
    /// The description.
    pub description: Option<String>,
    /// SHA-256 in hex; `None` until it is recorded.
    pub content_hash: Option<String>,
}
