//! `pinned_version`, of skills and of mappings: the version that is served whatever comes later.

use super::parameters::{big, maybe_text, text};
use super::state::State;
use super::verified::changed;
use crate::model::{AgentType, Moment, SkillId};
use crate::store::{Pins, Result};

const OF_SKILL: &str = changed!("skills", "pinned_version = $2, updated_at = $3", "id = $1");

const OF_MAPPING: &str =
    changed!("agent_skill_mappings", "pinned_version = $2, updated_at = $3", "skill_id = $1 AND agent_type = $4");

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
