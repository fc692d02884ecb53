//! `skill list`.

use serde::{Deserialize, Serialize};

use super::cached::{Query, cached};
use super::error::{Result, require_skill};
use crate::cache::{Cache, Class, Question};
use crate::model::{AgentType, ApprovalLevel, Category, ListedSkill, Review, Status, Tables};
use crate::store::{SkillFilter, SkillOrder, Snapshot, Store};

/// The skills that match a filter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListReport {
    /// The skills, in the requested order.
    pub skills: Vec<ListedSkill>,
    /// Their order.
    #[serde(skip)]
    pub order: SkillOrder,
    /// The skill that the next page comes after; `None` on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Answers from the cache, or from one snapshot.
pub fn list(store: &mut dyn Store, cache: &dyn Cache, filter: &SkillFilter) -> Result<ListReport> {
    cached(store, cache, filter)
}

impl Query for SkillFilter {
    type Answer = ListReport;

    fn question(&self) -> Question {
        let tables = match self.page.order {
            SkillOrder::Uses => Tables::CatalogueAndUsage,
            SkillOrder::Name | SkillOrder::Updated => Tables::Catalogue,
        };
        Question::new(Class::List, tables, "list")
            .optional(self.category.map(Category::as_str))
            .optional(self.approval_level.map(ApprovalLevel::as_str))
            .optional(self.status.map(Status::as_str))
            .optional(self.agent_type.as_ref().map(AgentType::as_str))
            .flag(self.pending)
            .optional(self.tag.as_deref())
            .optional(self.owner.as_deref())
            .optional(self.team.as_deref())
            .text(self.page.order.as_str())
            .optional(self.page.after.as_deref())
            .number(self.page.limit.map(|it| it as u64))
    }

    /// Descriptions are for people, and can be longer than the rest.
    fn keeps(&self) -> bool {
        !self.page.described
    }

    /// Reads one skill more than the page has, to know whether there is another page.
    fn compute(&self, snapshot: &dyn Snapshot) -> Result<ListReport> {
        let mut page = self.page.clone();
        if let (Some(Ok(name)), true) = (page.after.as_ref().map(|it| it.parse()), page.order != SkillOrder::Name) {
            page.after = Some(require_skill(snapshot, &name)?.name); // `name` may be a former one
        }
        page.limit = page.limit.map(|it| it.saturating_add(1));
        let mut skills = snapshot.list(&Self { page, ..self.clone() })?;
        let is_last = self.page.limit.is_none_or(|it| skills.len() <= it);
        skills.truncate(self.page.limit.unwrap_or(usize::MAX));
        let next = skills.last().filter(|_| !is_last).map(|it| it.name.clone());
        Ok(ListReport { skills, order: self.page.order, next })
    }

    fn kept(&self, answer: &ListReport) -> Option<Vec<u8>> {
        let reviews: Vec<Review> = answer.skills.iter().map(|it| it.review).collect();
        serde_json::to_vec(&(answer, reviews)).ok()
    }

    fn recalled(&self, kept: &[u8]) -> Option<(ListReport, Vec<String>)> {
        let (mut report, reviews): (ListReport, Vec<Review>) = serde_json::from_slice(kept).ok()?;
        report.order = self.page.order;
        report.skills.iter_mut().zip(reviews).for_each(|(entry, review)| entry.review = review);
        Some((report, Vec::new()))
    }
}
