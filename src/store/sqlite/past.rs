//! A transaction's part of the contract about names, events and removal.

use super::transaction::SqliteTransaction;
use super::{events, names, removal};
use crate::model::{Moment, SkillEvent, SkillId, SkillName};
use crate::store::{DeletedRows, Erased, FormerNames, Lifecycle, LifecycleWrites, NewEvent, Result, Spelling};

impl<'a> SqliteTransaction<'a> {
    /// Notes there which former names are used.
    pub(super) fn noting(mut self, former: &'a FormerNames) -> Self {
        self.former = Some(former);
        self
    }

    /// Notes that a skill was asked for by this name.
    pub(super) fn note(&self, asked: &SkillName, present: &str) {
        if let Some(former) = self.former.filter(|_| asked.as_str() != present) {
            former.note(asked.as_str(), present);
        }
    }
}

impl Lifecycle for SqliteTransaction<'_> {
    fn spellings(&self, name: &SkillName) -> Result<Vec<Spelling>> {
        self.say(names::spellings(&self.inner, name.as_str()))
    }

    fn former_names(&self, skill: SkillId) -> Result<Vec<String>> {
        self.say(names::former(&self.inner, skill))
    }

    fn events(&self, skill: SkillId) -> Result<Vec<SkillEvent>> {
        self.say(events::of(&self.inner, skill))
    }

    fn events_of_gone(&self, name: &SkillName) -> Result<Vec<SkillEvent>> {
        self.say(events::of_gone(&self.inner, name))
    }

    fn refusal(&self, content_hash: &str, skill: Option<SkillId>) -> Result<Option<SkillEvent>> {
        self.say(events::refusal(&self.inner, content_hash, skill))
    }
}

impl LifecycleWrites for SqliteTransaction<'_> {
    fn record_event(&mut self, event: &NewEvent<'_>) -> Result<()> {
        self.say(events::record(&self.inner, event))
    }

    fn rename_skill(&mut self, skill: SkillId, to: &SkillName, now: Moment) -> Result<()> {
        self.say(names::rename(&self.inner, skill, to.as_str(), now))
    }

    fn delete_skill(&mut self, skill: SkillId) -> Result<DeletedRows> {
        self.sums.take();
        self.say(removal::delete_skill(&self.inner, skill))
    }

    fn erase_content(&mut self, content_hash: &str) -> Result<Erased> {
        self.say(removal::erase(&self.inner, content_hash))
    }
}
