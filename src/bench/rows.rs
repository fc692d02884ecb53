//! The rows of a skill, for checking that two ways of deploying or updating write the same.

use super::error::Result;
use crate::model::{ApprovalLevel, ContentHash, Decision};
use crate::store::Store;

/// The rows of a skill, without keys and times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rows {
    skill: (String, String, String, ApprovalLevel),
    whole: bool,
    versions: Vec<(String, String)>,
    approvals: Vec<(String, Option<String>, Decision, ApprovalLevel)>,
    agents: Vec<String>,
}

impl Rows {
    /// Reads the rows; `None` if there is no such skill.
    pub(super) fn of(store: &mut dyn Store, name: &str) -> Result<Option<Self>> {
        let snapshot = store.read()?;
        let Some(skill) = snapshot.skill(&name.parse()?)? else { return Ok(None) };
        let bytes = snapshot.content(&skill.content_hash)?.unwrap_or_default();
        let versions = snapshot.versions(skill.id)?.into_iter().map(|it| (it.version, it.content_hash)).collect();
        let approvals = snapshot.approvals(skill.id)?.into_iter();
        let mut agents: Vec<_> = snapshot.mappings(skill.id)?.into_iter().map(|it| it.agent_type).collect();
        agents.sort();
        Ok(Some(Self {
            whole: ContentHash::of(&bytes).to_string() == skill.content_hash,
            skill: (skill.version, skill.content_hash, skill.category, skill.approval_level),
            versions,
            approvals: approvals.map(|it| (it.version, it.content_hash, it.decision, it.approval_level)).collect(),
            agents,
        }))
    }
}
