//! A skill as lists show it.

use serde::{Deserialize, Serialize};

use super::{ApprovalLevel, Review, Skill, SkillId, StoredTags, StoredTime};

/// A skill in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedSkill {
    /// The id.
    pub id: SkillId,
    /// The name.
    pub name: String,
    /// The category.
    pub category: String,
    /// The current version.
    pub version: String,
    /// The status.
    pub status: String,
    /// The approval level.
    pub approval_level: ApprovalLevel,
    /// Whether the current version is approved.
    pub approved: bool,
    /// The review state of the current version; only in the text, since the JSON fields are fixed.
    #[serde(skip)]
    pub review: Review,
    /// SHA-256 of the current version.
    pub content_hash: String,
    /// The path that it was read from.
    pub content_path: String,
    /// The owner.
    pub owner: Option<String>,
    /// The team.
    pub team: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The agent types with an enabled mapping to it, by name.
    pub agents: Vec<String>,
    /// In UTC.
    pub updated_at: Option<StoredTime>,
    /// The version that agents get instead of the newest approved one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_version: Option<String>,
    /// Its number of uses, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<i64>,
    /// The description of its current version, where it was asked for; only in the text.
    #[serde(skip)]
    pub description: Option<String>,
}

impl ListedSkill {
    /// Builds it from a row, the review state of its current version, and its agent types.
    #[must_use]
    pub fn new(skill: Skill, review: Review, agents: Vec<String>) -> Self {
        Self {
            id: skill.id,
            name: skill.name,
            category: skill.category,
            version: skill.version,
            status: skill.status,
            approval_level: skill.approval_level,
            approved: review == Review::Approved,
            review,
            content_hash: skill.content_hash,
            content_path: skill.content_path,
            owner: skill.owner.filter(|it| !it.is_empty()),
            team: skill.team.filter(|it| !it.is_empty()),
            tags: skill.tags.as_ref().map(StoredTags::words).unwrap_or_default(),
            agents,
            updated_at: skill.updated_at,
            pinned_version: skill.pinned_version,
            uses: None,
            description: None,
        }
    }
}
