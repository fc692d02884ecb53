//! Data for the approval reports: decisions, pending skills, and counts.

use rusqlite::{Connection, Result, params};

use super::approvals::review;
use super::rows::{Fields, collect};
use crate::model::{ApprovalLevel, DecisionTime, SkillId, Waiting};
use crate::store::Days;

pub(super) fn decision_times(
    connection: &Connection,
    days: Option<Days>,
    category: Option<&str>,
) -> Result<Vec<DecisionTime>> {
    let sql = "SELECT h.rowid, h.approval_level, h.decision, h.timestamp, v.created_at, h.review_duration_minutes
         FROM approval_history h LEFT JOIN skill_versions v ON v.skill_id = h.skill_id AND v.version = h.version
         WHERE h.decision IN ('approved', 'rejected', 'escalated', 'needs_correction')
           AND (?1 IS NULL OR substr(utc_time(h.timestamp), 1, 10) BETWEEN ?1 AND ?2)
           AND (?3 IS NULL OR h.skill_id IN (SELECT id FROM skills WHERE category = ?3)) ORDER BY h.rowid";
    let parameters = params![days.map(|it| it.first.to_string()), days.map(|it| it.last.to_string()), category];
    collect(connection, sql, parameters, |row| {
        let mut fields = Fields::new("approval_history", row);
        let _id: i64 = fields.get()?;
        Ok(DecisionTime {
            approval_level: fields.level()?,
            decision: fields.word()?,
            decided_at: fields.stored()?,
            recorded_at: fields.stored()?,
            review_minutes: fields.number()?,
        })
    })
}

pub(super) fn waiting(connection: &Connection, category: Option<&str>) -> Result<Vec<Waiting>> {
    let sql = concat!(
        "SELECT s.id, s.name, s.version, s.approval_level, coalesce(v.created_at, s.updated_at, s.created_at)
         FROM skills s
         LEFT JOIN skill_versions v ON v.skill_id = s.id AND v.version = s.version AND v.content_hash = s.content_hash
         WHERE (?1 IS NULL OR s.category = ?1) AND ",
        review!("v"),
        " = 'pending' ORDER BY s.id"
    );
    collect(connection, sql, [category], |row| {
        let mut fields = Fields::new("skills", row);
        let _id: i64 = fields.get()?;
        Ok(Waiting {
            name: fields.text()?,
            version: fields.text()?,
            approval_level: fields.level()?,
            since: fields.stored()?,
        })
    })
}

pub(super) fn levels(connection: &Connection, category: Option<&str>) -> Result<Vec<(ApprovalLevel, String, i64)>> {
    let sql = "SELECT CASE WHEN approval_level IN ('auto', 'escalate') THEN approval_level ELSE 'human' END,
           coalesce(status, 'active'), count(*) FROM skills
         WHERE ?1 IS NULL OR category = ?1 GROUP BY 1, 2";
    collect(connection, sql, [category], |row| {
        let mut fields = Fields::new("skills", row);
        Ok((fields.level()?, fields.text()?, fields.get()?))
    })
}

pub(super) fn active_skills(connection: &Connection, category: Option<&str>) -> Result<Vec<(SkillId, String)>> {
    let sql = "SELECT id, name FROM skills WHERE coalesce(status, 'active') = 'active'
         AND (?1 IS NULL OR category = ?1) ORDER BY name";
    collect(connection, sql, [category], |row| {
        let mut fields = Fields::new("skills", row);
        Ok((SkillId(fields.get()?), fields.text()?))
    })
}
