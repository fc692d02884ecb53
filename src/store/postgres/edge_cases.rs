//! Edge cases. The hash of a kind is computed from the row: other programs write it.

use tokio_postgres::Row;

use super::fields::Fields;
use super::parameters::{big, maybe_text, text};
use super::session::Session;
use super::state::State;
use super::verified::changed;
use crate::model::{EdgeCase, EdgeCaseTexts, Moment, Severity, SkillId, edge_case_kind};
use crate::store::{EdgeCaseWrites, EdgeCases, NewEdgeCase, Result};

/// Edge cases `e`, each with the name of its skill.
macro_rules! cases {
    ($which:expr) => {
        concat!(
            "SELECT e.id, e.skill_id, s.name, e.edge_case_description, e.severity, e.resolved, e.detected_at,
               e.resolved_at, e.failure_reason, e.input_parameters, e.expected_output, e.actual_output, e.proposed_fix,
               e.resolution_notes
             FROM edge_case_tracking e LEFT JOIN skills s ON s.id = e.skill_id ",
            $which
        )
    };
}

impl EdgeCases for State<'_> {
    fn edge_cases(&self, of: Option<SkillId>) -> Result<Vec<EdgeCase>> {
        let rows = match of {
            Some(skill) => self.session.rows(cases!("WHERE e.skill_id = $1 ORDER BY e.id"), &[big(skill.0)])?,
            None => self.session.rows(cases!("ORDER BY e.id"), &[])?,
        };
        rows.iter().map(|row| Ok(case(row)?.0)).collect()
    }

    fn edge_case(&self, id: i64) -> Result<Option<(EdgeCase, EdgeCaseTexts)>> {
        self.session.first(cases!("WHERE e.id = $1"), &[big(id)])?.as_ref().map(case).transpose()
    }
}

impl EdgeCaseWrites for State<'_> {
    fn record_edge_case(&mut self, skill: SkillId, case: &NewEdgeCase<'_>) -> Result<i64> {
        record(self.session, skill, case)
    }

    fn resolve_edge_case(&mut self, id: i64, note: Option<&str>, now: Moment) -> Result<bool> {
        let sql = changed!(
            "edge_case_tracking",
            "resolved = 1, resolution_notes = coalesce($2, resolution_notes), resolved_at = $3",
            "id = $1 AND coalesce(resolved, 0) = 0"
        );
        Ok(self.session.counted(sql, &[big(id), maybe_text(note), text(now.as_str())])? > 0)
    }
}

fn record(session: &Session, skill: SkillId, case: &NewEdgeCase<'_>) -> Result<i64> {
    let added = session.returned(
        "INSERT INTO edge_case_tracking (skill_id, edge_case_description, failure_reason, input_parameters,
           expected_output, actual_output, severity, resolved, detected_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8) RETURNING id",
        &[
            big(skill.0),
            text(case.description),
            maybe_text(case.failure_reason),
            maybe_text(case.input_parameters),
            maybe_text(case.expected_output),
            maybe_text(case.actual_output),
            maybe_text(case.severity.map(Severity::as_str)),
            text(case.now.as_str()),
        ],
    )?;
    let row = added.ok_or_else(|| session.skipped("edge_case_tracking"))?;
    Fields::new("edge_case_tracking", &row).get()
}

fn case(row: &Row) -> Result<(EdgeCase, EdgeCaseTexts)> {
    let mut fields = Fields::new("edge_case_tracking", row);
    let mut case = EdgeCase {
        id: fields.get()?,
        skill_id: SkillId(fields.get()?),
        skill: fields.get()?,
        kind: String::new(),
        description: fields.text()?,
        severity: fields.get()?,
        resolved: fields.flag()?,
        detected_at: fields.stored()?,
        resolved_at: fields.stored()?,
    };
    let texts = EdgeCaseTexts {
        failure_reason: fields.get()?,
        input_parameters: fields.get()?,
        expected_output: fields.get()?,
        actual_output: fields.get()?,
        proposed_fix: fields.get()?,
        resolution_notes: fields.get()?,
    };
    case.kind = edge_case_kind(case.skill_id, texts.failure_reason.as_deref(), texts.input_parameters.as_deref());
    Ok((case, texts))
}
