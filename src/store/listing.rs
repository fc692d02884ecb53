//! Requests for lists of skills.

use crate::model::{AgentType, ApprovalLevel, Category, Status};

/// A request for a list of skills: which ones, and which page of them.
#[derive(Debug, Clone, Default)]
pub struct SkillFilter {
    /// Only skills of this category.
    pub category: Option<Category>,
    /// Only skills of this level.
    pub approval_level: Option<ApprovalLevel>,
    /// Only skills of this status.
    pub status: Option<Status>,
    /// Only skills mapped to this agent type.
    pub agent_type: Option<AgentType>,
    /// Only skills whose current version waits for review.
    pub pending: bool,
    /// Only skills with this tag, in whatever case.
    pub tag: Option<String>,
    /// Only skills of this owner.
    pub owner: Option<String>,
    /// Only skills of this team.
    pub team: Option<String>,
    /// The page.
    pub page: SkillPage,
}

/// A page of a list of skills; by default, all of it by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SkillPage {
    /// The order.
    pub order: SkillOrder,
    /// Only skills after the one with this name, in this order. By name, it need not exist; in another order, nothing is
    /// after a skill that does not exist.
    pub after: Option<String>,
    /// Maximum number of skills.
    pub limit: Option<usize>,
    /// Whether to read descriptions, which are in the front matter of versions.
    pub described: bool,
}

/// An order of skills.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SkillOrder {
    /// By the bytes of the name. A page costs its rows.
    #[default]
    Name,
    /// Last change first, by the text of its time, then by name. A page costs a pass over the skills.
    Updated,
    /// Most used first, then by name; each skill with its number of uses. A page costs a pass over the skills and the
    /// sums of their uses.
    Uses,
}

impl SkillOrder {
    /// Every order, with its word.
    pub const ALL: [(Self, &'static str); 3] = [(Self::Name, "name"), (Self::Updated, "updated"), (Self::Uses, "uses")];

    /// The word on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(order, _)| *order == self).map_or("", |(_, word)| word)
    }
}
