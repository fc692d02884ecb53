//! `approval_history`: decisions about bytes, and the single definition of "approved".

use rusqlite::{Connection, Result, params};

use super::rows::{Fields, collect, first};
use super::verified::{insert, update};
use crate::model::{Approval, Decision, SkillId};
use crate::store::{LatestDecision, NewApproval};

/// The latest decision about a version (given by its alias) with all its files.
macro_rules! decided {
    ($v:literal) => {
        concat!(
            "(SELECT a.decision FROM approval_history a WHERE a.skill_id = ",
            $v,
            ".skill_id AND a.content_hash = ",
            $v,
            ".content_hash AND a.folder_hash IS ",
            $v,
            ".folder_hash ORDER BY a.rowid DESC LIMIT 1)"
        )
    };
}

/// Whether a version of skill `s` is approved by its level. The current version's level is that in `skills`, which other
/// programs may have raised. A level does not approve bytes that are not stored: until they are, the previous approved
/// version is served. Nor does it bring back a skill file that was refused with other files.
macro_rules! automatic {
    ($v:literal) => {
        concat!(
            $v,
            ".approval_level = 'auto' AND (",
            $v,
            ".version <> s.version OR s.approval_level = 'auto')
               AND EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = ",
            $v,
            ".content_hash) AND NOT EXISTS (SELECT 1 FROM approval_history a WHERE a.skill_id = ",
            $v,
            ".skill_id AND a.content_hash = ",
            $v,
            ".content_hash AND a.decision <> 'approved')"
        )
    };
}

/// Whether a version's skill file was revoked or erased, and its skill did not accept it since: what no decision of another
/// program brings back.
macro_rules! revoked {
    ($v:literal) => {
        concat!(
            "coalesce((SELECT e.event <> 'accepted' FROM cfn_events e WHERE e.content_hash = ",
            $v,
            ".content_hash AND (e.event IN ('revoked', 'purged') OR e.event = 'accepted' AND e.skill_id = ",
            $v,
            ".skill_id) ORDER BY e.id DESC LIMIT 1), 0)"
        )
    };
}

/// Whether a version of skill `s` is approved with all its files: by the latest decision about it, or by its level
/// without a decision. A level says nothing about files that were found beside a skill file of another program.
macro_rules! whole {
    ($v:literal) => {
        concat!(
            "(coalesce(",
            $crate::store::sqlite::approvals::decided!($v),
            ", CASE WHEN ",
            $crate::store::sqlite::approvals::automatic!($v),
            " AND (",
            $v,
            ".folder_hash IS NULL OR ",
            $v,
            ".source NOT IN ('adoption', 'external')) THEN 'approved' ELSE '' END) = 'approved' AND NOT ",
            $crate::store::sqlite::approvals::revoked!($v),
            ")"
        )
    };
}
pub(super) use {automatic, decided, revoked, whole};

/// Whether a version of skill `s` is approved, or at least its skill file alone, with no decision about the rest.
macro_rules! approved {
    ($v:literal) => {
        concat!(
            "(coalesce(",
            $crate::store::sqlite::approvals::decided!($v),
            ", CASE WHEN ",
            $crate::store::sqlite::approvals::automatic!($v),
            " THEN 'approved' WHEN ",
            $v,
            ".folder_hash IS NOT NULL THEN (SELECT a.decision FROM approval_history a WHERE a.skill_id = ",
            $v,
            ".skill_id AND a.content_hash = ",
            $v,
            ".content_hash AND a.folder_hash IS NULL ORDER BY a.rowid DESC LIMIT 1) END, '') = 'approved' AND NOT ",
            $crate::store::sqlite::approvals::revoked!($v),
            ")"
        )
    };
}
pub(super) use approved;

/// The [`Review`](crate::model::Review) of skill `s`, whose current version has this alias, or does not exist if
/// another program wrote another hash into the row. A skill of level `auto` is pending if it was escalated, or its
/// bytes are not a version yet.
macro_rules! review {
    ($v:literal) => {
        concat!(
            "CASE WHEN coalesce(",
            $crate::store::sqlite::approvals::approved!($v),
            ", 0) THEN 'approved' WHEN ",
            $crate::store::sqlite::approvals::revoked!($v),
            " THEN 'rejected' ELSE CASE coalesce((SELECT a.decision FROM approval_history a WHERE a.skill_id = s.id
               AND a.content_hash = s.content_hash AND a.folder_hash IS ",
            $v,
            ".folder_hash ORDER BY a.rowid DESC LIMIT 1), '')
             WHEN 'rejected' THEN 'rejected'
             WHEN '' THEN iif(coalesce(s.status, 'active') = 'active' AND (coalesce(s.approval_level, '') <> 'auto' OR ",
            $v,
            ".skill_id IS NULL), 'pending', 'none')
             ELSE iif(coalesce(s.status, 'active') = 'active', 'pending', 'none') END END"
        )
    };
}
pub(super) use review;

pub(super) fn of(connection: &Connection, skill: SkillId) -> Result<Vec<Approval>> {
    collect(
        connection,
        "SELECT rowid, version, content_hash, folder_hash, approval_level, approver, decision, reasoning,
           approval_criteria_check, risk_assessment, escalated_to, timestamp
         FROM approval_history WHERE skill_id = ?1 ORDER BY rowid DESC",
        [skill.0],
        |row| {
            let mut fields = Fields::new("approval_history", row);
            Ok(Approval {
                id: fields.get()?,
                version: fields.text()?,
                content_hash: fields.maybe_text()?,
                folder_hash: fields.maybe_text()?,
                approval_level: fields.level()?,
                approver: fields.maybe_text()?,
                decision: fields.word()?,
                reasoning: fields.maybe_text()?,
                approval_criteria_check: fields.stored()?,
                risk_assessment: fields.stored()?,
                escalated_to: fields.maybe_text()?,
                timestamp: fields.stored()?,
            })
        },
    )
}

pub(super) const LATEST: &str = "SELECT rowid, decision FROM approval_history
     WHERE skill_id = ?1 AND content_hash = ?2 AND folder_hash IS ?3 ORDER BY rowid DESC LIMIT 1";

pub(super) fn latest(
    connection: &Connection,
    skill: SkillId,
    content_hash: &str,
    folder_hash: Option<&str>,
) -> Result<Option<LatestDecision>> {
    first(connection, LATEST, params![skill.0, content_hash, folder_hash], |row| {
        let mut fields = Fields::new("approval_history", row);
        Ok(LatestDecision { id: fields.get()?, decision: fields.word()? })
    })
}

pub(super) fn record(connection: &Connection, skill: SkillId, approval: &NewApproval<'_>) -> Result<()> {
    insert(
        connection,
        "INSERT INTO approval_history (skill_id, version, approval_level, approver, decision, reasoning,
           approval_criteria_check, timestamp, content_hash, escalation_reason, escalated_to, escalation_timestamp,
           folder_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, iif(?5 = 'escalated', ?6, NULL), ?10, iif(?5 = 'escalated', ?8, NULL), ?11)",
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
            approval.escalated_to,
            approval.folder_hash,
        ],
    )?;
    if approval.decision == Decision::Approved {
        update(
            connection,
            "UPDATE skills SET last_approved_by = ?2, last_approval_date = ?3 WHERE id = ?1",
            params![skill.0, approval.approver, approval.now],
        )?;
    }
    Ok(())
}
