//! `skill history`: the versions of a skill and their approvals.

use serde::{Deserialize, Serialize};

use super::cached::{Query, cached};
use super::error::{Result, require_skill};
use crate::cache::{Cache, Class, Question};
use crate::model::{Approval, ApprovalLevel, SkillName, Tables, UsageRow, VersionRecord};
use crate::store::{Snapshot, Store, UsageFilter};

/// A request for a history.
#[derive(Debug, Clone)]
pub struct History {
    /// The skill.
    pub name: SkillName,
    /// Maximum number of usage rows, if requested.
    pub usage: Option<usize>,
}

/// Versions and decisions, newest first.
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
    /// Its usage, newest first, if requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Vec<UsageRow>>,
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
        let skill = require_skill(snapshot, &self.name)?;
        Ok(HistoryReport {
            versions: snapshot.versions(skill.id)?.into_iter().map(VersionRecord::reported).collect(),
            approvals: snapshot.approvals(skill.id)?,
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
