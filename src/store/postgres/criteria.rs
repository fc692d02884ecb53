//! What the risk of a skill is assessed by, and the assessments of decisions.

use super::fields::Fields;
use super::parameters::{big, text};
use super::state::State;
use super::verified::changed;
use crate::model::{ApprovalLevel, SkillId, StoredJson};
use crate::store::{Criteria, CriteriaWrites, Result};

impl Criteria for State<'_> {
    fn test_coverage(&self, skill: SkillId) -> Result<Option<f64>> {
        let row = self.session.first("SELECT id, test_coverage FROM skills WHERE id = $1", &[big(skill.0)])?;
        let Some(row) = row else { return Ok(None) };
        let mut fields = Fields::new("skills", &row);
        fields.get::<i64>()?;
        fields.get()
    }

    /// Templates of unknown levels are other programs' own.
    fn criteria_templates(&self, category: &str) -> Result<Vec<(ApprovalLevel, StoredJson)>> {
        let sql = "SELECT id, approval_level, criteria_json FROM approval_criteria_templates
             WHERE category = $1 AND enabled <> 0 ORDER BY id";
        let mut templates = Vec::new();
        for row in self.session.rows(sql, &[text(category)])? {
            let mut fields = Fields::new("approval_criteria_templates", &row);
            fields.get::<i64>()?;
            if let Ok(level) = fields.text()?.parse() {
                templates.push((level, fields.text()?.into()));
            }
        }
        Ok(templates)
    }
}

impl CriteriaWrites for State<'_> {
    fn record_assessment(&mut self, decision: i64, assessment: &StoredJson) -> Result<()> {
        let sql = changed!("approval_history", "risk_assessment = $2", "id = $1");
        self.session.write(sql, &[big(decision), text(assessment.as_str())])
    }
}
