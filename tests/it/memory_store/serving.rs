//! Queries that serve an agent.

use std::cmp::Reverse;

use cfn::model::{AgentType, ApprovedVersion, Bootstrap, Candidate, SkillId, StoredJson};
use cfn::store::{Result, Serving};

use super::judging::is_active;
use super::tables::{MappingRow, SkillRow};
use super::transaction::MemoryTransaction;

impl Serving for MemoryTransaction<'_> {
    fn candidates(&self, agent_type: &AgentType) -> Result<Vec<Candidate>> {
        let mapped = |it: &&MappingRow| it.mapping.enabled && it.mapping.agent_type == agent_type.as_str();
        let mut candidates = Vec::new();
        for row in self.tables.mappings.iter().filter(mapped) {
            if let Some(skill) = self.tables.skills.get(&row.skill).filter(|it| is_active(&it.skill)) {
                candidates.push(self.candidate(row, skill));
            }
        }
        candidates.sort_by(|a, b| {
            (Reverse(a.required), a.priority, &a.name).cmp(&(Reverse(b.required), b.priority, &b.name))
        });
        Ok(candidates)
    }

    fn bootstrap(&self) -> Result<Vec<Bootstrap>> {
        let enabled = self.tables.bootstrap.iter().filter(|it| it.enabled);
        let mut enabled: Vec<Bootstrap> = enabled.map(|it| it.bootstrap.clone()).collect();
        enabled.sort_by_key(|it| it.load_order);
        Ok(enabled)
    }

    fn latest_pass_rate(&self, skill: SkillId) -> Result<Option<f64>> {
        let mut rows = self.tables.usage.values().rev().filter(|it| it.skill == skill);
        Ok(rows.find_map(|it| it.outcome.test_pass_rate))
    }

    fn front_matter(&self, skill: SkillId, version: &str) -> Result<Option<StoredJson>> {
        Ok(self.tables.version(skill, version).and_then(|it| it.front_matter.clone()))
    }

    fn content(&self, hash: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.tables.contents.get(hash).map(|it| it.to_vec()))
    }
}

impl MemoryTransaction<'_> {
    fn candidate(&self, MappingRow { mapping, .. }: &MappingRow, row: &SkillRow) -> Candidate {
        let skill = &row.skill;
        let approved = self.tables.served(skill).map(|it| ApprovedVersion {
            version: it.version.clone(),
            content_hash: it.content_hash.clone(),
            content_path: it.content_path.clone(),
        });
        Candidate {
            id: skill.id,
            name: skill.name.clone(),
            tags: skill.tags.clone(),
            priority: mapping.priority,
            required: mapping.required,
            conditions: mapping.conditions.clone(),
            tdd_condition: mapping.tdd_condition.clone(),
            test_coverage: row.test_coverage,
            has_test_suite: row.has_test_suite,
            approval_level: skill.approval_level,
            phase4_generated: skill.generated_by.as_deref() == Some("phase4"),
            approved,
        }
    }
}
