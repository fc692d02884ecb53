//! `approval_history`: decisions about bytes, and the single definition of "approved".

use super::fields::Fields;
use super::parameters::{big, maybe_text, text};
use super::session::Session;
use crate::model::{Approval, SkillId};
use crate::store::{LatestDecision, Result};

/// The latest decision about a version (given by its alias) with all its files.
macro_rules! decided {
    ($v:literal) => {
        concat!(
            "(SELECT a.decision FROM approval_history a WHERE a.skill_id = ",
            $v,
            ".skill_id AND a.content_hash = ",
            $v,
            ".content_hash AND a.folder_hash IS NOT DISTINCT FROM ",
            $v,
            ".folder_hash ORDER BY a.id DESC LIMIT 1)"
        )
    };
}

/// Whether a version of skill `s` is approved by its level; see the SQLite engine. Not EXISTS, for which PostgreSQL may read all
/// contents for a page of twenty skills.
macro_rules! automatic {
    ($v:literal) => {
        concat!(
            $v,
            ".approval_level = 'auto' AND (",
            $v,
            ".version <> s.version OR s.approval_level = 'auto')
               AND (SELECT true FROM skill_contents c WHERE c.hash = ",
            $v,
            ".content_hash) IS TRUE AND (SELECT true FROM approval_history a WHERE a.skill_id = ",
            $v,
            ".skill_id AND a.content_hash = ",
            $v,
            ".content_hash AND a.decision <> 'approved' LIMIT 1) IS NULL"
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
            ".skill_id) ORDER BY e.id DESC LIMIT 1), false)"
        )
    };
}

/// Whether a version of skill `s` is approved with all its files.
macro_rules! whole {
    ($v:literal) => {
        concat!(
            "(coalesce(",
            $crate::store::postgres::approvals::decided!($v),
            ", CASE WHEN ",
            $crate::store::postgres::approvals::automatic!($v),
            " AND (",
            $v,
            ".folder_hash IS NULL OR ",
            $v,
            ".source NOT IN ('adoption', 'external')) THEN 'approved' ELSE '' END) = 'approved' AND NOT ",
            $crate::store::postgres::approvals::revoked!($v),
            ")"
        )
    };
}

/// Whether a version of skill `s` is approved, or at least its skill file alone, with no decision about the rest.
macro_rules! approved {
    ($v:literal) => {
        concat!(
            "(coalesce(",
            $crate::store::postgres::approvals::decided!($v),
            ", CASE WHEN ",
            $crate::store::postgres::approvals::automatic!($v),
            " THEN 'approved' WHEN ",
            $v,
            ".folder_hash IS NOT NULL THEN (SELECT a.decision FROM approval_history a WHERE a.skill_id = ",
            $v,
            ".skill_id AND a.content_hash = ",
            $v,
            ".content_hash AND a.folder_hash IS NULL ORDER BY a.id DESC LIMIT 1) END, '') = 'approved' AND NOT ",
            $crate::store::postgres::approvals::revoked!($v),
            ")"
        )
    };
}

/// The [`Review`](crate::model::Review) of skill `s`, whose current version has this alias, or does not exist if another
/// program wrote another hash into the row.
macro_rules! review {
    ($v:literal) => {
        concat!(
            "CASE WHEN ",
            $crate::store::postgres::approvals::approved!($v),
            " THEN 'approved' WHEN ",
            $crate::store::postgres::approvals::revoked!($v),
            " THEN 'rejected' ELSE CASE coalesce((SELECT a.decision FROM approval_history a WHERE a.skill_id = s.id
               AND a.content_hash = s.content_hash AND a.folder_hash IS NOT DISTINCT FROM ",
            $v,
            ".folder_hash ORDER BY a.id DESC LIMIT 1), '')
             WHEN 'rejected' THEN 'rejected'
             WHEN '' THEN CASE WHEN s.status = 'active' AND (s.approval_level <> 'auto' OR ",
            $v,
            ".skill_id IS NULL) THEN 'pending' ELSE 'none' END
             ELSE CASE WHEN s.status = 'active' THEN 'pending' ELSE 'none' END END END"
        )
    };
}
pub(super) use {approved, automatic, decided, review, revoked, whole};

pub(super) const OF: &str =
    "SELECT id, version, content_hash, folder_hash, approval_level, approver, decision, reasoning,
       approval_criteria_check, risk_assessment, escalated_to, timestamp
     FROM approval_history WHERE skill_id = $1 ORDER BY id DESC";

pub(super) const LATEST: &str = "SELECT id, decision FROM approval_history
     WHERE skill_id = $1 AND content_hash = $2 AND folder_hash IS NOT DISTINCT FROM $3 ORDER BY id DESC LIMIT 1";

pub(super) fn of(session: &Session, skill: SkillId) -> Result<Vec<Approval>> {
    let rows = session.rows(OF, &[big(skill.0)])?;
    rows.iter().map(|row| read(&mut Fields::new("approval_history", row))).collect()
}

fn read(fields: &mut Fields<'_>) -> Result<Approval> {
    Ok(Approval {
        id: fields.get()?,
        version: fields.text()?,
        content_hash: fields.get()?,
        folder_hash: fields.get()?,
        approval_level: fields.level()?,
        approver: fields.get()?,
        decision: fields.word()?,
        reasoning: fields.get()?,
        approval_criteria_check: fields.stored()?,
        risk_assessment: fields.stored()?,
        escalated_to: fields.get()?,
        timestamp: fields.stored()?,
    })
}

pub(super) fn latest(
    session: &Session,
    skill: SkillId,
    content_hash: &str,
    folder_hash: Option<&str>,
) -> Result<Option<LatestDecision>> {
    let row = session.first(LATEST, &[big(skill.0), text(content_hash), maybe_text(folder_hash)])?;
    row.map(|row| {
        let mut fields = Fields::new("approval_history", &row);
        Ok(LatestDecision { id: fields.get()?, decision: fields.word()? })
    })
    .transpose()
}
