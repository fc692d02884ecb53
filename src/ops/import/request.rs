//! What to import.

use std::path::Path;

use crate::model::{AgentType, Category};
use crate::ops::publish::NewSkill;

/// An import to make.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Import<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// The category of skills without one; `domain` by default. A file's category never requires a weaker review than
    /// this one. New bytes of an existing skill keep its level, but at least that of this category, if given.
    pub category: Option<Category>,
    /// Default category from the project's settings file. It never lowers the approval level.
    pub project_category: Option<Category>,
    /// Whether to trust each file's category and level, even if they weaken its review.
    pub trust_levels: bool,
    /// Import changed files as the next version.
    pub update: bool,
    /// Also update skills that came from another file; their new bytes are escalated.
    pub from_any: bool,
    /// Import files with duplicate names as `collection-name`.
    pub namespace: bool,
    /// Also import files inside another skill's folder.
    pub nested: bool,
    /// Approve each skill, as this approver.
    pub approve_as: Option<&'a str>,
    /// The reason, for the records.
    pub reason: Option<&'a str>,
    /// Accept bytes that were rejected; there is a reason.
    pub override_rejection: bool,
    /// Agent types to map the skills to.
    pub agents: &'a [AgentType],
    /// Whether the database is new: without skills, and not visible to other processes yet.
    pub fresh: bool,
}

impl<'a> Import<'a> {
    /// An import with default options.
    #[must_use]
    pub fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            category: None,
            project_category: None,
            trust_levels: false,
            update: false,
            from_any: false,
            namespace: false,
            nested: false,
            approve_as: None,
            reason: None,
            override_rejection: false,
            agents: &[],
            fresh: false,
        }
    }

    /// Defaults of a new skill.
    pub(super) fn default(&self) -> NewSkill {
        let plain = NewSkill::from(self.category.unwrap_or(Category::Domain));
        match self.project_category.filter(|_| self.category.is_none()) {
            Some(category) => NewSkill { category, level: plain.level.max(category.approval_level()) },
            None => plain,
        }
    }
}
