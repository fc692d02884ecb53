//! A transaction's part of the contract about writes to skills, versions, decisions and mappings.

use super::transaction::SqliteTransaction;
use super::{approvals, contents, mappings, skills, versions};
use crate::model::{AgentType, ContentHash, SkillFolder, SkillId, StoredJson};
use crate::store::{CatalogueWrites, NewApproval, NewMapping, NewSkill, NewVersion, Result, SkillChange};

impl CatalogueWrites for SqliteTransaction<'_> {
    fn insert_skill(&mut self, skill: &NewSkill<'_>, version: &NewVersion<'_>) -> Result<SkillId> {
        let id = self.say(skills::insert(&self.inner, skill, version))?;
        self.say(versions::complete(&self.inner, id, version))?;
        Ok(id)
    }

    fn update_skill(&mut self, skill: SkillId, change: &SkillChange<'_>) -> Result<()> {
        self.say(skills::update(&self.inner, skill, change))
    }

    fn record_version(&mut self, skill: SkillId, version: &NewVersion<'_>) -> Result<()> {
        self.say(versions::record(&self.inner, skill, version))?;
        self.say(skills::set_version(&self.inner, skill, version))
    }

    fn attach_folder(&mut self, version_id: i64, folder: &SkillFolder) -> Result<()> {
        self.say(versions::attach(&self.inner, version_id, folder))
    }

    fn describe_version(&mut self, version_id: i64, front_matter: Option<&StoredJson>) -> Result<()> {
        self.say(versions::describe(&self.inner, version_id, front_matter))
    }

    fn store_content(&mut self, hash: &ContentHash, bytes: &[u8]) -> Result<()> {
        self.say(contents::store(&self.inner, hash, bytes))
    }

    fn record_approval(&mut self, skill: SkillId, approval: &NewApproval<'_>) -> Result<()> {
        self.say(approvals::record(&self.inner, skill, approval))
    }

    fn add_mapping(&mut self, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()> {
        self.say(mappings::add(&self.inner, skill, mapping))
    }

    fn change_mapping(&mut self, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()> {
        self.say(mappings::set(&self.inner, skill, mapping))
    }

    fn remove_mapping(&mut self, skill: SkillId, agent_type: &AgentType) -> Result<bool> {
        self.say(mappings::remove(&self.inner, skill, agent_type))
    }
}
