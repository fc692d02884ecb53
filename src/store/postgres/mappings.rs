//! `agent_skill_mappings`: the skills of each agent type.

use std::collections::HashSet;

use super::approvals::review;
use super::fields::Fields;
use super::parameters::{big, text};
use super::state::State;
use crate::model::{AgentType, Mapping, SkillId};
use crate::store::{AgentTypeCounts, Mappings, Result, SilentMapping};

/// Agent types that have an enabled mapping: the name itself, those with the same beginning, and the first of all, which
/// in most databases are all. Each is found by one seek in an index, and at most 500 are examined at each place: the
/// cost depends on the number of agent types examined, not on their mappings. No agent type has a character that is not
/// ASCII, nor a control character.
const NEAR: &str = "WITH RECURSIVE places (place, low, high, most) AS (
       VALUES (1, $1::text, $1 || chr(1), 1), (2, $2::text, $2 || chr(127), 500), (3, '', chr(127), 500)),
     near (place, agent_type, high, remaining) AS (
       SELECT place, (SELECT min(m.agent_type) FROM agent_skill_mappings m WHERE m.agent_type >= low AND m.agent_type < high),
         high, most FROM places
       UNION ALL
       SELECT place, (SELECT min(m.agent_type) FROM agent_skill_mappings m
           WHERE m.agent_type > near.agent_type AND m.agent_type < high), high, remaining - 1
       FROM near WHERE agent_type IS NOT NULL AND remaining > 1)
     SELECT agent_type FROM near
     WHERE EXISTS (SELECT FROM agent_skill_mappings m WHERE m.agent_type = near.agent_type AND m.enabled <> 0)
     ORDER BY place, agent_type";

pub(super) const OF: &str =
    "SELECT id, agent_type, priority, required, conditions, tdd_condition, enabled, pinned_version
     FROM agent_skill_mappings WHERE skill_id = $1 ORDER BY agent_type";

impl Mappings for State<'_> {
    fn mappings(&self, skill: SkillId) -> Result<Vec<Mapping>> {
        let read = |row| {
            let mut fields = Fields::new("agent_skill_mappings", row);
            fields.get::<i64>()?;
            Ok(Mapping {
                agent_type: fields.text()?,
                priority: fields.get()?,
                required: fields.flag()?,
                conditions: fields.stored()?,
                tdd_condition: fields.stored()?,
                enabled: fields.flag()?,
                pinned_version: fields.get()?,
            })
        };
        self.session.rows(OF, &[big(skill.0)])?.iter().map(read).collect()
    }

    fn agent_types(&self) -> Result<Vec<AgentTypeCounts>> {
        let sql = concat!(
            "SELECT min(m.id), m.agent_type, count(*), count(*) FILTER (WHERE ",
            review!("v"),
            " = 'pending')
             FROM agent_skill_mappings m JOIN skills s ON s.id = m.skill_id
             LEFT JOIN skill_versions v ON v.skill_id = s.id AND v.version = s.version AND v.content_hash = s.content_hash
             WHERE m.enabled <> 0 AND s.status = 'active' GROUP BY m.agent_type ORDER BY m.agent_type"
        );
        let read = |row| {
            let mut fields = Fields::new("agent_skill_mappings", row);
            fields.get::<i64>()?;
            Ok(AgentTypeCounts { agent_type: fields.text()?, skills: fields.get()?, pending: fields.get()? })
        };
        self.session.rows(sql, &[])?.iter().map(read).collect()
    }

    fn silent_mappings(&self, agent_type: &AgentType) -> Result<Vec<SilentMapping>> {
        let sql = "SELECT m.id, s.name, s.status, m.enabled
             FROM agent_skill_mappings m JOIN skills s ON s.id = m.skill_id
             WHERE m.agent_type = $1 AND (m.enabled = 0 OR s.status <> 'active') ORDER BY s.name";
        let read = |row| {
            let mut fields = Fields::new("agent_skill_mappings", row);
            fields.get::<i64>()?;
            Ok(SilentMapping { name: fields.text()?, status: fields.text()?, enabled: fields.flag()? })
        };
        self.session.rows(sql, &[text(agent_type.as_str())])?.iter().map(read).collect()
    }

    fn agent_types_near(&self, name: &AgentType) -> Result<Vec<String>> {
        let name = name.as_str();
        let beginning = name.get(..name.len().min(3)).unwrap_or(name);
        let rows = self.session.rows(NEAR, &[text(name), text(beginning)])?;
        let mut near =
            rows.iter().map(|row| Fields::new("agent_skill_mappings", row).text()).collect::<Result<Vec<_>>>()?;
        let mut seen = HashSet::new();
        near.retain(|it| seen.insert(it.clone()));
        Ok(near)
    }
}
