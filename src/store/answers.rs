//! Results of the catalogue that are not nouns of the model.

use crate::model::{ApprovalLevel, SkillId, StoredTags};

/// A version with given bytes in its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The skill.
    pub skill: SkillId,
    /// Its name.
    pub name: String,
    /// The version.
    pub version: String,
    /// SHA-256 of its skill file, in hex.
    pub content_hash: String,
    /// The hash of its folder; `None` for a plain one.
    pub folder_hash: Option<String>,
    /// The review that the skill needs.
    pub approval_level: ApprovalLevel,
}

/// An agent type, with its numbers of skills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentTypeCounts {
    /// Its name.
    pub agent_type: String,
    /// Number of active skills with an enabled mapping.
    pub skills: i64,
    /// Number of those whose current version waits for review.
    pub pending: i64,
}

/// A mapping without effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentMapping {
    /// The skill.
    pub name: String,
    /// The status of the skill.
    pub status: String,
    /// Whether the mapping is enabled.
    pub enabled: bool,
}

/// A skill, with the bytes that a search finds it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searchable {
    /// The skill.
    pub id: SkillId,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Option<StoredTags>,
    /// The version that agents get, or the current one if they get none.
    pub version: String,
    /// The hash of its bytes.
    pub content_hash: String,
    /// Whether agents may get it: the skill is active, and the version approved.
    pub served: bool,
}
