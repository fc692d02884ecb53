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
    /// Whether it has paths of files, or lacks a skill for its files, which change without a write to the database.
    #[serde(skip)]
    pub depends_on_files: bool,
}

/// A loaded skill.
#[derive(Debug, Clone)]
pub struct LoadedSkill {
    /// Everything but its content.
    pub picked: Picked,
    /// Its content, exactly as approved.
    pub content: String,
    /// Its entry, for listings of files.
    pub listed: Option<Listed>,
    /// The absolute path of its folder, where it has more than a skill file.
    pub path: Option<String>,
}

impl LoadedSkill {
    /// A skill without paths.
    #[must_use]
    pub fn new(picked: Picked, content: String) -> Self {
        Self { picked, content, listed: None, path: None }
    }
}

impl Serialize for LoadedSkill {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Picked { pinned, replaces, folder, partial, .. } = &self.picked;
        let folder_fields = folder.as_ref().map_or(0, |_| 2 + usize::from(self.path.is_some()));
        let flags = [*pinned, !replaces.is_empty(), *partial].into_iter().filter(|it| *it).count();
        let extra = flags + folder_fields;
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
        if let Some(folder) = folder {
            fields.serialize_field("folder_hash", &folder.hash())?;
            fields.serialize_field("files", folder)?;
        }
        if let Some(path) = &self.path {
            fields.serialize_field("path", path)?;
        }
        if *partial {
            fields.serialize_field("partial", partial)?;
        }
        fields.serialize_field("content", &self.content)?;
        fields.end()
    }
}
