//! The skills as a search finds them.

use cfn::model::{Skill, SkillId};
use cfn::store::{Result, Searchable, Searching};

use super::judging::is_active;
use super::transaction::MemoryTransaction;

impl Searching for MemoryTransaction<'_> {
    fn searchable(&self, each: &mut dyn FnMut(Searchable)) -> Result<()> {
        self.tables.skills.values().for_each(|it| each(self.found_by(&it.skill)));
        Ok(())
    }

    fn searchable_skill(&self, skill: SkillId) -> Result<Option<Searchable>> {
        Ok(self.tables.skills.get(&skill).map(|it| self.found_by(&it.skill)))
    }
}

impl MemoryTransaction<'_> {
    fn found_by(&self, skill: &Skill) -> Searchable {
        let served = self.tables.served(skill, skill.pinned_version.as_ref()).filter(|_| is_active(skill));
        let bytes = served.map(|it| (it.version.clone(), it.content_hash.clone()));
        let (version, content_hash) = bytes.unwrap_or_else(|| (skill.version.clone(), skill.content_hash.clone()));
        Searchable {
            id: skill.id,
            name: skill.name.clone(),
            tags: skill.tags.clone(),
            version,
            content_hash,
            served: served.is_some(),
        }
    }
}
