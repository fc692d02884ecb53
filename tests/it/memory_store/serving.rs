//! Queries that serve an agent.

use cfn::model::{
    AgentType, ApprovedVersion, Bootstrap, Candidate, ContentHash, Moment, SkillId, Status, StoredFile, StoredJson,
};
use cfn::store::{BootstrapWrites, Result, Serving};

use super::judging::is_active;
use super::tables::{MappingRow, SkillRow};
use super::transaction::MemoryTransaction;

impl Serving for MemoryTransaction<'_> {
    fn candidates(&self, agent_type: &AgentType) -> Result<Vec<Candidate>> {
        let mapped = |it: &&MappingRow| it.mapping.enabled && it.mapping.agent_type == agent_type.as_str();
        let rows = self.tables.mappings.iter().filter(mapped);
        let mut candidates: Vec<Candidate> = rows.filter_map(|it| self.served_for(it)).collect();
        candidates.sort_by(Candidate::order);
        Ok(candidates)
    }

    fn bootstrap(&self) -> Result<Vec<Bootstrap>> {
        let revoked = |it: &Bootstrap| it.content_hash.as_ref().is_some_and(|it| self.tables.is_revoked(None, it));
        let enabled = self.tables.bootstrap.iter().filter(|it| it.enabled && !revoked(&it.bootstrap));
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

    fn files(&self, skill: SkillId, version: &str) -> Result<Vec<StoredFile>> {
        let found = self.tables.version(skill, version).and_then(|it| self.tables.files.get(&it.id));
        Ok(found.cloned().unwrap_or_default())
    }

    fn content(&self, hash: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.tables.contents.get(hash).map(|it| it.to_vec()))
    }
}

impl MemoryTransaction<'_> {
    /// The skill of a mapping, or the first active one of those that replace it.
    fn served_for(&self, row: &MappingRow) -> Option<Candidate> {
        let mapped = self.tables.skills.get(&row.skill)?;
        let (mut skill, mut seen) = (mapped, vec![row.skill]);
        while !is_active(&skill.skill) {
            let next = skill.replacement.filter(|_| skill.skill.status == Status::Deprecated.as_str())?;
            if seen.contains(&next) {
                return None;
            }
            seen.push(next);
            skill = self.tables.skills.get(&next)?;
        }
        if seen.len() == 1 {
            return Some(self.candidate(row, skill, row.mapping.pinned_version.as_ref()));
        }
        let candidate = Candidate { replaces: Some(mapped.skill.name.clone()), ..self.candidate(row, skill, None) };
        Some(candidate).filter(|it| it.approved.is_some())
    }

    fn candidate(&self, MappingRow { mapping, .. }: &MappingRow, row: &SkillRow, pin: Option<&String>) -> Candidate {
        let skill = &row.skill;
        let pin = pin.or(skill.pinned_version.as_ref());
        let approved = self.tables.served(skill, pin).map(|it| ApprovedVersion {
            version: it.version.clone(),
            content_hash: it.content_hash.clone(),
            content_path: it.content_path.clone(),
            folder_hash: it.folder_hash.clone(),
            partial: !self.tables.approves_whole(skill, it),
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
            pinned: pin.cloned(),
            replaces: None,
        }
    }
}

impl BootstrapWrites for MemoryTransaction<'_> {
    fn add_bootstrap(&mut self, bootstrap: &Bootstrap, _: Moment) -> Result<bool> {
        self.change_catalogue().map(|it| it.add_bootstrap(bootstrap))
    }

    fn bind_bootstrap(&mut self, name: &str, hash: &ContentHash) -> Result<()> {
        self.change_catalogue().map(|it| it.bind_bootstrap(name, hash))
    }

    fn disable_bootstrap(&mut self, content_hash: &str, _: Moment) -> Result<Vec<String>> {
        self.change_catalogue().map(|it| it.disable_bootstrap(content_hash))
    }
}
