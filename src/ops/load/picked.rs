//! Skills that are handed out, without their content, and reasons for leaving one out.

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use crate::model::{ApprovalLevel, Candidate, Remark, SkillFolder, SkillId};

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
    /// Whether its version is pinned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// Deprecated skills that it is served in place of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<String>,
    /// Its files, if there is more than a plain skill file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<SkillFolder>,
    /// Whether only its skill file is approved, and not the rest of its folder.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// The skill's row; none for a bootstrap skill.
    pub origin: Option<Origin>,
}

impl Picked {
    /// Whether a candidate of the same name is this one: the same skill, or the bytes that a bootstrap skill has.
    pub(super) fn is(&self, candidate: &Candidate) -> bool {
        match (self.origin, &candidate.approved) {
            (Some(origin), _) => origin.id == candidate.id,
            (None, approved) => approved.as_ref().is_some_and(|it| it.content_hash == self.content_hash),
        }
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
