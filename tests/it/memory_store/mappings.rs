//! Which agent types get which skills.

use std::collections::BTreeMap;

use cfn::model::{AgentType, Mapping, Review, SkillId};
use cfn::store::{AgentTypeCounts, Mappings, Result, SilentMapping};

use super::judging::is_active;
use super::transaction::MemoryTransaction;

/// The most agent types that are near another one.
const MOST_NEAR: usize = 500;

impl Mappings for MemoryTransaction<'_> {
    fn mappings(&self, skill: SkillId) -> Result<Vec<Mapping>> {
        let of_skill = self.tables.mappings.iter().filter(|it| it.skill == skill);
        let mut mappings: Vec<Mapping> = of_skill.map(|it| it.mapping.clone()).collect();
        mappings.sort_by(|a, b| a.agent_type.cmp(&b.agent_type));
        Ok(mappings)
    }

    fn agent_types(&self) -> Result<Vec<AgentTypeCounts>> {
        let mut counts: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for row in self.tables.mappings.iter().filter(|it| it.mapping.enabled) {
            let Some(skill) = self.tables.skills.get(&row.skill).map(|it| &it.skill).filter(|it| is_active(it)) else {
                continue;
            };
            let count = counts.entry(&row.mapping.agent_type).or_default();
            count.0 += 1;
            count.1 += i64::from(self.tables.review(skill) == Review::Pending);
        }
        let named =
            |(name, (skills, pending)): (&str, _)| AgentTypeCounts { agent_type: name.to_owned(), skills, pending };
        Ok(counts.into_iter().map(named).collect())
    }

    fn silent_mappings(&self, agent_type: &AgentType) -> Result<Vec<SilentMapping>> {
        let of_type = self.tables.mappings.iter().filter(|it| it.mapping.agent_type == agent_type.as_str());
        let mut silent = Vec::new();
        for row in of_type {
            let Some(skill) = self.tables.skills.get(&row.skill).map(|it| &it.skill) else { continue };
            if !row.mapping.enabled || !is_active(skill) {
                let (name, status, enabled) = (skill.name.clone(), skill.status.clone(), row.mapping.enabled);
                silent.push(SilentMapping { name, status, enabled });
            }
        }
        silent.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(silent)
    }

    fn agent_types_near(&self, name: &AgentType) -> Result<Vec<String>> {
        let all = self.tables.agent_types();
        let beginning = name.as_str().get(..3).unwrap_or(name.as_str());
        let itself = all.get(name.as_str()).into_iter();
        let alike = all.iter().filter(|it| it.starts_with(beginning)).take(MOST_NEAR);
        let mut near: Vec<String> = Vec::new();
        for agent_type in itself.chain(alike).chain(all.iter().take(MOST_NEAR)) {
            if !near.iter().any(|it| it == agent_type) {
                near.push((*agent_type).to_owned());
            }
        }
        Ok(near)
    }
}
