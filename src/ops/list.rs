//! `skill list`.

use serde::{Deserialize, Serialize};

use super::cached::{Query, cached};
use super::error::Result;
use crate::cache::{Cache, Class, Question};
use crate::model::{AgentType, ApprovalLevel, Category, ListedSkill, Review, Status, Tables};
use crate::store::{SkillFilter, Snapshot, Store};

/// The skills that match a filter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListReport {
    /// The skills, by name.
    pub skills: Vec<ListedSkill>,
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
        Ok(ListReport { skills: snapshot.list(self)? })
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
