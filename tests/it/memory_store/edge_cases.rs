//! Edge cases.

use cfn::model::{EdgeCase, EdgeCaseTexts, Moment, Severity, SkillId, edge_case_kind};
use cfn::store::{EdgeCaseWrites, EdgeCases, NewEdgeCase, Result};

use super::errors::refused;
use super::tables::{Tables, next};
use super::transaction::MemoryTransaction;

impl EdgeCases for MemoryTransaction<'_> {
    fn edge_cases(&self, of: Option<SkillId>) -> Result<Vec<EdgeCase>> {
        let cases = self.tables.edge_cases.values().map(|(case, _)| case);
        let cases = cases.filter(|it| of.is_none_or(|skill| skill == it.skill_id));
        Ok(cases.map(|it| named(&self.tables, it.clone())).collect())
    }

    fn edge_case(&self, id: i64) -> Result<Option<(EdgeCase, EdgeCaseTexts)>> {
        let found = self.tables.edge_cases.get(&id).cloned();
        Ok(found.map(|(case, texts)| (named(&self.tables, case), texts)))
    }
}

/// The edge case with the present name of its skill.
fn named(tables: &Tables, case: EdgeCase) -> EdgeCase {
    let skill = tables.skills.get(&case.skill_id).map(|it| it.skill.name.clone());
    EdgeCase { skill, ..case }
}

impl EdgeCaseWrites for MemoryTransaction<'_> {
    fn record_edge_case(&mut self, skill: SkillId, case: &NewEdgeCase<'_>) -> Result<i64> {
        let tables = self.change()?;
        if !tables.skills.contains_key(&skill) {
            return Err(refused("there is no such skill"));
        }
        let id = next(&mut tables.last.edge_case);
        let texts = EdgeCaseTexts {
            failure_reason: case.failure_reason.map(str::to_owned),
            input_parameters: case.input_parameters.map(str::to_owned),
            expected_output: case.expected_output.map(str::to_owned),
            actual_output: case.actual_output.map(str::to_owned),
            ..EdgeCaseTexts::default()
        };
        let case = EdgeCase {
            id,
            skill_id: skill,
            skill: None,
            kind: edge_case_kind(skill, case.failure_reason, case.input_parameters),
            description: case.description.to_owned(),
            severity: case.severity.map(Severity::as_str).map(str::to_owned),
            resolved: false,
            detected_at: Some(case.now.to_string().into()),
            resolved_at: None,
        };
        tables.edge_cases.insert(id, (case, texts));
        Ok(id)
    }

    fn resolve_edge_case(&mut self, id: i64, note: Option<&str>, now: Moment) -> Result<bool> {
        let Some((case, texts)) = self.change()?.edge_cases.get_mut(&id) else { return Ok(false) };
        if case.resolved {
            return Ok(false);
        }
        (case.resolved, case.resolved_at) = (true, Some(now.to_string().into()));
        texts.resolution_notes = note.map(str::to_owned).or(texts.resolution_notes.take());
        Ok(true)
    }
}
