//! What the catalogue answers beside the nouns of the model.

use crate::model::{ApprovalLevel, SkillId};

/// A version that has some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The skill.
    pub skill: SkillId,
    /// Its name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The review that the skill needs.
    pub approval_level: ApprovalLevel,
}

/// An agent type in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentTypeCounts {
    /// Its name.
    pub agent_type: String,
    /// Active skills that are mapped to it by enabled mappings.
    pub skills: i64,
    /// Those of them whose current version waits for a decision.
    pub pending: i64,
}

/// A mapping that hands nothing out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentMapping {
    /// The skill.
    pub name: String,
    /// Where the skill is in its life.
    pub status: String,
    /// Whether the mapping counts.
    pub enabled: bool,
}
