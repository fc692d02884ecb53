//! Data for the approval reports: decisions, pending skills, and counts.

use super::approvals::review;
use super::fields::Fields;
use super::parameters::maybe_text;
use super::session::Session;
use super::state::State;
use crate::model::{ApprovalLevel, DecisionTime, SkillId, Waiting};
use crate::store::{Days, Reports, Result};

fn decision_times(session: &Session, days: Option<Days>, category: Option<&str>) -> Result<Vec<DecisionTime>> {
    let sql = "SELECT h.id, h.approval_level, h.decision, h.timestamp, v.created_at, h.review_duration_minutes
         FROM approval_history h LEFT JOIN skill_versions v ON v.skill_id = h.skill_id AND v.version = h.version
         WHERE ($1 IS NULL OR cfn_day(cfn_time(h.timestamp)) BETWEEN $1 AND $2)
           AND ($3 IS NULL OR h.skill_id IN (SELECT id FROM skills WHERE category = $3)) ORDER BY h.id";
    let days = days.map(|it| (it.first.to_string(), it.last.to_string()));
    let (first, last) = days.as_ref().map(|it| (it.0.as_str(), it.1.as_str())).unzip();
    let rows = session.rows(sql, &[maybe_text(first), maybe_text(last), maybe_text(category)])?;
    let read = |row| {
        let mut fields = Fields::new("approval_history", row);
        let _id: i64 = fields.get()?;
        Ok(DecisionTime {
            approval_level: fields.level()?,
            decision: fields.word()?,
            decided_at: fields.stored()?,
            recorded_at: fields.stored()?,
            review_minutes: fields.get()?,
        })
    };
    rows.iter().map(read).collect()
}

fn waiting(session: &Session, category: Option<&str>) -> Result<Vec<Waiting>> {
    let sql = concat!(
        "SELECT s.id, s.name, s.version, s.approval_level, coalesce(v.created_at, s.updated_at, s.created_at)
         FROM skills s
         LEFT JOIN skill_versions v ON v.skill_id = s.id AND v.version = s.version AND v.content_hash = s.content_hash
         WHERE ($1 IS NULL OR s.category = $1) AND ",
        review!("v"),
        " = 'pending' ORDER BY s.id"
    );
    let rows = session.rows(sql, &[maybe_text(category)])?;
    let read = |row| {
        let mut fields = Fields::new("skills", row);
        let _id: i64 = fields.get()?;
        Ok(Waiting {
            name: fields.text()?,
            version: fields.text()?,
            approval_level: fields.level()?,
            since: fields.stored()?,
        })
    };
    rows.iter().map(read).collect()
}

fn levels(session: &Session, category: Option<&str>) -> Result<Vec<(ApprovalLevel, String, i64)>> {
    let sql = "SELECT approval_level, status, count(*) FROM skills WHERE $1 IS NULL OR category = $1
         GROUP BY 1, 2 ORDER BY 1, 2";
    let rows = session.rows(sql, &[maybe_text(category)])?;
    let read = |row| {
        let mut fields = Fields::new("skills", row);
        Ok((fields.level()?, fields.text()?, fields.get()?))
    };
    rows.iter().map(read).collect()
}

fn active_skills(session: &Session, category: Option<&str>) -> Result<Vec<(SkillId, String)>> {
    let sql = "SELECT id, name FROM skills WHERE status = 'active' AND ($1 IS NULL OR category = $1) ORDER BY name";
    let rows = session.rows(sql, &[maybe_text(category)])?;
    let read = |row| {
        let mut fields = Fields::new("skills", row);
        Ok((SkillId(fields.get()?), fields.text()?))
    };
    rows.iter().map(read).collect()
}

impl Reports for State<'_> {
    fn decision_times(&self, days: Option<Days>, category: Option<&str>) -> Result<Vec<DecisionTime>> {
        decision_times(self.session, days, category)
    }

    fn waiting(&self, category: Option<&str>) -> Result<Vec<Waiting>> {
        waiting(self.session, category)
    }

    fn levels(&self, category: Option<&str>) -> Result<Vec<(ApprovalLevel, String, i64)>> {
        levels(self.session, category)
    }

    fn active_skills(&self, category: Option<&str>) -> Result<Vec<(SkillId, String)>> {
        active_skills(self.session, category)
    }
}
