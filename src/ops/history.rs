//! `skill history`: the versions of a skill and their approvals.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::archived_uses::{ArchivesOf, Found, newest};
use super::cached::{Query, cached};
use super::error::{Error, Result, require_skill_and};
use crate::cache::{Cache, Class, Question};
use crate::model::{
    Approval, ApprovalLevel, EventKind, SkillEvent, SkillId, SkillName, Tables, UsageRow, VersionRecord,
};
use crate::store::{About, ArchivedPart, Snapshot, Store, UsageFilter};

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
    /// The review that it needs, or needed; unknown of one that an earlier cfn deleted.
    pub approval_level: Option<ApprovalLevel>,
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
            approval_level: events.iter().find_map(level_of_deleted),
            versions: Vec::new(),
            approvals: Vec::new(),
            events,
            usage: None,
        })
    }
}

/// The level that the event of a deletion recorded.
fn level_of_deleted(event: &SkillEvent) -> Option<ApprovalLevel> {
    let detail: Value = event.detail.as_ref().filter(|_| event.is(EventKind::Deleted))?.read().ok()?;
    detail["approval_level"].as_str()?.parse().ok()
}

/// A report, and where more of its usage may be.
#[derive(Debug, Serialize, Deserialize)]
pub struct LocalHistory {
    report: HistoryReport,
    skill: i64,
    elsewhere: Vec<ArchivedPart>,
}

/// Answers from the cache, or from one snapshot; usage in months on servers is read there.
pub fn history<E: From<Error>>(
    store: &mut dyn Store,
    cache: &dyn Cache,
    request: &History,
    archives: ArchivesOf<'_, E>,
) -> std::result::Result<HistoryReport, E> {
    let mut answer = cached(store, cache, request)?;
    let (Some(rows), Some(most)) = (answer.report.usage.take(), request.usage) else { return Ok(answer.report) };
    let filter = UsageFilter::Skill(SkillId(answer.skill));
    let mut first = Some(Found { rows, elsewhere: answer.elsewhere });
    let found = |store: &mut dyn Store| match first.take() {
        Some(found) => Ok(found),
        None => Found::of(store.read()?.as_ref(), &filter, most),
    };
    let usage = Some(newest(store, &filter, most, found, archives)?);
    Ok(HistoryReport { usage, ..answer.report })
}

impl Query for History {
    type Answer = LocalHistory;

    fn question(&self) -> Question {
        let tables = if self.usage.is_some() { Tables::CatalogueAndUsage } else { Tables::Catalogue };
        Question::new(Class::History, tables, "history").text(self.name.as_str()).number(self.usage.map(|it| it as u64))
    }

    fn compute(&self, snapshot: &dyn Snapshot) -> Result<LocalHistory> {
        let mut next = vec![About::Versions, About::Approvals, About::Events];
        next.extend(self.usage.iter().flat_map(|most| [About::Uses(*most), About::ArchivedUses]));
        let skill = match require_skill_and(snapshot, &self.name, &next) {
            Err(error @ Error::SkillNotFound { .. }) => {
                let gone = HistoryReport::of_gone(&self.name, snapshot.events_of_gone(&self.name)?).ok_or(error)?;
                return Ok(LocalHistory { report: gone, skill: 0, elsewhere: Vec::new() });
            }
            found => found?,
        };
        let filter = UsageFilter::Skill(skill.id);
        let found = self.usage.map(|most| Found::of(snapshot, &filter, most)).transpose()?;
        let (usage, elsewhere) = found.map_or((None, Vec::new()), |it| (Some(it.rows), it.elsewhere));
        let report = HistoryReport {
            versions: snapshot.versions(skill.id)?.into_iter().map(VersionRecord::reported).collect(),
            approvals: snapshot.approvals(skill.id)?,
            events: snapshot.events(skill.id)?,
            usage,
            name: skill.name,
            status: skill.status,
            approval_level: Some(skill.approval_level),
        };
        Ok(LocalHistory { report, skill: skill.id.0, elsewhere })
    }

    fn kept(&self, answer: &LocalHistory) -> Option<Vec<u8>> {
        serde_json::to_vec(answer).ok()
    }

    fn recalled(&self, kept: &[u8]) -> Option<(LocalHistory, Vec<String>)> {
        Some((serde_json::from_slice(kept).ok()?, Vec::new()))
    }
}
