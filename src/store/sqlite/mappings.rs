//! `agent_skill_mappings`: the skills of each agent type. Partial databases of users may lack the key and the defaults,
//! so rows are identified by their rowid, which is the key if there is one.

use std::collections::HashSet;

use rusqlite::{Connection, Result, params};

use super::approvals::review;
use super::rows::{Fields, collect, is_set};
use super::verified::{clear, insert_if, update};
use crate::model::{AgentType, Mapping, SkillId};
use crate::store::{AgentTypeCounts, NewMapping, SilentMapping};

pub(super) fn of(connection: &Connection, skill: SkillId) -> Result<Vec<Mapping>> {
    collect(
        connection,
        "SELECT rowid, agent_type, priority, required, conditions, tdd_condition, enabled, pinned_version
         FROM agent_skill_mappings WHERE skill_id = ?1 ORDER BY agent_type",
        [skill.0],
        |row| {
            let mut fields = Fields::new("agent_skill_mappings", row);
            let _id: i64 = fields.get()?;
            Ok(Mapping {
                agent_type: fields.text()?,
                priority: fields.number()?.unwrap_or(5),
                required: fields.is_set()?,
                conditions: fields.stored()?,
                tdd_condition: fields.stored()?,
                enabled: fields.is_set()?,
                pinned_version: fields.maybe_text()?,
            })
        },
    )
}

pub(super) fn agent_types(connection: &Connection) -> Result<Vec<String>> {
    collect(
        connection,
        concat!(
            "SELECT DISTINCT agent_type FROM agent_skill_mappings WHERE typeof(agent_type) = 'text' AND ",
            is_set!("enabled")
        ),
        [],
        |row| row.get(0),
    )
}

/// The agent types from one up to another, each found by one seek in an index: the cost depends on the number of agent
/// types examined, not on their mappings.
const FROM: &str = concat!(
    "WITH RECURSIVE near (agent_type) AS (
       SELECT min(agent_type) FROM agent_skill_mappings WHERE agent_type >= ?1 AND agent_type < ?2
       UNION ALL
       SELECT (SELECT min(agent_type) FROM agent_skill_mappings WHERE agent_type > near.agent_type AND agent_type < ?2)
       FROM near WHERE near.agent_type IS NOT NULL LIMIT ?3)
     SELECT agent_type FROM near WHERE typeof(agent_type) = 'text'
       AND EXISTS (SELECT 1 FROM agent_skill_mappings m WHERE m.agent_type = near.agent_type AND ",
    is_set!("m.enabled"),
    ")"
);

/// Maximum number of agent types to examine at each of the two places.
const MOST_NEAR: i64 = 500;

/// The first agent types from one up to another that have an enabled mapping, among the first `most`.
pub(super) fn agent_types_between(connection: &Connection, from: &str, to: &str, most: i64) -> Result<Vec<String>> {
    collect(connection, FROM, params![from, to, most], |row| row.get(0))
}

/// The name itself, those with the same prefix, and the first of all, which in most databases are all.
pub(super) fn agent_types_near(connection: &Connection, name: &AgentType) -> Result<Vec<String>> {
    const LAST: &str = "\u{7f}"; // no agent type has a character that is not ASCII
    let name = name.as_str();
    let beginning = name.get(..name.len().min(3)).unwrap_or(name);
    let mut near: Vec<String> = Vec::new();
    for (from, to, most) in [
        (name, format!("{name}\0"), 1),
        (beginning, format!("{beginning}{LAST}"), MOST_NEAR),
        ("", LAST.to_owned(), MOST_NEAR),
    ] {
        near.extend(agent_types_between(connection, from, &to, most)?);
    }
    let mut seen = HashSet::new();
    near.retain(|it| seen.insert(it.clone()));
    Ok(near)
}

/// Uses NOT EXISTS instead of a conflict clause, since a user's partial database may lack the UNIQUE constraint.
pub(super) fn add(connection: &Connection, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()> {
    insert_if(
        connection,
        "INSERT INTO agent_skill_mappings (agent_type, skill_id, priority, required, conditions, enabled, created_at, updated_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?7, ?6, ?6
         WHERE NOT EXISTS (SELECT 1 FROM agent_skill_mappings WHERE agent_type = ?1 AND skill_id = ?2)",
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM agent_skill_mappings WHERE agent_type = ?1 AND skill_id = ?2)",
        params![
            mapping.agent_type.as_str(),
            skill.0,
            mapping.priority,
            mapping.required,
            mapping.conditions,
            mapping.now,
            mapping.enabled,
        ],
    )?;
    Ok(())
}

