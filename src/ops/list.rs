//! `skill list`.

use serde::{Deserialize, Serialize};

use super::cached::{Query, cached};
use super::error::Result;
use crate::cache::{Cache, Class, Question};
use crate::model::{AgentType, ApprovalLevel, Category, Review, SkillId, Status, StoredTags, StoredTime, Tables};
use crate::store::{ListedSkill, SkillFilter, Snapshot, Store};

/// The skills that match a filter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListReport {
    /// The skills, by name.
    pub skills: Vec<ListedEntry>,
}

/// A skill in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListedEntry {
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
    /// The agent types it is mapped to.
    pub agents: Vec<String>,
    /// In UTC.
    pub updated_at: Option<StoredTime>,
}

/// Answers from the cache, or from one snapshot.
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
        let reviews: Vec<Review> = answer.skills.iter().map(|it| it.review).collect();
        serde_json::to_vec(&(answer, reviews)).ok()
    }

    fn recalled(&self, kept: &[u8]) -> Option<(ListReport, Vec<String>)> {
        let (mut report, reviews): (ListReport, Vec<Review>) = serde_json::from_slice(kept).ok()?;
        report.skills.iter_mut().zip(reviews).for_each(|(entry, review)| entry.review = review);
        Some((report, Vec::new()))
    }
}

impl From<ListedSkill> for ListedEntry {
    fn from(ListedSkill { skill, review, agents }: ListedSkill) -> Self {
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
        }
    }
}
