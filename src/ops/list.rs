//! `skill list`.

use serde::Serialize;

use super::error::Result;
use crate::model::{ApprovalLevel, SkillId};
use crate::store::{ListedSkill, SkillFilter, Store};

/// The skills that pass a filter.
#[derive(Debug, Clone, Serialize)]
pub struct ListReport {
    /// By name.
    pub skills: Vec<ListedEntry>,
}

/// A skill in a list.
#[derive(Debug, Clone, Serialize)]
pub struct ListedEntry {
    /// The key.
    pub id: SkillId,
    /// The name.
    pub name: String,
    /// The category.
    pub category: String,
    /// The current version.
    pub version: String,
    /// Where it is in its life.
    pub status: String,
    /// How strictly it is reviewed.
    pub approval_level: ApprovalLevel,
    /// Whether the current version is approved.
    pub approved: bool,
    /// SHA-256 of the current version.
    pub content_hash: String,
    /// Where it was read from.
    pub content_path: String,
    /// Who is responsible.
    pub owner: Option<String>,
    /// The team that it belongs to.
    pub team: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The agent types that get it.
    pub agents: Vec<String>,
    /// In UTC.
    pub updated_at: Option<String>,
}

/// Lists from one snapshot.
pub fn list(store: &mut dyn Store, filter: &SkillFilter) -> Result<ListReport> {
    let skills = store.read()?.list(filter)?;
    Ok(ListReport { skills: skills.into_iter().map(ListedEntry::from).collect() })
}

impl From<ListedSkill> for ListedEntry {
    fn from(ListedSkill { skill, approved, agents }: ListedSkill) -> Self {
        Self {
            id: skill.id,
            name: skill.name,
            category: skill.category,
            version: skill.version,
            status: skill.status,
            approval_level: skill.approval_level,
            approved,
            content_hash: skill.content_hash,
            content_path: skill.content_path,
            owner: skill.owner.filter(|it| !it.is_empty()),
            team: skill.team.filter(|it| !it.is_empty()),
            tags: super::load::tags(skill.tags.as_deref()),
            agents,
            updated_at: skill.updated_at,
        }
    }
}
