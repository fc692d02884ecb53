//! `approval_history`: decisions about bytes, and the one expression that says whether a version is approved.

use rusqlite::{Connection, Result, params};

use super::rows::{Fields, change, collect};
use crate::model::{Approval, Decision, SkillId};
use crate::store::NewApproval;

/// Whether a version (named by its alias) of skill `s` is approved: the latest decision on its bytes, else its level. The current version's level
/// is the one in `skills`, which other programs may have raised.
macro_rules! approved {
    ($v:literal) => {
        concat!(
            "(coalesce((SELECT a.decision FROM approval_history a WHERE a.skill_id = ",
            $v,
            ".skill_id AND a.content_hash = ",
            $v,
            ".content_hash ORDER BY a.id DESC LIMIT 1), '') = 'approved' OR (",
            $v,
            ".approval_level = 'auto' AND (",
            $v,
            ".version <> s.version OR s.approval_level = 'auto')
              AND NOT EXISTS (SELECT 1 FROM approval_history a WHERE a.skill_id = ",
            $v,
            ".skill_id AND a.content_hash = ",
            $v,
            ".content_hash AND a.decision = 'rejected')))"
        )
    };
}
pub(super) use approved;

pub(super) fn of(connection: &Connection, skill: SkillId) -> Result<Vec<Approval>> {
    collect(
        connection,
        "SELECT id, coalesce(version, ''), content_hash, coalesce(approval_level, 'human'), approver, decision, reasoning,
           approval_criteria_check, timestamp
         FROM approval_history WHERE skill_id = ?1 ORDER BY id DESC",
        [skill.0],
        |row| {
            let mut fields = Fields::new("approval_history", row);
            Ok(Approval {
                id: fields.get()?,
                version: fields.get()?,
                content_hash: fields.get()?,
                approval_level: fields.word()?,
                approver: fields.get()?,
                decision: fields.word()?,
                reasoning: fields.get()?,
                approval_criteria_check: fields.get()?,
                timestamp: fields.get()?,
            })
        },
    )
}

pub(super) fn record(connection: &Connection, skill: SkillId, approval: &NewApproval<'_>) -> Result<()> {
    change(
        connection,
        "INSERT INTO approval_history (skill_id, version, approval_level, approver, decision, reasoning,
           approval_criteria_check, timestamp, content_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            skill.0,
            approval.version,
            approval.approval_level.as_str(),
            approval.approver,
            approval.decision.as_str(),
            approval.reasoning,
            approval.criteria_check,
            approval.now,
            approval.content_hash,
        ],
    )?;
    if approval.decision == Decision::Approved {
        change(
            connection,
            "UPDATE skills SET last_approved_by = ?2, last_approval_date = ?3 WHERE id = ?1",
            params![skill.0, approval.approver, approval.now],
        )?;
    }
    Ok(())
}
