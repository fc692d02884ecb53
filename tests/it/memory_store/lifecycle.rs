//! Names, events and removal.

use cfn::model::{EventKind, Moment, SkillEvent, SkillId, SkillName};
use cfn::store::{DeletedRows, Erased, Lifecycle, LifecycleWrites, NewEvent, Result, Spelling};

use super::errors::refused;
use super::tables::{Tables, next};
use super::transaction::MemoryTransaction;

impl Lifecycle for MemoryTransaction<'_> {
    fn spellings(&self, name: &SkillName) -> Result<Vec<Spelling>> {
        Ok(self.tables.spellings(name.as_str()))
    }

    fn former_names(&self, skill: SkillId) -> Result<Vec<String>> {
        let of_skill = self.tables.former_names.iter().filter(|it| *it.1 == skill);
        Ok(of_skill.map(|it| it.0.clone()).collect())
    }

    fn events(&self, skill: SkillId) -> Result<Vec<SkillEvent>> {
        let of_skill = self.tables.events.values().rev().filter(|it| it.0 == skill);
        Ok(of_skill.map(|it| it.1.clone()).collect())
    }

    fn events_of_gone(&self, name: &SkillName) -> Result<Vec<SkillEvent>> {
        let gone = self.tables.events.values().rev().filter(|it| !self.tables.skills.contains_key(&it.0));
        Ok(gone.map(|it| it.1.clone()).filter(|it| it.skill == name.as_str()).collect())
    }

    fn refusal(&self, content_hash: &str, skill: Option<SkillId>) -> Result<Option<SkillEvent>> {
        let mut about = self.tables.events.values().rev();
        let latest = about.find(|(of, it)| {
            it.content_hash.as_deref() == Some(content_hash) && (!it.is(EventKind::Accepted) || Some(*of) == skill)
        });
        Ok(latest.map(|it| it.1.clone()).filter(|it| !it.is(EventKind::Accepted)))
    }
}

impl LifecycleWrites for MemoryTransaction<'_> {
    fn record_event(&mut self, event: &NewEvent<'_>) -> Result<()> {
        self.change_catalogue().map(|it| it.record_event(event))
    }

    fn rename_skill(&mut self, skill: SkillId, to: &SkillName, now: Moment) -> Result<()> {
        self.change_catalogue()?.rename_skill(skill, to.as_str(), now)
    }

    fn delete_skill(&mut self, skill: SkillId) -> Result<DeletedRows> {
        self.change_usage()?;
        self.change_catalogue().map(|it| it.delete_skill(skill))
    }

    fn erase_content(&mut self, content_hash: &str) -> Result<Erased> {
        self.change_catalogue().map(|it| it.erase_content(content_hash))
    }
}

impl Tables {
    pub(super) fn spellings(&self, name: &str) -> Vec<Spelling> {
        let present = self.skills.values().map(|it| (&it.skill.name, it));
        let former = self.former_names.iter().filter_map(|(name, skill)| Some((name, self.skills.get(skill)?)));
        let named = present.chain(former).filter(|it| it.0.eq_ignore_ascii_case(name));
        let spelling = |(name, row): (&String, &super::tables::SkillRow)| Spelling {
            name: name.clone(),
            skill: row.skill.id,
            present: row.skill.name.clone(),
        };
        let mut all: Vec<Spelling> = named.map(spelling).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn record_event(&mut self, new: &NewEvent<'_>) {
        let id = next(&mut self.last.event);
        let event = SkillEvent {
            id,
            skill: new.name.to_owned(),
            event: new.event.as_str().to_owned(),
            version: new.version.map(str::to_owned),
            content_hash: new.content_hash.map(str::to_owned),
            detail: new.detail.cloned(),
            actor: new.actor.map(str::to_owned),
            reason: new.reason.map(str::to_owned),
            created_at: Some(new.now.into()),
        };
        self.events.insert(id, (new.skill, event));
    }

    fn rename_skill(&mut self, skill: SkillId, to: &str, now: Moment) -> Result<()> {
        if self.skill_named(to).is_some_and(|it| it.skill.id != skill) {
            return Err(refused("a skill has this name"));
        }
        let Ok(row) = self.skill_mut(skill) else { return Ok(()) };
        if row.name == to {
            return Ok(());
        }
        let old = std::mem::replace(&mut row.name, to.to_owned());
        row.updated_at = Some(now.into());
        self.former_names.remove(to);
        if !self.bootstrap.iter().any(|it| it.bootstrap.name == to) {
            self.bootstrap
                .iter_mut()
                .filter(|it| it.bootstrap.name == old)
                .for_each(|it| it.bootstrap.name = to.into());
        }
        self.former_names.insert(old, skill);
        Ok(())
    }

    fn delete_skill(&mut self, skill: SkillId) -> DeletedRows {
        let hashes: Vec<String> = self
            .versions_of(skill)
            .map(|it| it.content_hash.clone())
            .chain(self.skills.get(&skill).map(|it| it.skill.content_hash.clone()))
            .chain(self.versions_of(skill).filter_map(|it| self.files.get(&it.id)).flatten().map(|it| it.hash.clone()))
            .collect();
        let rows =
            |it: &Self| (it.versions.len(), it.approvals.len(), it.mappings.len(), it.usage.len(), it.contents.len());
        let before = rows(self);
        self.skills.remove(&skill);
        self.versions.retain(|_, it| it.skill != skill);
        self.files.retain(|id, _| self.versions.contains_key(id));
        // The last keys of versions, alone of all, are given again.
        self.last.version = self.versions.keys().next_back().copied().unwrap_or_default();
        self.approvals.retain(|_, it| it.skill != skill);
        self.mappings.retain(|it| it.skill != skill);
        self.usage.retain(|_, it| it.skill != skill);
        self.former_names.retain(|_, it| *it != skill);
        self.edge_cases.retain(|_, (it, _)| it.skill_id != skill);
        self.skills.values_mut().filter(|it| it.replacement == Some(skill)).for_each(|it| it.replacement = None);
        for hash in hashes.iter().filter(|it| !self.is_named(it)).collect::<Vec<_>>() {
            self.contents.remove(hash);
        }
        let after = rows(self);
        DeletedRows {
            versions: before.0 - after.0,
            decisions: before.1 - after.1,
            mappings: before.2 - after.2,
            usage_rows: before.3 - after.3,
            contents: before.4 - after.4,
        }
    }

    /// Whether anything has bytes with this hash.
    fn is_named(&self, hash: &str) -> bool {
        self.versions.values().any(|it| it.record.content_hash == hash)
            || self.files.values().flatten().any(|it| it.hash == hash)
            || self.skills.values().any(|it| it.skill.content_hash == hash)
            || self.bootstrap.iter().any(|it| it.bootstrap.content_hash.as_deref() == Some(hash))
    }

    fn erase_content(&mut self, hash: &str) -> Erased {
        let bytes = self.contents.remove(hash);
        let described = self.versions.values_mut().map(|it| &mut it.record).filter(|it| it.content_hash == hash);
        let front_matters = described.filter_map(|it| it.front_matter.take()).count();
        let decisions = self.approvals.values_mut().map(|it| &mut it.approval);
        let about = decisions.filter(|it| it.content_hash.as_deref() == Some(hash));
        let assessments = about.filter_map(|it| it.risk_assessment.take()).count();
        Erased { size_bytes: bytes.map(|it| it.len() as u64), front_matters, assessments }
    }
}
