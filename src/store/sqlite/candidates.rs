//! The query behind `load`: an agent type's skills, each with its newest approved version.

use rusqlite::{Connection, Result};

use super::approvals::approved;
use super::rows::{Fields, collect};
use crate::model::{AgentType, ApprovedVersion, Candidate, SkillId};

/// Cost follows the number of mappings of this agent type: every step is a seek in an index. `current` is the version that the
/// skill's row names; versions recorded after it do not count, since somebody set the skill back. It is nearly always the approved
/// one, so it is looked at first, and older ones only where it is not (`+` keeps the planner from walking the row ids of all).
const OF: &str = concat!(
    "SELECT s.id, s.name, s.tags, m.priority, coalesce(m.required, 0) <> 0, m.conditions, m.tdd_condition, s.test_coverage,
       coalesce(s.test_suite_path, '') <> '', s.approval_level, coalesce(s.generated_by, '') = 'phase4',
       coalesce(current.content_hash = s.content_hash, 0), chosen.version, chosen.content_hash, chosen.content_path
     FROM agent_skill_mappings m
     JOIN skills s ON s.id = m.skill_id
     LEFT JOIN skill_versions current ON current.skill_id = s.id AND current.version = s.version
     LEFT JOIN skill_versions chosen ON chosen.id = CASE WHEN ",
    approved!("current"),
    " THEN current.id ELSE (
       SELECT v.id FROM skill_versions v WHERE v.skill_id = s.id AND +v.id < current.id AND ",
    approved!("v"),
    " ORDER BY +v.id DESC LIMIT 1) END
     WHERE m.agent_type = ?1 AND m.enabled AND coalesce(s.status, 'active') = 'active'
     ORDER BY coalesce(m.required, 0) <> 0 DESC, CASE typeof(m.priority) WHEN 'integer' THEN m.priority ELSE 5 END, s.name"
);

pub(super) fn of(connection: &Connection, agent_type: &AgentType) -> Result<Vec<Candidate>> {
    collect(connection, OF, [agent_type.as_str()], |row| {
        let mut fields = Fields::new("skills", row);
        Ok(Candidate {
            id: SkillId(fields.get()?),
            name: fields.text()?,
            tags: fields.maybe_text()?,
            priority: fields.number()?.unwrap_or(5),
            required: fields.get()?,
            conditions: fields.maybe_text()?,
            tdd_condition: fields.maybe_text()?,
            test_coverage: fields.figure(),
            has_test_suite: fields.get()?,
            approval_level: fields.level()?,
            phase4_generated: fields.get()?,
            row_agrees: fields.get()?,
            approved: version(&mut fields)?,
        })
    })
}

fn version(fields: &mut Fields<'_>) -> Result<Option<ApprovedVersion>> {
    let (version, content_hash, content_path) = (fields.maybe_text()?, fields.maybe_text()?, fields.maybe_text()?);
    Ok(version.zip(content_hash).zip(content_path).map(|((version, content_hash), content_path)| ApprovedVersion {
        version,
        content_hash,
        content_path,
    }))
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use rusqlite::StatementStatus;

    use super::OF;
    use crate::clock::Clock;
    use crate::model::{ApprovalLevel, Category, ContentHash, Decision, VersionSource};
    use crate::store::sqlite::plans::{cost, database, scans};
    use crate::store::sqlite::{Access, Options, SqliteStore};
    use crate::store::{Durability, NewApproval, NewMapping, NewSkill, NewVersion, Result, Store, Transaction};

    const MAPPED: i32 = 20;

    /// The work of the query behind `load`, in steps that SQLite counts: nothing is scanned, and it follows what the agent is
    /// mapped to, not what is stored.
    #[test]
    fn the_work_does_not_grow_with_the_number_of_skills() {
        for newer_waits in [false, true] {
            let few = steps(100, newer_waits).expect("a database");
            let many = steps(5000, newer_waits).expect("a database");
            assert_eq!(few, many, "rows, scanned rows and steps of the virtual machine");
            assert_eq!((few.0, few.1), (MAPPED, 0));
        }
    }

    fn steps(skills: i32, newer_waits: bool) -> Result<(i32, i32, i32)> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("skills.db");
        SqliteStore::create(&path, Options::default(), Clock::System)?;
        let mut store = SqliteStore::open(&path, Access::Write, Options::default(), Clock::System)?;
        let mut transaction = store.write(Durability::Normal)?;
        (0..skills).try_for_each(|number| add(transaction.as_mut(), number, skills / MAPPED, newer_waits))?;
        transaction.commit()?;
        let mut statement = store.connection.prepare(OF).expect("it is SQL");
        let approved = |row: &rusqlite::Row<'_>| row.get::<_, String>("version");
        let found = statement.query_map(["agent-1"], approved).expect("it runs");
        let found = found.filter(|it| it.as_deref() == Ok("1.0.0")).count();
        let counted = [StatementStatus::FullscanStep, StatementStatus::VmStep].map(|it| statement.get_status(it));
        Ok((i32::try_from(found).expect("a few"), counted[0], counted[1]))
    }

    fn add(tx: &mut dyn Transaction, number: i32, agents: i32, newer_waits: bool) -> Result<()> {
        let (hash, now) = (ContentHash::of(&number.to_le_bytes()), "2026-01-01 00:00:00");
        let skill = NewSkill {
            name: &format!("skill-{number}").parse().expect("a name"),
            category: Category::Domain,
            team: None,
            tags: &[],
            owner: None,
            phase4_pattern_id: None,
        };
        let version = NewVersion {
            version: "1.0.0",
            content_hash: &hash,
            content_path: "SKILL.md",
            front_matter: None,
            approval_level: ApprovalLevel::Human,
            source: VersionSource::Import,
            now,
        };
        let approval = NewApproval {
            version: "1.0.0",
            content_hash: &hash.to_string(),
            approval_level: ApprovalLevel::Human,
            approver: "somebody",
            decision: Decision::Approved,
            reasoning: "",
            criteria_check: None,
            now,
        };
        let agent_type = format!("agent-{}", number % agents).parse().expect("an agent type");
        let mapping = NewMapping { agent_type: &agent_type, priority: 5, required: false, conditions: None, now };
        let id = tx.insert_skill(&skill, &version)?;
        tx.record_approval(id, &approval)?;
        tx.add_mapping(id, &mapping)?;
        if newer_waits {
            let other = ContentHash::of(&(-1 - number).to_le_bytes());
            tx.record_version(id, &NewVersion { version: "1.0.1", content_hash: &other, ..version })?;
        }
        Ok(())
    }

    #[test]
    fn what_an_agent_type_gets_is_found_by_seeks_alone() -> rusqlite::Result<()> {
        let connection = database()?;
        assert!(scans(&connection, OF)?.is_empty(), "{:?}", scans(&connection, OF));
        assert_eq!(cost(&connection, OF, ["a7"])?, (10, 0));
        assert_eq!(cost(&connection, OF, ["nobody"])?, (0, 0));
        Ok(())
    }
}
