//! `pinned_version`, of skills and of mappings: the version that is served whatever comes later.

use super::parameters::{big, maybe_text, text};
use super::state::State;
use crate::model::{AgentType, Moment, SkillId};
use crate::store::{Pins, Result};

const OF_SKILL: &str = "UPDATE skills SET pinned_version = $2, updated_at = $3 WHERE id = $1";

const OF_MAPPING: &str = "UPDATE agent_skill_mappings SET pinned_version = $2, updated_at = $3
   WHERE skill_id = $1 AND agent_type = $4";

impl Pins for State<'_> {
    fn pin(
        &mut self,
        skill: SkillId,
        agent_type: Option<&AgentType>,
        version: Option<&str>,
        now: Moment,
    ) -> Result<()> {
        let (skill, version, now) = (big(skill.0), maybe_text(version), text(now.as_str()));
        match agent_type {
            None => self.session.write(OF_SKILL, &[skill, version, now]),
            Some(agent) => self.session.write(OF_MAPPING, &[skill, version, now, text(agent.as_str())]),
        }
    }
}