pub(super) fn set(connection: &Connection, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()> {
    update(
        connection,
        "UPDATE agent_skill_mappings SET priority = ?3, required = ?4, conditions = ?5, updated_at = ?6, enabled = ?7
         WHERE agent_type = ?1 AND skill_id = ?2",
        params![
            mapping.agent_type.as_str(),
            skill.0,
            mapping.priority,
            mapping.required,
            mapping.conditions,
            mapping.now,
            mapping.enabled,
        ],
    )?;
    Ok(())
}

pub(super) fn remove(connection: &Connection, skill: SkillId, agent_type: &AgentType) -> Result<bool> {
    let sql = "DELETE FROM agent_skill_mappings WHERE agent_type = ?1 AND skill_id = ?2";
    Ok(clear(connection, sql, params![agent_type.as_str(), skill.0])? > 0)
}

pub(super) fn counts(connection: &Connection) -> Result<Vec<AgentTypeCounts>> {
    let sql = concat!(
        "SELECT min(m.rowid), m.agent_type, count(*), count(",
        review!("v"),
        " = 'pending' OR NULL)
         FROM agent_skill_mappings m JOIN skills s ON s.id = m.skill_id
         LEFT JOIN skill_versions v ON v.skill_id = s.id AND v.version = s.version AND v.content_hash = s.content_hash
         WHERE coalesce(s.status, 'active') = 'active' AND typeof(m.agent_type) = 'text' AND ",
        is_set!("m.enabled"),
        " GROUP BY 2"
    );
    collect(connection, sql, [], |row| {
        let mut fields = Fields::new("agent_skill_mappings", row);
        let _id: i64 = fields.get()?;
        Ok(AgentTypeCounts { agent_type: fields.text()?, skills: fields.get()?, pending: fields.get()? })
    })
}

pub(super) fn silent(connection: &Connection, agent_type: &AgentType) -> Result<Vec<SilentMapping>> {
    let sql = concat!(
        "SELECT m.rowid, s.name, coalesce(s.status, 'active'), ",
        is_set!("m.enabled"),
        " AS enabled FROM agent_skill_mappings m JOIN skills s ON s.id = m.skill_id
         WHERE m.agent_type = ?1 AND (coalesce(s.status, 'active') <> 'active' OR NOT ",
        is_set!("m.enabled"),
        ") ORDER BY s.name"
    );
    collect(connection, sql, [agent_type.as_str()], |row| {
        let mut fields = Fields::new("agent_skill_mappings", row);
        let _id: i64 = fields.get()?;
        Ok(SilentMapping { name: fields.text()?, status: fields.text()?, enabled: fields.get()? })
    })
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use rusqlite::{Connection, StatementStatus, params};

    use super::{FROM, MOST_NEAR, agent_types_near};
    use crate::store::sqlite::plans::database;

    fn fill(connection: &Connection, agent_types: u32) {
        let sql = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {agent_types})
             INSERT INTO agent_skill_mappings (agent_type, skill_id, enabled)
               SELECT printf('type-%06d', i), s.id, i % 10 FROM n JOIN (SELECT id FROM skills LIMIT 4) s"
        );
        connection.execute_batch(&sql).expect("rows");
    }

    fn near(connection: &Connection, name: &str) -> Vec<String> {
        agent_types_near(connection, &name.parse().expect("a name")).expect("an answer")
    }

    #[test]
    fn finds_itself_those_that_begin_alike_and_the_first_of_all() {
        let connection = database().expect("a database");
        fill(&connection, 30);
        assert_eq!(near(&connection, "type-000011").first().map(String::as_str), Some("type-000011"));
        let found = near(&connection, "type-000010");
        assert!(!found.contains(&"type-000010".to_owned()), "nobody gets what is not enabled");
        assert_eq!(found.len(), 27 + 50, "27 of 30 begin alike, and the database has 50 others");
        assert!(found.contains(&"a0".to_owned()) && found.contains(&"type-000029".to_owned()));
        assert_eq!(near(&connection, "zzz").len(), 77);
    }

    /// Listing all took a second with a million mappings.
    #[test]
    fn the_work_is_bounded_however_many_mappings_there_are() {
        let work = |agent_types: u32| {
            let connection = database().expect("a database");
            fill(&connection, agent_types);
            let mut statement = connection.prepare(FROM).expect("it is SQL");
            let found = statement.query_map(params!["", "\u{7f}", MOST_NEAR], |row| row.get::<_, String>(0));
            assert!(found.expect("it runs").count() <= 500);
            assert!(near(&connection, "typo").len() <= 1000);
            (statement.get_status(StatementStatus::FullscanStep), statement.get_status(StatementStatus::VmStep))
        };
        let (few, many) = (work(1000), work(10_000));
        assert!(many.0 <= few.0 && many.1 <= few.1 + few.1 / 10, "{few:?} {many:?}");
    }
}
