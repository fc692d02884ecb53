//! The query behind `load`: an agent type's skills, each with its newest approved version.

use rusqlite::{Connection, Result};

use super::approvals::approved;
use super::rows::{Fields, collect};
use crate::model::{AgentType, ApprovedVersion, Candidate, SkillId};

/// Cost follows the number of mappings of this agent type: every step is a seek in an index. `current` is the version that the
/// skill's row names; versions recorded after it do not count, since somebody set the skill back.
const OF: &str = concat!(
    "SELECT s.id, s.name, s.tags, coalesce(m.priority, 5), coalesce(m.required, 0), m.conditions, m.tdd_condition, s.test_coverage,
       coalesce(s.test_suite_path, '') <> '', coalesce(s.approval_level, 'human'), coalesce(s.generated_by, '') = 'phase4',
       coalesce(current.content_hash = s.content_hash, 0), chosen.version, chosen.content_hash, chosen.content_path
     FROM agent_skill_mappings m
     JOIN skills s ON s.id = m.skill_id
     LEFT JOIN skill_versions current ON current.skill_id = s.id AND current.version = s.version
     LEFT JOIN skill_versions chosen ON chosen.id = (
       SELECT v.id FROM skill_versions v WHERE v.skill_id = s.id AND v.id <= current.id AND ",
    approved!(),
    "  ORDER BY v.id DESC LIMIT 1)
     WHERE m.agent_type = ?1 AND m.enabled AND coalesce(s.status, 'active') = 'active'
     ORDER BY coalesce(m.required, 0) DESC, coalesce(m.priority, 5), s.name"
);

pub(super) fn of(connection: &Connection, agent_type: &AgentType) -> Result<Vec<Candidate>> {
    collect(connection, OF, [agent_type.as_str()], |row| {
        let mut fields = Fields::new("skills", row);
        Ok(Candidate {
            id: SkillId(fields.get()?),
            name: fields.get()?,
            tags: fields.get()?,
            priority: fields.get()?,
            required: fields.get()?,
            conditions: fields.get()?,
            tdd_condition: fields.get()?,
            test_coverage: fields.get()?,
            has_test_suite: fields.get()?,
            approval_level: fields.word()?,
            phase4_generated: fields.get()?,
            row_agrees: fields.get()?,
            approved: version(&mut fields)?,
        })
    })
}

fn version(fields: &mut Fields<'_>) -> Result<Option<ApprovedVersion>> {
    let (version, content_hash, content_path): (Option<_>, Option<_>, Option<_>) =
        (fields.get()?, fields.get()?, fields.get()?);
    Ok(version.zip(content_hash).zip(content_path).map(|((version, content_hash), content_path)| ApprovedVersion {
        version,
        content_hash,
        content_path,
    }))
}

#[cfg(test)]
mod tests {
    use super::OF;
    use crate::store::sqlite::plans::{cost, database, scans};

    #[test]
    fn what_an_agent_type_gets_is_found_by_seeks_alone() -> rusqlite::Result<()> {
        let connection = database()?;
        assert!(scans(&connection, OF)?.is_empty(), "{:?}", scans(&connection, OF));
        assert_eq!(cost(&connection, OF, ["a7"])?, (10, 0));
        assert_eq!(cost(&connection, OF, ["nobody"])?, (0, 0));
        Ok(())
    }
}
