//! `agent_skill_mappings`: which kind of agent gets which skill. Partial databases of users may lack the key and the defaults, so
//! rows are told apart by their rowid, which is the key where there is one.

use rusqlite::{Connection, Result, params};

use super::rows::{Fields, change, collect};
use crate::model::{Mapping, SkillId};
use crate::store::NewMapping;

pub(super) fn of(connection: &Connection, skill: SkillId) -> Result<Vec<Mapping>> {
    collect(
        connection,
        "SELECT rowid, agent_type, priority, coalesce(required, 0) <> 0, conditions, tdd_condition, iif(enabled, 1, 0)
         FROM agent_skill_mappings WHERE skill_id = ?1 ORDER BY agent_type",
        [skill.0],
        |row| {
            let mut fields = Fields::new("agent_skill_mappings", row);
            let _id: i64 = fields.get()?;
            Ok(Mapping {
                agent_type: fields.text()?,
                priority: fields.number()?.unwrap_or(5),
                required: fields.get()?,
                conditions: fields.maybe_text()?,
                tdd_condition: fields.maybe_text()?,
                enabled: fields.get()?,
            })
        },
    )
}

pub(super) fn agent_types(connection: &Connection) -> Result<Vec<String>> {
    collect(
        connection,
        "SELECT DISTINCT agent_type FROM agent_skill_mappings WHERE enabled AND typeof(agent_type) = 'text'",
        [],
        |row| row.get(0),
    )
}

/// NOT EXISTS and no conflict clause: a user's partial database may lack the UNIQUE constraint.
pub(super) fn add(connection: &Connection, skill: SkillId, mapping: &NewMapping<'_>) -> Result<bool> {
    let rows = change(
        connection,
        "INSERT INTO agent_skill_mappings (agent_type, skill_id, priority, required, conditions, enabled, created_at, updated_at)
         SELECT ?1, ?2, ?3, ?4, ?5, 1, ?6, ?6
         WHERE NOT EXISTS (SELECT 1 FROM agent_skill_mappings WHERE agent_type = ?1 AND skill_id = ?2)",
        params![
            mapping.agent_type.as_str(),
            skill.0,
            mapping.priority,
            mapping.required,
            mapping.conditions,
            mapping.now,
        ],
    )?;
    Ok(rows == 1)
}

pub(super) fn set(connection: &Connection, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()> {
    change(
        connection,
        "UPDATE agent_skill_mappings SET priority = ?3, required = ?4, conditions = ?5, updated_at = ?6
         WHERE agent_type = ?1 AND skill_id = ?2",
        params![
            mapping.agent_type.as_str(),
            skill.0,
            mapping.priority,
            mapping.required,
            mapping.conditions,
            mapping.now,
        ],
    )?;
    Ok(())
}
