//! What the risk of a skill is assessed by, and the assessments of decisions.

use rusqlite::{Connection, Result, params};

use super::rows::{Fields, collect, first, is_set};
use super::transaction::SqliteTransaction;
use super::verified::update;
use crate::model::{ApprovalLevel, SkillId, StoredJson};
use crate::store::{self, Criteria, CriteriaWrites};

impl Criteria for SqliteTransaction<'_> {
    fn test_coverage(&self, skill: SkillId) -> store::Result<Option<f64>> {
        self.say(test_coverage(&self.inner, skill))
    }

    fn criteria_templates(&self, category: &str) -> store::Result<Vec<(ApprovalLevel, StoredJson)>> {
        self.say(templates(&self.inner, category))
    }
}

impl CriteriaWrites for SqliteTransaction<'_> {
    fn record_assessment(&mut self, decision: i64, assessment: &StoredJson) -> store::Result<()> {
        self.say(record(&self.inner, decision, assessment))
    }
}

fn test_coverage(connection: &Connection, skill: SkillId) -> Result<Option<f64>> {
    let found = first(connection, "SELECT rowid, test_coverage FROM skills WHERE id = ?1", [skill.0], |row| {
        let mut fields = Fields::new("skills", row);
        fields.get::<i64>()?;
        Ok(fields.figure())
    })?;
    Ok(found.flatten())
}

/// Templates of unknown levels are other programs' own.
fn templates(connection: &Connection, category: &str) -> Result<Vec<(ApprovalLevel, StoredJson)>> {
    let rows = collect(
        connection,
        concat!(
            "SELECT rowid, approval_level, criteria_json FROM approval_criteria_templates WHERE category = ?1 AND ",
            is_set!("enabled"),
            " ORDER BY rowid"
        ),
        [category],
        |row| {
            let mut fields = Fields::new("approval_criteria_templates", row);
            fields.get::<i64>()?;
            Ok((fields.text()?.parse().ok(), fields.text()?.into()))
        },
    )?;
    Ok(rows.into_iter().filter_map(|(level, criteria)| Some((level?, criteria))).collect())
}

fn record(connection: &Connection, decision: i64, assessment: &StoredJson) -> Result<()> {
    let sql = "UPDATE approval_history SET risk_assessment = ?2 WHERE rowid = ?1";
    update(connection, sql, params![decision, assessment])?;
    Ok(())
}
