//! `skill history`: the versions of a skill and the decisions about them.

use serde::Serialize;

use super::error::{Result, require_skill};
use crate::model::{Approval, ApprovalLevel, SkillName, UsageRow, VersionRecord};
use crate::store::{Store, UsageFilter};

/// Versions and decisions, newest first.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryReport {
    /// The skill.
    pub name: String,
    /// Its versions.
    pub versions: Vec<VersionEntry>,
    /// What was decided about them.
    pub approvals: Vec<Approval>,
    /// Who got it, newest first, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Vec<UsageRow>>,
}

/// A version of a skill.
#[derive(Debug, Clone, Serialize)]
pub struct VersionEntry {
    /// The number.
    pub version: String,
    /// SHA-256 of its bytes.
    pub content_hash: String,
    /// Where they were read from.
    pub content_path: String,
    /// The review that it needed.
    pub approval_level: ApprovalLevel,
    /// Whether agents may get it.
    pub approved: bool,
    /// Whether its bytes are in the database.
    pub stored: bool,
    /// `deploy`, `update`, `import`, `rollback`, `adoption` or `external`.
    pub source: String,
    /// In UTC.
    pub created_at: String,
}

/// Reads from one snapshot; `usage` is the most rows of the usage log.
pub fn history(store: &mut dyn Store, name: &SkillName, usage: Option<usize>) -> Result<HistoryReport> {
    let snapshot = store.read()?;
    let skill = require_skill(snapshot.as_ref(), name)?;
    Ok(HistoryReport {
        versions: snapshot.versions(skill.id)?.into_iter().map(VersionEntry::from).collect(),
        approvals: snapshot.approvals(skill.id)?,
        usage: usage.map(|most| snapshot.usage_rows(&UsageFilter::Skill(skill.id), most)).transpose()?,
        name: skill.name,
    })
}

impl From<VersionRecord> for VersionEntry {
    fn from(record: VersionRecord) -> Self {
        Self {
            version: record.version,
            content_hash: record.content_hash,
            content_path: record.content_path,
            approval_level: record.approval_level,
            approved: record.approved,
            stored: record.stored,
            source: record.source,
            created_at: record.created_at,
        }
    }
}
