//! `skill list`.

use serde::{Deserialize, Serialize};

use super::cached::{Query, cached};
use super::error::Result;
use crate::cache::{Cache, Class, Question};
use crate::model::{AgentType, ApprovalLevel, Category, SkillId, Status, Tables};
use crate::store::{ListedSkill, SkillFilter, Snapshot, Store};

/// The skills that pass a filter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListReport {
    /// By name.
    pub skills: Vec<ListedEntry>,
}

/// A skill in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    pub status: Status,
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

/// Lists from the cache, or else from one snapshot.
pub fn list(store: &mut dyn Store, cache: &dyn Cache, filter: &SkillFilter) -> Result<ListReport> {
    cached(store, cache, filter)
}

impl Query for SkillFilter {
    type Answer = ListReport;

    fn question(&self) -> Question {
        Question::new(Class::List, Tables::Catalogue, "list")
            .optional(self.category.map(Category::as_str))
            .optional(self.approval_level.map(ApprovalLevel::as_str))
            .optional(self.status.map(Status::as_str))
            .optional(self.agent_type.as_ref().map(AgentType::as_str))
            .flag(self.pending)
    }

    fn compute(&self, snapshot: &dyn Snapshot) -> Result<ListReport> {
        Ok(ListReport { skills: snapshot.list(self)?.into_iter().map(ListedEntry::from).collect() })
    }

    fn kept(&self, answer: &ListReport) -> Option<Vec<u8>> {
        serde_json::to_vec(answer).ok()
    }

    fn recalled(&self, kept: &[u8]) -> Option<(ListReport, Vec<String>)> {
        Some((serde_json::from_slice(kept).ok()?, Vec::new()))
    }
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
