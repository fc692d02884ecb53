//! What an agent gets.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::listing::Listed;
use super::picked::{Cause, Picked};
use crate::model::{AgentType, Remark};

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

impl Serialize for LoadedSkill {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Picked { pinned, replaces, .. } = &self.picked;
        let extra = usize::from(*pinned) + usize::from(!replaces.is_empty());
        let mut fields = serializer.serialize_struct("LoadedSkill", 6 + extra)?;
        fields.serialize_field("name", &self.picked.name)?;
        fields.serialize_field("version", &self.picked.version)?;
        fields.serialize_field("content_hash", &self.picked.content_hash)?;
        fields.serialize_field("priority", &self.picked.priority)?;
        fields.serialize_field("required", &self.picked.required)?;
        if *pinned {
            fields.serialize_field("pinned", pinned)?;
        }
        if !replaces.is_empty() {
            fields.serialize_field("replaces", replaces)?;
        }
        fields.serialize_field("content", &self.content)?;
        fields.end()
    }
}
