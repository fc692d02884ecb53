//! Edge cases. The hash of a kind is computed from the row: the table is older than cfn, and other programs write it.

use rusqlite::{Connection, Result, Row, params};

use super::rows::{Fields, collect, first};
use super::transaction::SqliteTransaction;
use super::verified::{insert, update};
use crate::model::{EdgeCase, EdgeCaseTexts, Moment, Severity, SkillId, edge_case_kind};
use crate::store::{self, EdgeCaseWrites, EdgeCases, NewEdgeCase};

/// Edge cases `e`, each with the name of its skill, if its row exists.
macro_rules! cases {
    ($which:expr) => {
        concat!(
            "SELECT e.rowid, e.skill_id, s.name, e.edge_case_description, e.severity, e.resolved, e.detected_at,
               e.resolved_at, e.failure_reason, e.input_parameters, e.expected_output, e.actual_output, e.proposed_fix,
               e.resolution_notes
             FROM edge_case_tracking e LEFT JOIN skills s ON s.id = e.skill_id ",
            $which
        )
    };
}

const OF_SKILL: &str = cases!("WHERE e.skill_id = ?1 ORDER BY e.rowid");
const ONE: &str = cases!("WHERE e.rowid = ?1");

impl EdgeCases for SqliteTransaction<'_> {
    fn edge_cases(&self, of: Option<SkillId>) -> store::Result<Vec<EdgeCase>> {
        self.say(list(&self.inner, of))
    }

    fn edge_case(&self, id: i64) -> store::Result<Option<(EdgeCase, EdgeCaseTexts)>> {
        self.say(find(&self.inner, id))
    }
}

impl EdgeCaseWrites for SqliteTransaction<'_> {
    fn record_edge_case(&mut self, skill: SkillId, case: &NewEdgeCase<'_>) -> store::Result<i64> {
        self.say(record(&self.inner, skill, case))
    }

    fn resolve_edge_case(&mut self, id: i64, note: Option<&str>, now: Moment) -> store::Result<bool> {
        self.say(resolve(&self.inner, id, note, now))
    }
}

fn list(connection: &Connection, of: Option<SkillId>) -> Result<Vec<EdgeCase>> {
    let only = |row: &Row<'_>| case(row).map(|(case, _)| case);
    match of {
        Some(skill) => collect(connection, OF_SKILL, [skill.0], only),
        None => collect(connection, cases!("ORDER BY e.rowid"), [], only),
    }
}

fn find(connection: &Connection, id: i64) -> Result<Option<(EdgeCase, EdgeCaseTexts)>> {
    first(connection, ONE, [id], case)
}

fn record(connection: &Connection, skill: SkillId, case: &NewEdgeCase<'_>) -> Result<i64> {
    insert(
        connection,
        "INSERT INTO edge_case_tracking (skill_id, edge_case_description, failure_reason, input_parameters,
           expected_output, actual_output, severity, resolved, detected_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8)",
        params![
            skill.0,
            case.description,
            case.failure_reason,
            case.input_parameters,
            case.expected_output,
            case.actual_output,
            case.severity.map(Severity::as_str),
            case.now,
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

fn resolve(connection: &Connection, id: i64, note: Option<&str>, now: Moment) -> Result<bool> {
    let sql = "UPDATE edge_case_tracking SET resolved = 1, resolution_notes = coalesce(?2, resolution_notes), resolved_at = ?3
         WHERE rowid = ?1 AND coalesce(resolved, 0) = 0";
    update(connection, sql, params![id, note, now]).map(|changed| changed > 0)
}

fn case(row: &Row<'_>) -> Result<(EdgeCase, EdgeCaseTexts)> {
    let mut fields = Fields::new("edge_case_tracking", row);
    let mut case = EdgeCase {
        id: fields.get()?,
        skill_id: SkillId(fields.number()?.unwrap_or_default()),
        skill: fields.maybe_text()?,
        kind: String::new(),
        description: fields.text()?,
        severity: fields.maybe_text()?,
        resolved: fields.number()?.is_some_and(|it| it != 0),
        detected_at: fields.stored()?,
        resolved_at: fields.stored()?,
    };
    let texts = EdgeCaseTexts {
        failure_reason: fields.maybe_text()?,
        input_parameters: fields.maybe_text()?,
        expected_output: fields.maybe_text()?,
        actual_output: fields.maybe_text()?,
        proposed_fix: fields.maybe_text()?,
        resolution_notes: fields.maybe_text()?,
    };
    case.kind = edge_case_kind(case.skill_id, texts.failure_reason.as_deref(), texts.input_parameters.as_deref());
    Ok((case, texts))
}

#[cfg(test)]
mod tests {
    use super::{OF_SKILL, ONE};
    use crate::store::sqlite::plans::{database, scans};

    #[test]
    fn those_of_one_skill_are_found_by_the_index() -> rusqlite::Result<()> {
        for sql in [OF_SKILL, ONE] {
            assert!(scans(&database()?, sql)?.is_empty(), "{sql}");
        }
        Ok(())
    }
}
