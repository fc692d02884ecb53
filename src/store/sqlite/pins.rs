//! `pinned_version`, of skills and of mappings: the version that is served whatever comes later.

use rusqlite::params;

use super::transaction::SqliteTransaction;
use super::verified::update;
use crate::model::{AgentType, Moment, SkillId};
use crate::store::{Pins, Result};

const OF_SKILL: &str = "UPDATE skills SET pinned_version = ?2, updated_at = ?3 WHERE id = ?1";

const OF_MAPPING: &str = "UPDATE agent_skill_mappings SET pinned_version = ?2, updated_at = ?3
   WHERE skill_id = ?1 AND agent_type = ?4";

impl Pins for SqliteTransaction<'_> {
    fn pin(
        &mut self,
        skill: SkillId,
        agent_type: Option<&AgentType>,
        version: Option<&str>,
        now: Moment,
    ) -> Result<()> {
        self.say(match agent_type {
            None => update(&self.inner, OF_SKILL, params![skill.0, version, now]),
            Some(agent) => update(&self.inner, OF_MAPPING, params![skill.0, version, now, agent.as_str()]),
        })?;
        Ok(())
    }
}
