//! `skill history`: the versions of a skill and their approvals.

use serde::{Deserialize, Serialize};

use super::cached::{Query, cached};
use super::error::{Error, Result, require_skill_and};
use crate::cache::{Cache, Class, Question};
use crate::model::{Approval, ApprovalLevel, SkillEvent, SkillName, Tables, UsageRow, VersionRecord};
use crate::store::{About, Snapshot, Store, UsageFilter};

/// A request for a history.
#[derive(Debug, Clone)]
pub struct History {
    /// The skill.
    pub name: SkillName,
    /// Maximum number of usage rows, if requested.
    pub usage: Option<usize>,
}

/// Versions, decisions and events, newest first. Of a deleted skill, only events are left.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HistoryReport {
    /// The skill.
    pub name: String,
    /// Its status.
    pub status: String,
    /// The review that it needs.
    pub approval_level: ApprovalLevel,
    /// Its versions.
    pub versions: Vec<VersionRecord>,
    /// The decisions about them.
    pub approvals: Vec<Approval>,
    /// What else happened to it.
    #[serde(default)]
    pub events: Vec<SkillEvent>,
    /// Its usage, newest first, if requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Vec<UsageRow>>,
}

impl HistoryReport {
    /// What is left of a skill that was deleted; `None` if there was none.
    fn of_gone(name: &SkillName, events: Vec<SkillEvent>) -> Option<Self> {
        (!events.is_empty()).then(|| Self {
            name: name.to_string(),
            status: "deleted".to_owned(),
            approval_level: ApprovalLevel::Human,
            versions: Vec::new(),
            approvals: Vec::new(),
            events,
            usage: None,
        })
    }
}

/// Answers from the cache, or from one snapshot.
pub fn history(store: &mut dyn Store, cache: &dyn Cache, request: &History) -> Result<HistoryReport> {
    cached(store, cache, request)
}

impl Query for History {
    type Answer = HistoryReport;

    fn question(&self) -> Question {
        let tables = if self.usage.is_some() { Tables::CatalogueAndUsage } else { Tables::Catalogue };
        Question::new(Class::History, tables, "history").text(self.name.as_str()).number(self.usage.map(|it| it as u64))
    }

    fn compute(&self, snapshot: &dyn Snapshot) -> Result<HistoryReport> {
        let mut next = vec![About::Versions, About::Approvals, About::Events];
        next.extend(self.usage.map(About::Uses));
        let skill = match require_skill_and(snapshot, &self.name, &next) {
            Err(error @ Error::SkillNotFound { .. }) => {
                return HistoryReport::of_gone(&self.name, snapshot.events_of_gone(&self.name)?).ok_or(error);
            }
            found => found?,
        };
        Ok(HistoryReport {
            versions: snapshot.versions(skill.id)?.into_iter().map(VersionRecord::reported).collect(),
            approvals: snapshot.approvals(skill.id)?,
            events: snapshot.events(skill.id)?,
            usage: self.usage.map(|most| snapshot.usage_rows(&UsageFilter::Skill(skill.id), most)).transpose()?,
            name: skill.name,
            status: skill.status,
            approval_level: skill.approval_level,
        })
    }

    fn kept(&self, answer: &HistoryReport) -> Option<Vec<u8>> {
        serde_json::to_vec(answer).ok()
    }

    fn recalled(&self, kept: &[u8]) -> Option<(HistoryReport, Vec<String>)> {
        Some((serde_json::from_slice(kept).ok()?, Vec::new()))
    }
}
